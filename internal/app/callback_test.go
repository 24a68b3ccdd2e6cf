package app_test

import (
	"net/http"
	"strings"
	"testing"

	"mandat/internal/apptest"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/walk"
)

// FranceConnect's answer is opened twice at the same instant (a double click, a second tab, a reload): one is followed,
// the other is told that it came again, and the draft is as after one.
func TestCallback_OpenedTwice(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	jeanne := site.Walker(t, site.Jeanne)
	drawn, err := jeanne.Terms("31", fixture.Tax)
	must(t, err)
	must(t, jeanne.ToFranceConnect(drawn))
	must(t, jeanne.Press("login=test", nil))
	jeanne.StopAt(site.URL + "/connexion/franceconnect/retour")
	must(t, jeanne.Press("continue=1", nil))
	if !jeanne.Stopped() {
		t.Fatalf("not sent back: at %s", jeanne.URL().Path)
	}
	v := site.Stranger(t)
	v.Cookie = cookie(t, jeanne)
	answers := atOnce(t, 2, func(int) (apptest.Answer, error) {
		return v.Do(t.Context(), http.MethodGet, jeanne.URL().RequestURI(), nil)
	})
	if with(answers, http.StatusSeeOther) != 1 || with(answers, http.StatusBadRequest) != 1 {
		t.Errorf("answers %d and %d", answers[0].Status, answers[1].Status)
	}
	for _, a := range answers {
		if a.Status == http.StatusBadRequest && !strings.Contains(a.Body, "<h1") {
			t.Error("the second is shown no page")
		}
	}
	if n := site.Number(t, `select count(*) from journal_entry where action = 'draft.identified'`); n != 1 {
		t.Errorf("%d identifications", n)
	}
	if a := v.Get("/brouillons/" + drawn.String() + "/recapitulatif"); a.Status != http.StatusOK || !strings.Contains(a.Body, "DUBOIS") {
		t.Errorf("the recap: %d", a.Status)
	}
	if n := site.Number(t, `select count(*) from mandate_draft where id = $1 and state = $2`, drawn, draft.Identified); n != 1 {
		t.Error("the draft is not identified")
	}
}

// The same for ProConnect: one sign-in, and whoever has the used address gets no session with it.
func TestCallback_OfProConnectOpenedTwice(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	jeanne := site.Browser(t)
	must(t, jeanne.ToProConnect())
	jeanne.StopAt(site.URL + "/connexion/proconnect/retour")
	must(t, jeanne.Press("login="+site.Login(site.Jeanne), nil))
	back := jeanne.URL().RequestURI()
	v := site.Stranger(t)
	v.Cookie = cookie(t, jeanne)
	answers := atOnce(t, 2, func(int) (apptest.Answer, error) { return v.Do(t.Context(), http.MethodGet, back, nil) })
	if with(answers, http.StatusSeeOther) != 1 || with(answers, http.StatusBadRequest) != 1 {
		t.Errorf("answers %d and %d", answers[0].Status, answers[1].Status)
	}
	if a := site.Stranger(t).Get(back); a.Status != http.StatusBadRequest {
		t.Errorf("a stranger with the used address: %d", a.Status)
	}
	if n := site.Number(t, `select count(*) from session where person_id = $1`, site.Jeanne.Person); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// cookie is the session of a browser that shows a page of ours.
func cookie(t testing.TB, w *walk.Walker) string {
	t.Helper()
	value, ok := w.Cookie("mandat")
	if !ok {
		t.Fatal("the browser has no session")
	}
	return value
}
