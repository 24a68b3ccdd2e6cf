package session_test

import (
	"net/http/httptest"
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
	if allow(session.New(h.DB, h.Clock, false)) {
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
