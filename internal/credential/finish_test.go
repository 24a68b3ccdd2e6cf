package credential_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Whichever factor somebody adds, no link leads them any more to where a first one is added, nor is one written: else it would come back to life once
// there is none again.
func TestAdd_EndsTheLinksThatLedThere(t *testing.T) {
	t.Parallel()
	for kind, add := range map[string]func(*testing.T, *world, journal.Actor){
		"passkey": func(t *testing.T, w *world, by journal.Actor) { w.enrol(t, by, newKey(t), "clé") },
		"application": func(t *testing.T, w *world, by journal.Actor) {
			app, err := w.factors.StartApp(t.Context(), by)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.factors.ConfirmApp(t.Context(), by, shown(t, app.Key, 30, w.Clock.Now()), home); err != nil {
				t.Fatal(err)
			}
		},
		"card": func(t *testing.T, w *world, by journal.Actor) {
			card := w.cards(t, 1)
			w.settle(time.Minute)
			if _, err := w.factors.AddCard(t.Context(), by, "GADT0001", card("GADT0001", w.Clock.Now()), "", home); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			by := w.newcomer(t, "amel")
			id, link := w.done(t, by.Person)
			if !slices.Contains(w.finished, by.Person) {
				t.Error("the reset left the link by which they came")
			}
			w.finished = nil
			if _, err := w.factors.ReadReset(t.Context(), link); err != nil {
				t.Fatal(err)
			}
			add(t, w, by)
			if !slices.Contains(w.finished, by.Person) {
				t.Error("the link by which they came is left")
			}
			if _, err := w.factors.ReadReset(t.Context(), link); !errors.Is(err, db.ErrNotFound) {
				t.Errorf("the link of the reset: %v", err)
			}
			if _, err := w.factors.WriteReset(t.Context(), id); !errors.Is(err, db.ErrConflict) {
				t.Errorf("another one: %v", err)
			}
			w.sound(t)
		})
	}
}
