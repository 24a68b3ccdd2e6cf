package tree

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"mandat/internal/journal/format"
)

// session is a connection whose transaction a test moves by hand.
type session struct{ *pgx.Conn }

func (h *house) session(t *testing.T) session {
	t.Helper()
	s := session{h.Connect(t, h.App)}
	s.do(t, "set default_transaction_read_only = off")
	return s
}

func (s session) do(t *testing.T, sql string) {
	t.Helper()
	if _, err := s.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// begin begins a transaction that writes, so that it has a number.
func (s session) begin(t *testing.T) { s.do(t, "begin; select pg_current_xact_id()") }

func (s session) entry(t *testing.T, action string) {
	s.do(t, `insert into journal_entry (at, action, salt, body) values (now(), '`+action+`', decode(repeat('ab', 32), 'hex'), '{"action":"`+action+`","at":"2026-11-21T10:00:00.000000Z"}')`)
}

func (h *house) step(t *testing.T, times int) {
	t.Helper()
	for range times {
		if _, err := h.in.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// order returns the actions of the log, by index.
func (h *house) order(t *testing.T) []string {
	t.Helper()
	rows, err := h.Connect(t, h.Superuser).Query(t.Context(), `select e.action from journal_leaf l join journal_entry e on e.id = l.entry_id order by l.index`)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestIntegrator_TakesEverythingThatWasCommitted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if c := h.catchUp(t); c.Size != 0 || c.Root != format.EmptyRoot() || c.Origin != testOrigin {
		t.Fatalf("before any act: %+v", c)
	}
	h.acts(t, 3)
	if c := h.catchUp(t); c.Size != 3 {
		t.Fatalf("after three acts: %+v", c)
	}
	h.bulk(t, 10_000)
	h.acts(t, 1)
	if c := h.catchUp(t); c.Size != 10_004 {
		t.Fatalf("after 10,004: %+v", c)
	}
}

// An end that waited for a signature's lock has the older transaction. A third, still older one than the signature's,
// keeps the signature back: then the end must wait too, although it is free to go by the number of its transaction.
func TestIntegrator_NeverPutsAnEndBeforeItsSignature(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.catchUp(t)
	end, other, sign := h.session(t), h.session(t), h.session(t)
	end.begin(t)
	other.begin(t)
	sign.begin(t)
	sign.entry(t, "mandate.signed")
	sign.do(t, "commit")
	end.entry(t, "mandate.ended")
	end.do(t, "commit")
	h.step(t, 5)
	if got := h.order(t); len(got) != 0 {
		t.Fatalf("while an older transaction runs, the log has %v", got)
	}
	other.do(t, "rollback")
	h.catchUp(t)
	if got := h.order(t); !slices.Equal(got, []string{"mandate.signed", "mandate.ended"}) {
		t.Fatalf("the log has %v", got)
	}
}

func TestIntegrator_LosesNoLateCommit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.catchUp(t)
	late, undone, soon := h.session(t), h.session(t), h.session(t)
	late.begin(t)
	late.entry(t, "late.committed")
	undone.begin(t)
	undone.entry(t, "never.committed")
	soon.begin(t)
	soon.entry(t, "soon.committed")
	soon.do(t, "commit")
	undone.do(t, "rollback")
	h.step(t, 5)
	late.do(t, "commit")
	h.catchUp(t)
	if got := h.order(t); !slices.Equal(got, []string{"late.committed", "soon.committed"}) {
		t.Fatalf("the log has %v", got)
	}
}

func TestIntegrator_TellsHowFarItIsBehind(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.catchUp(t)
	long := h.session(t)
	long.begin(t)
	h.acts(t, 1)
	deadline := time.Now().Add(time.Minute)
	for h.step(t, 1); h.in.Status().Behind < 10*time.Millisecond; h.step(t, 1) {
		if time.Now().After(deadline) {
			t.Fatalf("behind a long transaction, the status is %+v", h.in.Status())
		}
	}
	long.do(t, "rollback")
	h.catchUp(t)
	for h.step(t, 1); h.in.Status().Behind != 0; h.step(t, 1) {
		if time.Now().After(deadline) {
			t.Fatalf("when all is taken, the status is %+v", h.in.Status())
		}
	}
}

// Servers that all integrate, and are cut off in the middle of it, make one tree that holds each entry once.
func TestIntegrator_SeveralServersThatCrash(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	var servers, writers errgroup.Group
	for n := range 3 {
		servers.Go(func() error {
			state := filepath.Join(filepath.Dir(h.state), string(rune('a'+n)))
			random := rand.New(rand.NewPCG(1, uint64(n)))
			for ctx.Err() == nil {
				in := h.integrator(t, state) // as after a crash: it knows nothing but the file
				for range 5 {
					cut, stop := context.WithTimeout(ctx, time.Duration(random.IntN(15_000))*time.Microsecond)
					_, err := in.Step(cut)
					stop()
					if refusal(err) {
						return err
					}
				}
			}
			return nil
		})
	}
	for range 4 {
		writers.Go(func() error { h.acts(t, 100); return nil })
	}
	_ = writers.Wait()
	cancel()
	if err := servers.Wait(); err != nil {
		t.Fatal(err)
	}
	if c := h.catchUp(t); c.Size != 400 {
		t.Fatalf("400 acts, and %d in the tree", c.Size)
	}
	if _, err := verified(t, h.export(t), h.policy(t)); err != nil {
		t.Fatal(err)
	}
}

func TestIntegrator_RunsUntilToldToStop(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	var run errgroup.Group
	run.Go(func() error { return h.in.Run(ctx) })
	h.acts(t, 5)
	for deadline := time.Now().Add(time.Minute); h.in.Status().Size < 5; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not provable: %+v", h.in.Status())
		}
	}
	cancel()
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestIntegrator_KeepsACheckpointInTenSeconds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	owner := session{h.Connect(t, h.Superuser)}
	kept := func() (sizes []int64) {
		rows, err := owner.Query(t.Context(), "select size from journal_checkpoint order by size")
		if err != nil {
			t.Fatal(err)
		}
		if sizes, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
			t.Fatal(err)
		}
		return sizes
	}
	later := func() { owner.do(t, "update journal_tree set kept_at = kept_at - interval '10 s'") }
	h.acts(t, 1)
	h.catchUp(t) // kept: it is the first
	h.acts(t, 1)
	h.catchUp(t)
	h.step(t, 3)
	if got := kept(); !slices.Equal(got, []int64{1}) {
		t.Fatalf("at once: kept %v", got)
	}
	later()
	h.step(t, 3) // nothing new, and the last one was not kept yet
	if got := kept(); !slices.Equal(got, []int64{1, 2}) {
		t.Fatalf("ten seconds later: kept %v", got)
	}
	later()
	h.step(t, 3)
	h.acts(t, 1)
	h.catchUp(t)
	if got := kept(); !slices.Equal(got, []int64{1, 2, 3}) {
		t.Fatalf("twenty seconds later: kept %v", got)
	}
	session{h.Connect(t, h.Superuser)}.do(t, "update journal_tree set kept_at = kept_at + interval '1 hour'")
	h.bulk(t, 2*format.KeptWithin)
	h.catchUp(t)
	got := append(kept(), h.checkpoint(t).Size)
	if len(got) < 6 {
		t.Fatalf("kept %v", got)
	}
	for n := range got[1:] {
		if got[n+1]-got[n] > format.KeptWithin {
			t.Errorf("kept %v", got)
		}
	}
}
