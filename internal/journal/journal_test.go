package journal

import (
	"context"
	"testing"
	"time"

	"mandat/internal/dbtest"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/token"
)

// house is a database with a journal and an integrator that a test moves by hand.
type house struct {
	*dbtest.Database
	journal *Journal
	in      *tree.Integrator
}

func newHouse(t testing.TB) *house {
	t.Helper()
	d := dbtest.New(t)
	return &house{d, New(d.DB, nil), treetest.Integrator(t, tree.IntegratorOptions{DB: d.DB})}
}

// acts records acts without consequences.
func (h *house) acts(t testing.TB, n int) {
	t.Helper()
	for range n {
		by := Actor{Kind: Aidant, Person: token.ID(), Organisation: token.ID()}
		err := h.journal.Record(t.Context(), by, func(*Tx) (Event, error) {
			return Event{Action: "session.opened", Citizen: token.ID(), Mandate: token.ID(), Detail: map[string]any{"note": "é \" \n", "n": 3}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (h *house) catchUp(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := h.in.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
}
