package erasure_test

import (
	"path/filepath"
	"testing"
	"time"

	"mandat/internal/backchannel"
	"mandat/internal/comparison"
	"mandat/internal/decision"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/idp"
	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/mandate"
	"mandat/internal/unsealing"
)

// world is a database with a journal that is grown by hand, and the register of erasures with a ledger.
type world struct {
	*fixture.Telephone
	register *erasure.Register
	ledger   *erasure.Ledger
	path     string // of the ledger
	tree     *tree.Integrator
	admin    journal.Actor
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return onWorld(t, fixture.New(t))
}

func onWorld(t testing.TB, f *fixture.World) *world {
	t.Helper()
	w := &world{Telephone: f.Telephone(t), path: filepath.Join(t.TempDir(), erasure.LedgerName)}
	w.tree = treetest.Integrator(t, tree.IntegratorOptions{DB: w.DB, Clock: w.Clock})
	var err error
	w.ledger, _, err = erasure.OpenLedger(w.path)
	must(t, err)
	t.Cleanup(func() { _ = w.ledger.Close() })
	w.register = erasure.New(w.DB, w.Journal, w.Phones, w.Clock, w.ledger, idp.Forget, backchannel.Forget, decision.Forget, unsealing.Forget)
	w.admin = w.Administrator(t, "ada")
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// who is whose mandate it is.
func who(m mandate.Mandate) erasure.Who {
	return erasure.Who{Organisation: m.Organisation, Citizen: m.Citizen}
}

// provable waits until every entry is in the tree.
func (w *world) provable(t testing.TB) {
	t.Helper()
	must(t, w.tree.CatchUp(t.Context()))
}

// over ends a mandate, and goes to after the time for which it is kept.
func (w *world) over(t testing.TB, m mandate.Mandate) {
	t.Helper()
	must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
	w.later(t)
}

func (w *world) later(t testing.TB) {
	t.Helper()
	w.Clock.Advance(time.Until(time.Now().AddDate(erasure.Years, 0, 1)))
	w.provable(t)
}

// content fails the test unless all tables say what the entries say.
func (w *world) content(t testing.TB) {
	t.Helper()
	w.provable(t)
	found, err := comparison.Run(t.Context(), w.OpenAuditor(t))
	must(t, err)
	for _, d := range found {
		t.Error(d)
	}
}

func (w *world) number(t testing.TB, sql string, args ...any) (n int) {
	t.Helper()
	must(t, w.Connect(t, w.Superuser).QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}
