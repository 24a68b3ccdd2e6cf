package session_test

import (
	"errors"
	"testing"
	"time"

	"mandat/internal/db"
	"mandat/internal/session"
)

// A session that is asked for from elsewhere, by its id, is who it is and no longer than it is: the asking does not lengthen it.
func TestStill(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	cookie := h.signIn(t, h.Jeanne, session.Aidant)
	signedIn, err := at(t, h.sessions.Aidant, cookie)
	if err != nil {
		t.Fatal(err)
	}
	h.Clock.Advance(session.Idle - time.Minute)
	found, err := h.sessions.Still(t.Context(), signedIn.Hash)
	if err != nil || found.Person != h.Jeanne.Person || string(found.Hash) != string(signedIn.Hash) {
		t.Fatalf("found %v, %v", found, err)
	}
	h.Clock.Advance(2 * time.Minute)
	if _, err := h.sessions.Still(t.Context(), signedIn.Hash); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("an idle session is there: %v", err)
	}
	other, err := at(t, h.sessions.Aidant, h.signIn(t, h.Jeanne, session.Aidant))
	if err != nil {
		t.Fatal(err)
	}
	h.exec(t, `update membership set suspended_at = now() where person_id = $1`, h.Jeanne.Person)
	for _, id := range [][]byte{other.Hash, make([]byte, 32), nil} {
		if _, err := h.sessions.Still(t.Context(), id); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%x is there: %v", id, err)
		}
	}
}
