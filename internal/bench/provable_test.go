package bench

import (
	"context"
	"path/filepath"
	"sort"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
)

// watch is an integrator at work, and when its tree had which size.
type watch struct {
	s    *signing
	in   *tree.Integrator
	stop context.CancelFunc
	done chan error

	sizes []int64
	at    []time.Time
	seen  chan struct{}
}

// watch runs an integrator as the program does: on connections of its own, with its key and its state file.
func (s *signing) watch(b *testing.B) *watch {
	b.Helper()
	if s.signer == nil {
		s.signer = treetest.Signer(b, origin)
		var err error
		if s.integratorDB, err = db.Open(b.Context(), db.Options{URL: s.App, MaxConns: 2}); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(s.integratorDB.Close)
		s.state = filepath.Join(b.TempDir(), "checkpoint")
	}
	in, err := tree.NewIntegrator(tree.IntegratorOptions{DB: s.integratorDB, Signer: s.signer, StateFile: s.state, Clock: s.Clock})
	if err != nil {
		b.Fatal(err)
	}
	if err := in.CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	w := &watch{s: s, in: in, done: make(chan error, 1), seen: make(chan struct{})}
	var ctx context.Context
	ctx, w.stop = context.WithCancel(b.Context())
	go func() { w.done <- in.Run(ctx) }()
	go w.look(ctx)
	return w
}

// look notes the size of the tree each millisecond.
func (w *watch) look(ctx context.Context) {
	defer close(w.seen)
	for ctx.Err() == nil {
		if size := w.in.Status().Size; len(w.sizes) == 0 || size != w.sizes[len(w.sizes)-1] {
			w.sizes, w.at = append(w.sizes, size), append(w.at, time.Now())
		}
		time.Sleep(time.Millisecond)
	}
}

// end waits until the acts can be proven and tells how long each took.
func (w *watch) end(b *testing.B, acts []act) run {
	b.Helper()
	if err := w.in.CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	time.Sleep(5 * time.Millisecond) // the last size is looked at
	w.stop()
	<-w.seen
	if err := <-w.done; err != nil {
		b.Fatal(err)
	}
	index := w.indexes(b, acts)
	times := make([]time.Duration, 0, len(acts))
	for _, a := range acts {
		i, found := index[a.mandate]
		n := sort.Search(len(w.sizes), func(n int) bool { return w.sizes[n] > i })
		if !found || n == len(w.sizes) {
			b.Fatalf("mandate %s is not in the tree", a.mandate)
		}
		times = append(times, max(0, w.at[n].Sub(a.committed)))
	}
	return run{p50: percentile(times, .5), p99: percentile(times, .99)}
}

func (w *watch) indexes(b *testing.B, acts []act) map[uuid.UUID]int64 {
	b.Helper()
	ids := make([]uuid.UUID, len(acts))
	for i, a := range acts {
		ids[i] = a.mandate
	}
	rows, err := w.s.Connect(b, w.s.Superuser).Query(b.Context(), `select e.mandate_id::text, l.index from journal_entry e join journal_leaf l on l.entry_id = e.id
		where e.action = 'mandate.signed' and e.mandate_id::text = any ($1::text[])`, texts(ids))
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	out := make(map[uuid.UUID]int64, len(acts))
	for rows.Next() {
		var id string
		var index int64
		if err := rows.Scan(&id, &index); err != nil {
			b.Fatal(err)
		}
		out[uuid.MustParse(id)] = index
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return out
}

func texts(ids []uuid.UUID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id.String()
	}
	return out
}
