package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mandat/internal/apptest"
	"mandat/internal/dbtest"
	"mandat/internal/fixture"
)

// PostgreSQL goes and comes back. In between every page says what happened and when to come back, clients are told in
// their protocol, and the program stays; afterwards it goes on by itself, and nothing that was recorded is lost.
func TestOutage_OfTheDatabase(t *testing.T) {
	t.Parallel()
	p := apptest.Prepare(t, dbtest.NewDurable(t))
	p.Run(t)
	v := p.Visit(t, fresh(p.Site, p.Jeanne))
	m := p.Sign(t, v.By, fixture.Angela(), fixture.Tax)
	code, unused := v.MustCode(m.Citizen, fixture.Tax), v.MustCode(m.Citizen, fixture.Tax)
	access := p.Token(t, code)
	p.Cluster.Kill()

	nobody := p.Stranger(t)
	for path, who := range map[string]*apptest.Visitor{"/mandats/" + m.ID.String(): v, "/mandats/nouveau": v, "/v/" + strings.Repeat("A", 22): nobody} {
		a := who.Get(path)
		if a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || !strings.Contains(a.Body, "est en sûreté") {
			t.Errorf("%s: %d, Retry-After %q", path, a.Status, a.Header.Get("Retry-After"))
		}
	}
	for name, who := range map[string]*apptest.Visitor{"signed in": v, "a stranger": nobody} {
		a := who.Get(apptest.Request())
		if q := a.At.Query(); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.At.String(), apptest.ClientCallback) || q.Get("error") != "temporarily_unavailable" ||
			q.Get("state") != apptest.ClientState || q.Get("iss") == "" {
			t.Errorf("authorize, %s: %d, to %s", name, a.Status, a.At)
		}
	}
	if a := v.Get(apptest.Request("redirect_uri", "https://elsewhere.exemple.invalid/")); a.At.Host != "" || a.Status != http.StatusServiceUnavailable {
		t.Errorf("authorize for another address: %d, to %s", a.Status, a.At)
	}
	for name, id := range map[string]string{"that waits": apptest.ClientID, "that waits, of a client of the database": "01939b1c-7c5e-7000-8000-000000000001"} {
		a := v.Get("/idp/authorize?" + url.Values{"client_id": {id}, "request_uri": {"urn:ietf:params:oauth:request_uri:" + strings.Repeat("A", 43)}, "redirect_uri": {apptest.ClientCallback}}.Encode())
		if a.At.Host != "" || a.Status != http.StatusServiceUnavailable {
			t.Errorf("authorize with a request %s: %d, to %s", name, a.Status, a.At)
		}
	}
	if a := v.Get(apptest.Request("client_id", "01939b1c-7c5e-7000-8000-000000000001")); a.At.Host != "" || a.Status != http.StatusServiceUnavailable {
		t.Errorf("authorize by a client that is registered in the database: %d, to %s", a.Status, a.At)
	}
	redeemed, err := p.Redeem(t.Context(), unused)
	must(t, err)
	info, err := p.UserInfo(t.Context(), access)
	must(t, err)
	for name, a := range map[string]apptest.Answer{"token": redeemed, "userinfo": info} {
		if a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || a.JSON(t)["error"] != "temporarily_unavailable" {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	if a := nobody.Get("/"); a.Status != http.StatusOK {
		t.Errorf("a page that needs no database: %d", a.Status)
	}

	must(t, p.Cluster.Restart(t.Context()))
	p.Reopen(t)
	eventually(t, "the server finds the database again", func() bool { return nobody.Get("/readyz").Status == http.StatusOK })
	eventually(t, "the aidant's pages are back", func() bool { return v.Get("/mandats/"+m.ID.String()).Status == http.StatusOK })
	eventually(t, "the mandate can be used again", func() bool { // at once, but for connections that nobody has tried since
		again, err := v.Code(t.Context(), m.Citizen, fixture.Tax)
		if err != nil {
			return false
		}
		a, err := p.UserInfo(t.Context(), p.Token(t, again))
		must(t, err)
		return a.Status == http.StatusOK
	})
	p.Sound(t)
	if log := p.Log.String(); strings.Contains(log, `"status":500`) {
		t.Errorf("an outage is no fault of the program:\n%s", log)
	}
}
