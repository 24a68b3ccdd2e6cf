package tree

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"mandat/internal/clock"
	"mandat/internal/db"
)

// ErrCluster says that the tree was grown on another PostgreSQL than this one: a copy made by dump and load. The numbers
// of transactions that stand with its entries mean nothing here, and the original may still be running.
var ErrCluster = errors.New("the journal was grown on another PostgreSQL cluster (docs/journal.md says how to take it over)")

// ErrTree says that the tree's tables contradict each other: they were changed behind the program's back.
var ErrTree = errors.New("the journal's tiles do not lead to its root")

// How the integrator paces itself.
const (
	defaultTick = 25 * time.Millisecond
	yieldTicks  = 8                // steps for which a server leaves the work to another one that grew the tree last
	retryAfter  = time.Second      // after the database failed
	defaultKeep = 10 * time.Second // between checkpoints that are kept, unless there are many entries
	alarmBehind = 2 * time.Second
	alarmEvery  = 10 * time.Second
	chunk       = 4096 // entries a round at most
)

// ErrKey says that the log is signed with later keys than this server's (signer.go): the folder of keys must be copied to it.
var ErrKey = errors.New("the journal is signed with later keys than those in KEYS_DIR: copy the folder from the server where they were changed")

// IntegratorOptions says how to integrate.
type IntegratorOptions struct {
	DB        *db.DB // login mandat_app; a pool of its own (two connections) never waits for acts
	Signer    *Signer
	StateFile string // see OpenLog
	Clock     *clock.Clock
	Logger    *slog.Logger  // nil is slog.Default
	Tick      time.Duration // between rounds; 0 is 25 ms
	KeepEvery time.Duration // between checkpoints that are kept; 0 is 10 s
}

// Integrator puts committed entries into the tree and signs it. Any number of servers may run one on a database: what
// decides is a compare-and-swap of size and root.
//
// Order. A round takes entries in the order of their ids, up to the first visible one whose transaction is not before
// the oldest running one (xmin of the snapshot). No entry is lost: one of a transaction before xmin is visible or was
// rolled back. No act comes before one whose result it saw: it drew its id after the other had committed, so the other
// is visible, has the smaller id, and is either taken first or stops the round.
type Integrator struct {
	log    *Log
	signer *Signer
	db     *db.DB
	clock  *clock.Clock
	logger *slog.Logger
	tick   time.Duration
	keep   time.Duration

	mu      sync.Mutex // one step at a time
	edge    *edge      // nil: to be read from the database
	mark    string     // every entry of a transaction before this one is in the tree
	settled string     // xmin of the last snapshot from which everything that may be taken was taken
	drain   *drain     // what is being taken, nil when nothing is
	others  int64      // size that another server grew the tree to
	waited  int        // steps since

	statusMu sync.Mutex
	status   Status
	checked  time.Time
	alarmed  time.Time
}

// Status tells how the integrator is doing, for metrics.
type Status struct {
	Size     int64         // entries in the tree
	Behind   time.Duration // age of the oldest committed entry that is not in the tree; alarm above 2 s
	Rounds   int64         // checkpoints signed by this server since it started
	Failures int64         // rounds that failed and were tried again
}

// NewIntegrator prepares an integrator. It fails if the state file cannot be read or is not of this log.
func NewIntegrator(o IntegratorOptions) (*Integrator, error) {
	l, err := OpenLog(o.DB, o.Signer.Keys(), o.StateFile)
	if err != nil {
		return nil, err
	}
	i := &Integrator{log: l, signer: o.Signer, db: o.DB, clock: o.Clock, logger: o.Logger, tick: o.Tick, keep: o.KeepEvery}
	if i.tick <= 0 {
		i.tick = defaultTick
	}
	if i.keep <= 0 {
		i.keep = defaultKeep
	}
	if i.logger == nil {
		i.logger = slog.Default()
	}
	return i, nil
}

// Log is the log that the integrator grows, with the same memory of the last checkpoint.
func (i *Integrator) Log() *Log { return i.log }

