package app_test

import (
	"net/http"
	"strings"
	"testing"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/twin"
	"mandat/internal/walk"
)

// ProConnect fails at each of its endpoints: the page says so, somebody who is signed in works on, and the next try works.
func TestBreakdown_ProConnect(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Failing = "ProConnect fails, which is logged" })
	paul := site.Walker(t, site.Paul)
	for _, endpoint := range []string{"token", "userinfo"} {
		clear := site.Fault(t, twin.Fault{Role: twin.ProConnect, Endpoint: endpoint, Status: http.StatusServiceUnavailable})
		jeanne := site.Browser(t)
		must(t, jeanne.SignIn(site.Login(site.Jeanne)))
		if jeanne.Status() != http.StatusServiceUnavailable && jeanne.Status() != http.StatusBadGateway || jeanne.URL().Host != siteHost(site) {
			t.Errorf("%s: %d at %s: %s", endpoint, jeanne.Status(), jeanne.URL().Host, jeanne.H1())
		}
		must(t, jeanne.Get(site.URL+"/espace"))
		must(t, jeanne.At("/connexion"))
		_, err := paul.Terms("31", fixture.Tax)
		must(t, err)
		clear()
		must(t, jeanne.ToProConnect()) // which still knows her
		must(t, jeanne.At("/espace"))
	}
	clear := site.Fault(t, twin.Fault{Role: twin.ProConnect, Endpoint: "token", DelayMS: 1500})
	slow := site.Browser(t)
	must(t, slow.SignIn(site.Login(site.Jeanne)))
	must(t, slow.At("/espace"))
	clear()
}

func siteHost(site *apptest.Site) string { return site.URL[len("http://"):] }

// FranceConnect fails while a citizen identifies: the draft stays as it was, its page says what to do, and the next try
// works.
func TestBreakdown_FranceConnectWhileIdentifying(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	jeanne := site.Walker(t, site.Jeanne)
	draft, err := jeanne.Terms("182", fixture.Tax, fixture.Housing)
	must(t, err)
	for _, endpoint := range []string{"token", "userinfo"} {
		clear := site.Fault(t, twin.Fault{Role: twin.FranceConnect, Endpoint: endpoint, Status: http.StatusServiceUnavailable})
		must(t, jeanne.Identify(draft, "test"))
		must(t, jeanne.At("/brouillons/"+draft.String()+"/identite"))
		must(t, jeanne.Says("FranceConnect"))
		if !strings.Contains(site.Log.String(), `"level":"WARN","msg":"identify"`) || !strings.Contains(site.Log.String(), endpoint+": ") {
			t.Errorf("%s failed, and the log does not say so", endpoint)
		}
		clear()
		must(t, jeanne.Get(site.URL+"/brouillons/"+draft.String()))
		for _, name := range []string{fixture.Tax, fixture.Housing} {
			if !checked(jeanne, "procedures", name) {
				t.Errorf("after %s failed, %s is no longer in the draft", endpoint, name)
			}
		}
	}
	clear := site.Fault(t, twin.Fault{Role: twin.FranceConnect, Endpoint: "userinfo", DelayMS: 1500})
	must(t, jeanne.Identify(draft, "test"))
	clear()
	must(t, jeanne.At("/brouillons/"+draft.String()+"/recapitulatif"))
	_, err = jeanne.Sign()
	must(t, err)
}

// The stand-ins end altogether: who is signed in works on, what needs them says so, and a server starts without them.
func TestBreakdown_NobodyAnswers(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Alone, o.Failing = true, "ProConnect does not answer, which is logged" })
	jeanne := site.Visit(t, site.Jeanne)
	if a := jeanne.Get("/espace"); a.Status != http.StatusOK {
		t.Errorf("the space: %d", a.Status)
	}
	if a := site.Stranger(t).Post("/connexion/proconnect"); a.Status != http.StatusServiceUnavailable || a.At.Path != "" {
		t.Errorf("sign-in without ProConnect: %d", a.Status)
	}
	d, err := site.Drafts.Start(t.Context(), jeanne.By, fixture.Terms(fixture.Tax))
	must(t, err)
	path := "/brouillons/" + d.ID.String() + "/identite"
	if a := jeanne.Post(path); a.Status != http.StatusSeeOther || a.At.Path != path {
		t.Errorf("identification without FranceConnect: %d to %s", a.Status, a.At)
	}
	if a := jeanne.Get(path); a.Status != http.StatusOK {
		t.Errorf("the draft: %d", a.Status)
	}
	m := site.Sign(t, jeanne.By, fixture.Angela(), fixture.Tax)
	access := site.Token(t, jeanne.MustCode(m.Citizen, fixture.Tax))
	if a, err := site.UserInfo(t.Context(), access); err != nil || a.Status != http.StatusOK {
		t.Errorf("a use: %d, %v", a.Status, err)
	}
	if a := jeanne.Post("/mandats/"+m.ID.String()+"/fin", "reason", "citizen"); a.Status != http.StatusSeeOther {
		t.Errorf("the end of a mandate: %d", a.Status)
	}
	if a := jeanne.Post("/deconnexion"); a.Status != http.StatusSeeOther {
		t.Errorf("sign-out: %d", a.Status)
	}
	if a := jeanne.Get("/espace"); a.At.Path != "/connexion" {
		t.Errorf("still signed in: %d", a.Status)
	}
}

// checked says whether the page has a ticked box.
func checked(w *walk.Walker, name, value string) bool {
	for n := range w.Document().Descendants() {
		attrs := map[string]string{}
		for _, a := range n.Attr {
			attrs[a.Key] = a.Val
		}
		if _, ticked := attrs["checked"]; ticked && attrs["name"] == name && attrs["value"] == value {
			return true
		}
	}
	return false
}
