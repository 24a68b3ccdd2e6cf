package inquiry_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/mandate"
	"mandat/internal/notify"
	"mandat/internal/org"
)

// world has three auditors, a referent, and a mandate whose signature stands in the log.
type world struct {
	*fixture.World
	register         *inquiry.Register
	in               *tree.Integrator
	signer           *tree.Signer
	keys             *format.Keys
	sofia, alma, tom journal.Actor
	odile, irene     journal.Actor // referents of Here and of Elsewhere
	m                mandate.Mandate
	signed           int64 // the index of its signature
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{World: fixture.New(t)}
	w.register = inquiry.New(w.DB, w.Journal, w.Keys, w.Directory, w.Mandates.Telling(notify.Queue), w.Clock, notify.Queue)
	w.sofia, w.alma, w.tom = w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia"), w.Newcomer(t, journal.Auditor, uuid.Nil, "alma"), w.Newcomer(t, journal.Auditor, uuid.Nil, "tom")
	w.odile, w.irene = w.Referent(t, w.Here, "odile"), w.Referent(t, w.Elsewhere, "irene")
	w.m = w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.signer = treetest.Signer(t, treetest.Origin)
	w.keys, w.in = w.signer.Keys(), treetest.Integrator(t, tree.IntegratorOptions{DB: w.DB, Signer: w.signer, KeepEvery: time.Nanosecond})
	if err := w.in.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.row(t, `select l.index from journal_leaf l join journal_entry e on e.id = l.entry_id where e.mandate_id = $1 and e.action = 'mandate.signed'`, []any{w.m.ID}, &w.signed)
	return w
}

// fresh is an actor who has just given a second factor.
func (w *world) fresh(by journal.Actor) journal.Actor {
	by.FactorAt = w.Clock.Now()
	return by
}

const words = "Le mandat a été signé un dimanche à trois heures du matin, et utilisé aussitôt."

func (w *world) open(t testing.TB) inquiry.Inquiry {
	t.Helper()
	q, err := w.register.Open(t.Context(), w.sofia, w.signed)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// found opens an inquiry and finds something of a gravity about the mandate and the aidant who signed it.
func (w *world) found(t testing.TB, gravity string) (q, finding uuid.UUID) {
	t.Helper()
	q = w.open(t).ID
	finding, err := w.register.Find(t.Context(), w.sofia, q, inquiry.Finding{Gravity: gravity, Organisation: w.Here, Person: w.Jeanne.Person, Mandate: w.m.ID, Words: words})
	if err != nil {
		t.Fatal(err)
	}
	return q, finding
}

func (w *world) decide(t testing.TB, by journal.Actor, q uuid.UUID, outcome string, orders ...inquiry.Order) error {
	t.Helper()
	return w.register.Decide(t.Context(), w.fresh(by), q, inquiry.Decision{Outcome: outcome, Words: words, Orders: orders})
}

func (w *world) look(t testing.TB, q uuid.UUID) inquiry.Whole {
	t.Helper()
	whole, err := w.register.Look(t.Context(), w.alma, q)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// stands reports whether the mandate gives anything.
func (w *world) stands(t testing.TB) bool {
	t.Helper()
	_, err := mandate.MayAct(t.Context(), w.Connect(t, w.Superuser), w.Here, w.m.Citizen, fixture.Tax, "", w.Clock.Now())
	return err == nil
}

// sound fails the test unless the tables say what the entries say.
func (w *world) sound(t testing.TB) {
	t.Helper()
	auditor := w.OpenAuditor(t)
	a, err := inquiry.Compare(t.Context(), auditor)
	if err != nil || len(a) > 0 {
		t.Errorf("inquiries: %v, %v", a, err)
	}
	if a, err = mandate.Compare(t.Context(), auditor); err != nil || len(a) > 0 {
		t.Errorf("mandates: %v, %v", a, err)
	}
	if a, err = org.Compare(t.Context(), auditor); err != nil || len(a) > 0 {
		t.Errorf("people: %v, %v", a, err)
	}
}

func (w *world) row(t testing.TB, sql string, args []any, to ...any) {
	t.Helper()
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), sql, args...).Scan(to...); err != nil {
		t.Fatal(err)
	}
}

func (w *world) count(t testing.TB, sql string, args ...any) (n int) {
	t.Helper()
	w.row(t, sql, args, &n)
	return n
}

// together runs all of these at once, and returns what each said.
func together(all ...func() error) []error {
	out := make([]error, len(all))
	var wait sync.WaitGroup
	begin := make(chan struct{})
	for i, f := range all {
		wait.Go(func() { <-begin; out[i] = f() })
	}
	close(begin)
	wait.Wait()
	return out
}