// Run integrates until ctx ends; then it returns nil. It waits out a database that does not answer. It returns an error
// when going on would break the journal's promise: ErrBelow, ErrBeside, ErrCluster, ErrTree, ErrKey; the server must then stop.
func (i *Integrator) Run(ctx context.Context) error {
	for {
		pause := i.tick
		more, err := i.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case refusal(err):
			return err
		case err != nil:
			i.failed(err)
			pause = retryAfter
		case more:
			continue
		}
		i.alarm()
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

func refusal(err error) bool {
	return errors.Is(err, ErrBelow) || errors.Is(err, ErrBeside) || errors.Is(err, ErrCluster) || errors.Is(err, ErrTree) || errors.Is(err, ErrKey)
}

// CatchUp integrates until every entry that was committed before the call is in the tree, or ctx ends.
func (i *Integrator) CatchUp(ctx context.Context) error {
	limit, err := i.horizon(ctx)
	for done := false; err == nil && !done; {
		var more bool
		if more, err = i.Step(ctx); err != nil || more {
			continue
		}
		if done, err = i.reached(ctx, limit); err == nil && !done {
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case <-time.After(time.Millisecond):
			}
		}
	}
	if err != nil {
		return fmt.Errorf("catch up with the journal: %w", err)
	}
	return nil
}

// Step does one round. more says that another one would find work at once.
func (i *Integrator) Step(ctx context.Context) (more bool, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	more, err = i.step(ctx)
	if err != nil {
		i.edge, i.drain, i.mark, i.settled = nil, nil, "", ""
	}
	return more, err
}

func (i *Integrator) step(ctx context.Context) (bool, error) {
	if i.edge == nil {
		if err := i.load(ctx); err != nil {
			return false, err
		}
	}
	if i.drain != nil {
		return i.round(ctx)
	}
	v, err := i.look(ctx)
	if err != nil {
		return false, err
	}
	i.note(v)
	if v.oldest == nil || v.xmin == i.settled || i.yields(v.size) {
		return false, i.keepLast(ctx, v)
	}
	if v.size != i.edge.size {
		i.edge = nil // another server did the last rounds, and no longer does
		return true, nil
	}
	if i.drain, err = i.freeze(ctx); err != nil {
		return false, err
	}
	if i.drain.done() {
		i.settle()
		return false, nil
	}
	return i.round(ctx)
}

// yields reports whether another server grows the tree, so that this one better leaves it the work.
func (i *Integrator) yields(size int64) bool {
	if size == i.edge.size {
		return false
	}
	if size != i.others {
		i.others, i.waited = size, 0
	}
	i.waited++
	return i.waited < yieldTicks
}

// settle notes that the drain is over: everything it could take was taken.
func (i *Integrator) settle() {
	i.mark, i.settled, i.drain = i.drain.rest, i.drain.xmin, nil
}

// Status tells how the integrator is doing. While no round succeeds, Behind grows.
func (i *Integrator) Status() Status {
	i.statusMu.Lock()
	defer i.statusMu.Unlock()
	s := i.status
	if silent := time.Since(i.checked); !i.checked.IsZero() && silent > alarmBehind {
		s.Behind += silent
	}
	return s
}

func (i *Integrator) note(v view) {
	i.statusMu.Lock()
	defer i.statusMu.Unlock()
	i.status.Size, i.status.Behind, i.checked = v.size, v.behind(), time.Now()
}

func (i *Integrator) signed(size int64) {
	i.statusMu.Lock()
	defer i.statusMu.Unlock()
	i.status.Size = size
	i.status.Rounds++
}

func (i *Integrator) failed(err error) {
	i.statusMu.Lock()
	i.status.Failures++
	i.statusMu.Unlock()
	i.logger.Warn("journal: a round failed and is tried again", "error", err)
}

func (i *Integrator) alarm() {
	s := i.Status()
	if s.Behind < alarmBehind || time.Since(i.alarmed) < alarmEvery {
		return
	}
	i.alarmed = time.Now()
	i.logger.Error("journal: entries are not provable yet; a long writing transaction in this cluster holds them back, or the database fails",
		"behind_seconds", s.Behind.Seconds())
}
