package app_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/procedure"
	"mandat/internal/walk"
)

// enteredLate is what an aidant enters; all of it but what the citizen declares is there again after a sign-in.
func enteredLate() url.Values {
	return url.Values{"procedures": {fixture.Tax, "argent-surendettement"}, "warned": {"argent-surendettement"}, "case-" + fixture.Tax: {"Avis 2025"}, "days": {"182"}, "quiet": {"on"}, "informed": {"on"}, "no_protection": {"on"}}
}

var (
	lateStays = []string{`value="` + fixture.Tax + `" checked`, `value="argent-surendettement" checked`, `value="Avis 2025"`, `value="182" checked`, `name="quiet" value="on" checked`}
	lateGoes  = []string{`name="warned" value="argent-surendettement" checked`, `name="informed" value="on" checked`, `name="no_protection" value="on" checked`}
)

// Terms and a document that were entered when the session had ended come back to who entered them, once they have signed in; nothing is begun, or identified, by itself.
// A recap says where it stands, and keeps nothing: it has to be identified again.
func TestLate_AtTheCounter(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Before = withoutJobs(t) })
	jeanne := site.Walker(t, site.Jeanne)
	must(t, jeanne.Get(site.URL+"/mandats/nouveau"))
	site.Clock.Advance(31 * time.Minute)
	must(t, jeanne.Press("Continuer", enteredLate()))
	saysLate(t, jeanne, "Votre session a pris fin", "Votre saisie est gardée une demi-heure")
	returns(t, site, jeanne, "/mandats/nouveau", lateStays, lateGoes)
	if n := site.Number(t, `select count(*) from mandate_draft`); n != 0 {
		t.Fatalf("%d drafts are begun", n)
	}
	must(t, jeanne.Press("Continuer", url.Values{"warned": {"argent-surendettement"}, "informed": {"on"}, "no_protection": {"on"}}))
	draft, err := jeanne.Terms("31", lowest(t))
	must(t, err)

	paper := site.URL + "/brouillons/" + draft.String() + "/identite/piece"
	must(t, jeanne.Get(paper))
	site.Clock.Advance(31 * time.Minute)
	must(t, jeanne.Press("C’est bien cette personne", url.Values{"document": {"passport"}, "family_name": {"DUBOIS"}, "birth_year": {"1962"}}))
	saysLate(t, jeanne, "Votre saisie est gardée une demi-heure")
	returns(t, site, jeanne, "/identite/piece", []string{`value="passport" checked`, `value="DUBOIS"`, `value="1962"`}, nil)
	if n := site.Number(t, `select count(*) from mandate_draft where identity is not null`); n != 0 {
		t.Fatal("somebody is identified")
	}

	signed, err := jeanne.Terms("31", fixture.Tax)
	must(t, err)
	must(t, jeanne.Identify(signed, "test"))
	form := jeanne.Agreed()
	site.Clock.Advance(31 * time.Minute)
	must(t, jeanne.Press(walk.ConfirmSignature, form))
	saysLate(t, jeanne, "n’a pas été gardée", "elle sera à identifier de nouveau")
	if n := site.Number(t, `select count(*) from session where kept_form is not null and person_id is null`); n != 0 {
		t.Errorf("%d recaps wait", n)
	}
	returns(t, site, jeanne, "/recapitulatif", nil, []string{`name="agreed" value="on" checked`})
	if n := site.Number(t, `select count(*) from mandate`); n != 0 {
		t.Fatalf("%d are signed", n)
	}
}

// lowest is a procedure for which the organisation may know somebody.
func lowest(t *testing.T) string {
	t.Helper()
	catalogue, err := procedure.Load()
	must(t, err)
	for _, theme := range catalogue.Themes() {
		for _, x := range theme.Procedures {
			if x.Identity == procedure.Known && x.Warning == nil {
				return x.Key
			}
		}
	}
	t.Fatal("there is none")
	return ""
}

func saysLate(t *testing.T, w *walk.Walker, words ...string) {
	t.Helper()
	must(t, w.At("/connexion"))
	for _, x := range words {
		must(t, w.Says(x))
	}
}

// returns signs Jeanne in again where her session has ended, and looks at the page that she comes back to.
func returns(t *testing.T, site *apptest.Site, w *walk.Walker, path string, stays, goes []string) {
	t.Helper()
	must(t, w.ToProConnect())
	if login := "login=" + site.Login(site.Jeanne); w.HasButton(login) { // ProConnect may know her still
		must(t, w.Press(login, nil))
	}
	if !strings.HasSuffix(w.URL().Path, path) {
		t.Fatalf("at %s, not %s", w.URL().Path, path)
	}
	for _, x := range stays {
		if !strings.Contains(string(w.Body()), x) {
			t.Errorf("%s: %s is lost", path, x)
		}
	}
	for _, x := range goes {
		if strings.Contains(string(w.Body()), x) {
			t.Errorf("%s: %s is there", path, x)
		}
	}
}
