package idp_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/session"
)

// stepUp gives the second factor on the page that asks for it, and returns where it leads back.
func (v *visitor) stepUp() string {
	v.t.Helper()
	s := v.site
	r := httptest.NewRequestWithContext(v.t.Context(), http.MethodGet, session.ConfirmPath, nil)
	r.AddCookie(&http.Cookie{Name: "mandat", Value: v.cookie})
	passed, err := s.sessions.Account(httptest.NewRecorder(), r)
	if err != nil || passed == nil {
		v.t.Fatal("not signed in", err)
	}
	at := session.From(passed.Context())
	err = s.Journal.Record(v.t.Context(), at.Actor(), func(tx *journal.Tx) (journal.Event, error) {
		opened, err := s.sessions.StepUp(v.t.Context(), tx, at, session.Factor{Kind: session.FactorApp, At: tx.Now})
		v.cookie = opened.Secret()
		return journal.Event{Action: "session.stepped_up"}, err
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return at.ReturnPath
}

// With prompt=login a second factor counts for the citizen it was given for, for a quarter of an hour, and for nobody else.
func TestFactor_IsGivenForACitizen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, angela := s.angela(t)
	camille := s.Sign(t, s.Jeanne, fixture.Citizen(1), fixture.Tax)
	take := func(path string, citizen uuid.UUID) {
		t.Helper()
		if a := v.post(path+"/usager", url.Values{"usager": {citizen.String()}}); a.at().Path != path+"/demarche" {
			t.Fatalf("choose: %d %s", a.StatusCode, a.body)
		}
	}
	issued := func(path string) bool {
		t.Helper()
		a := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}})
		if !a.at().Query().Has("code") && (a.StatusCode != http.StatusConflict || !strings.Contains(a.body, path+"/confirmation")) {
			t.Errorf("neither a code nor a question: %d %s %s", a.StatusCode, a.at(), a.body)
		}
		return a.at().Query().Has("code")
	}
	path := v.begin()
	take(path, angela.Citizen)
	if issued(path) {
		t.Error("the factor of the sign-in counted for a citizen")
	}
	if a := v.get(path + "/demarche"); !strings.Contains(a.body, "Angela Claire Louise DUBOIS") || strings.Contains(a.body, `name="demarche"`) {
		t.Errorf("the page that asks: %s", a.body)
	}
	if a := v.post(path+"/confirmation", url.Values{"demarche": {fixture.Tax}}); a.at().Path != session.ConfirmPath {
		t.Fatalf("confirm: %d %s", a.StatusCode, a.at())
	}
	back := v.stepUp()
	if back != path+"/demarche?choix="+fixture.Tax {
		t.Errorf("back to %s", back)
	}
	if a := v.get(back); !strings.Contains(a.body, `value="`+fixture.Tax+`" checked`) {
		t.Error("what was chosen is lost")
	}
	if !issued(path) {
		t.Error("a factor given for this citizen does not count")
	}
	again := v.begin()
	take(again, angela.Citizen)
	if !issued(again) {
		t.Error("the same citizen is asked for again")
	}
	other := v.begin()
	take(other, camille.Citizen)
	if issued(other) {
		t.Error("a factor given for another citizen counted")
	}
	s.Clock.Advance(15*time.Minute + time.Second)
	late := v.begin()
	take(late, angela.Citizen)
	if issued(late) {
		t.Error("a factor of more than a quarter of an hour counted")
	}
	if n := len(s.entries(t)); n != 0 {
		t.Errorf("%d entries: to be asked is no refusal", n)
	}
}
