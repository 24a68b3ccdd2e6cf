package session_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/session"
)

// A page from which a guard sends somebody to sign in is for who signed in last with the browser, and for anybody if nobody did. What a handler sends
// somebody to sign in for is for anybody.
func TestOnward(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	device := &http.Cookie{Name: "appareil", Value: "the-secret-of-a-device-which-is-43-letters-"}
	signIn := func(by journal.Actor) {
		t.Helper()
		h.Clock.Advance(time.Minute)
		r := request(t, device)
		r.RemoteAddr = "192.0.2.1:1"
		h.open(t, by, session.SignedIn{Person: by.Person, Places: []session.Place{{Organisation: by.Organisation, Role: session.Aidant}}, Method: session.ByPasskey,
			FactorKind: session.FactorPasskey, Device: h.sessions.Device(r)})
	}
	const path = "/espace?x=1"
	wanted := func(send func(http.ResponseWriter, *http.Request) error) map[uuid.UUID]string {
		t.Helper()
		w := httptest.NewRecorder()
		if err := send(w, request(t, device)); err != nil || w.Header().Get("Location") != session.SignInPath {
			t.Fatal(w.Header(), err)
		}
		passed, err := h.sessions.Browser(httptest.NewRecorder(), request(t, w.Result().Cookies()[0]))
		if err != nil {
			t.Fatal(err)
		}
		at := session.Browser(passed.Context())
		return map[uuid.UUID]string{h.Jeanne.Person: at.Onward(h.Jeanne.Person), h.Paul.Person: at.Onward(h.Paul.Person)}
	}
	guard := func(w http.ResponseWriter, r *http.Request) error {
		_, err := h.sessions.Aidant(w, r)
		return err
	}
	handler := func(w http.ResponseWriter, r *http.Request) error { return h.sessions.SendToSignIn(w, r, path) }
	for _, step := range []struct {
		name         string
		signsIn      *journal.Actor
		send         func(http.ResponseWriter, *http.Request) error
		jeanne, paul string
	}{
		{"nobody was here", nil, guard, path, path},
		{"jeanne was", &h.Jeanne, guard, path, ""},
		{"a handler asks", nil, handler, path, path},
		{"then paul was", &h.Paul, guard, "", path},
	} {
		if step.signsIn != nil {
			signIn(*step.signsIn)
		}
		if got := wanted(step.send); got[h.Jeanne.Person] != step.jeanne || got[h.Paul.Person] != step.paul {
			t.Errorf("%s: jeanne to %q, paul to %q", step.name, got[h.Jeanne.Person], got[h.Paul.Person])
		}
	}
}
