package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/session"
)

// What changes all sessions of a browser waits for nobody who waits for it: two tabs on two organisations are renewed, stepped up, sent
// elsewhere and ended at once, and each is done or refused.
func TestLock_NobodyWaitsForEver(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	_, here, elsewhere := h.both(t)
	acts := []func(*session.Session, *http.Request) error{
		func(at *session.Session, r *http.Request) error {
			return h.sessions.Renew(httptest.NewRecorder(), r, at)
		},
		func(at *session.Session, r *http.Request) error {
			return h.sessions.ComeBack(r.Context(), at, "/espace")
		},
		func(at *session.Session, r *http.Request) error {
			return h.Journal.Record(r.Context(), at.Actor(), func(tx *journal.Tx) (journal.Event, error) {
				_, err := h.sessions.StepUp(r.Context(), tx, at, session.Factor{Kind: session.FactorApp, At: tx.Now})
				return journal.Event{Action: "session.stepped_up"}, err
			})
		},
		func(at *session.Session, r *http.Request) error {
			return h.Journal.Record(r.Context(), at.Actor(), func(tx *journal.Tx) (journal.Event, error) {
				return journal.Event{Action: "session.closed"}, session.EndIn(r.Context(), tx, at.Person, at.Organisation)
			})
		},
	}
	for range 12 {
		for i := range acts {
			cookie, _, _ := h.again(t)
			var tabs []*session.Session
			var requests []*http.Request
			for guard, under := range map[*page.Guard]uuid.UUID{new(page.Guard(h.sessions.Aidant)): here, new(page.Guard(h.sessions.Referent)): elsewhere} {
				at, r, _ := visit(t, *guard, cookie, under)
				tabs, requests = append(tabs, at), append(requests, r)
			}
			var wait sync.WaitGroup
			for n := range tabs {
				for _, act := range []int{0, i} {
					at, r := *tabs[n], requests[n].Clone(t.Context()) // each request has its own
					wait.Go(func() {
						if err := acts[act](&at, r); err != nil && !errors.Is(err, db.ErrConflict) {
							t.Errorf("act %d beside act %d: %v", act, i, err)
						}
					})
				}
			}
			wait.Wait()
		}
	}
}
