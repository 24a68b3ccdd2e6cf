package session_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mandat/internal/session"
)

// What one address does of one kind does not use up what it may do of another: pages asked for without a cookie, and
// refusals that are noted, never keep a house full of aidants from signing in.
func TestLimits_AreApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	for range 310 {
		h.Clock.Advance(-time.Second) // nothing of the allowances comes back, however slow the machine
		if got, err := at(t, h.sessions.Aidant, nil); got != nil || err != nil {
			t.Fatal(got, err)
		}
		if err := h.sessions.Note(t.Context(), request(t, nil), "sign_in.used"); err != nil {
			t.Fatal(err)
		}
	}
	allow := func(s *session.Sessions) bool {
		ok, err := s.Allow(request(t, nil))
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !allow(h.sessions) {
		t.Error("a sign-in is refused because of pages and refusals")
	}
	w := httptest.NewRecorder()
	if passed, err := h.sessions.Aidant(w, request(t, nil)); passed != nil || err != nil || len(w.Result().Cookies()) != 0 {
		t.Errorf("sessions without end: %v, %v", passed, err)
	}
	for range 310 {
		h.Clock.Advance(-time.Second)
		allow(h.sessions)
	}
	if allow(h.sessions) {
		t.Error("sign-ins without end")
	}
	if allow(session.New(h.DB, h.Keys, h.Clock, false)) {
		t.Error("another server counts anew")
	}
	var sessions, notes int
	if err := h.conn.QueryRow(t.Context(), `select (select count(*) from session), (select count(*) from security_event)`).Scan(&sessions, &notes); err != nil {
		t.Fatal(err)
	}
	if sessions >= 310 || notes >= 310 || notes < 100 {
		t.Errorf("%d sessions, %d lines of the security log", sessions, notes)
	}
}

// A stranger behind the same address uses up what the network may do, and keeps nobody from signing in in a browser that they used before. Such
// a browser has so much and no more, and one that nobody used has nothing, whatever it says it is.
func TestLimits_KnownBrowsersHaveTheirOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	with := func(secret string) *http.Request {
		r := request(t, nil)
		r.AddCookie(&http.Cookie{Name: "appareil", Value: secret})
		return r
	}
	known, stranger := with(strings.Repeat("a", 43)), with(strings.Repeat("b", 43))
	h.open(t, h.Jeanne, session.SignedIn{Person: h.Jeanne.Person, Role: session.Aidant, Places: []session.Place{{Organisation: h.Here, Role: session.Aidant}},
		Method: session.ByPasskey, FactorKind: session.FactorPasskey, Device: h.sessions.Device(known)})
	allow := func(r *http.Request) bool {
		ok, err := h.sessions.Allow(r)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	spend := func(r *http.Request, least, most int) {
		t.Helper()
		n := 0
		for n < most && allow(r) {
			n++
			h.Clock.Advance(-10 * time.Millisecond) // little of the allowance comes back, however slow the machine
		}
		if n < least || n == most {
			t.Errorf("%d starts", n)
		}
	}
	spend(request(t, nil), 200, 3000)
	if allow(stranger) {
		t.Error("a browser that nobody used has more than its network")
	}
	spend(known, 15, 200)
}
