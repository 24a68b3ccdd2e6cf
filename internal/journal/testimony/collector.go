package testimony

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/verify"
	"mandat/internal/outward"
)

const (
	defaultTick = time.Second
	lease       = 15 * time.Second // for which one server alone asks a witness about a checkpoint; longer than a question may take
)

// Options says whom to ask.
type Options struct {
	DB     *db.DB         // login mandat_app
	Log    *tree.Log      // of which the witnesses are told
	Policy *verify.Policy // names the witnesses, with their addresses, and the quorum
	Clock  *clock.Clock   // nil is the machine's
	Logger *slog.Logger   // nil is slog.Default
	Client *http.Client   // nil is one with time-outs
	Tick   time.Duration  // between looks for a new checkpoint; 0 is a second
}

// Collector has the witnesses of a policy cosign each new kept checkpoint. Any number of servers may run one: for each
// witness, one of them asks at a time.
type Collector struct {
	db     *db.DB
	log    *tree.Log
	policy *verify.Policy
	clock  *clock.Clock
	logger *slog.Logger
	client *http.Client
	tick   time.Duration

	mu   sync.Mutex
	told map[string]told // what was last logged of each witness
}

type told struct {
	failure string
	at      time.Time
}

// New prepares a collector. Every witness of the policy must have an address.
func New(o Options) (*Collector, error) {
	c := &Collector{db: o.DB, log: o.Log, policy: o.Policy, clock: o.Clock, logger: o.Logger, client: o.Client, tick: o.Tick, told: map[string]told{}}
	if c.logger == nil {
		c.logger = slog.Default()
	}
	if c.client == nil {
		c.client = outward.New(true) // the operator's file names the addresses
	}
	if c.tick <= 0 {
		c.tick = defaultTick
	}
	var faults []error
	for _, w := range o.Policy.Witnesses() {
		if _, err := w.Submission(); err != nil {
			faults = append(faults, err)
		}
	}
	return c, errors.Join(faults...)
}

// Run collects until ctx ends. Each witness has a loop of its own, so that a slow one keeps nobody else waiting.
func (c *Collector) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, w := range c.policy.Witnesses() {
		all.Go(func() { c.every(ctx, c.tick, func() { c.attend(ctx, w) }) })
	}
	if len(c.policy.Witnesses()) > 0 {
		all.Go(func() { c.every(ctx, alarmEvery, func() { c.alarm(ctx) }) })
	}
	all.Wait()
}

func (c *Collector) every(ctx context.Context, pause time.Duration, do func()) {
	for {
		do()
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// attend logs what keeps a round from being done. A database that does not answer is waited for.
func (c *Collector) attend(ctx context.Context, w verify.Witness) {
	if err := c.Collect(ctx, w); err != nil && ctx.Err() == nil {
		c.logger.WarnContext(ctx, "journal: cosignatures could not be collected", "witness", w.Name, "error", err)
	}
}

// Collect asks one witness for its cosignature of the newest kept checkpoint, unless it has given it, another server asks it, or
// it was asked in vain a moment ago. What the witness answers is no error here: it is kept in its row and logged.
func (c *Collector) Collect(ctx context.Context, w verify.Witness) error {
	t, err := c.task(ctx, w)
	if err != nil || t == nil {
		return err
	}
	if t.cosigned {
		return c.mark(ctx, t.size)
	}
	if free, err := c.claim(ctx, w, t); err != nil || !free {
		return err
	}
	a, err := c.consult(ctx, w, t)
	if err = cmp.Or(ctx.Err(), err); err != nil {
		return fmt.Errorf("ask %s: %w", w.Name, err)
	}
	if err := c.keep(ctx, w, t, a); err != nil {
		return fmt.Errorf("keep what %s answered: %w", w.Name, err)
	}
	c.tell(ctx, w, a)
	if a.line == "" {
		return nil
	}
	return c.mark(ctx, t.size)
}
