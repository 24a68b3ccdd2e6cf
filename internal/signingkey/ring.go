package signingkey

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/oidc"
)

// Ring is the keys of every use, ready to sign. It may be used concurrently.
type Ring struct {
	db      *db.DB
	journal *journal.Journal
	keys    *envelope.Keys
	clock   *clock.Clock
	source  Source

	held atomic.Pointer[held]
}

// held is what was read of the table last.
type held struct {
	what  string // names the keys and their states
	sets  map[Use]*oidc.KeySet
	since map[Use]time.Time // when the keys that sign took their turn
}

// New returns a ring of the keys kept in this database. It has none before Open.
func New(d *db.DB, j *journal.Journal, k *envelope.Keys, c *clock.Clock, s Source) *Ring {
	return &Ring{db: d, journal: j, keys: k, clock: c, source: s}
}

// Of returns the keys of a use, as last read; a set without keys before Open. It asks nothing of the database.
func (r *Ring) Of(use Use) *oidc.KeySet {
	if h := r.held.Load(); h != nil && h.sets[use] != nil {
		return h.sets[use]
	}
	return &oidc.KeySet{}
}

// Since is when the keys that sign for a use took their turn, all at once, as last read; zero before Open.
func (r *Ring) Since(use Use) time.Time {
	if h := r.held.Load(); h != nil {
		return h.since[use]
	}
	return time.Time{}
}

// Open makes the keys that are missing and reads all. The error wraps ErrNotOurs when the key-encryption key is not the one
// that sealed them.
func (r *Ring) Open(ctx context.Context) error {
	for _, use := range Uses() {
		if err := r.complete(ctx, use); err != nil {
			return err
		}
	}
	return r.Refresh(ctx)
}

// Refresh reads the keys. When that fails those read before go on signing.
func (r *Ring) Refresh(ctx context.Context) error {
	var rows []row
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) (err error) {
		rows, err = list(ctx, tx, r.clock.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("read signing keys: %w", err)
	}
	was, now := r.held.Load(), describe(rows)
	if was != nil && was.what == now {
		return nil
	}
	sets, err := r.sets(rows)
	if err != nil {
		return err
	}
	since := map[Use]time.Time{}
	for _, k := range rows {
		if k.State == current {
			since[k.Use] = *k.CurrentAt
		}
	}
	r.held.Store(&held{what: now, sets: sets, since: since})
	return nil
}

// Run refreshes the keys until ctx ends.
func (r *Ring) Run(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for failing := ""; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			failing = r.look(ctx, log, failing)
		}
	}
}

// look refreshes the keys, and tells the log when it cannot: once for each reason, and once when it can again. failing is the reason that
// was told last, "" for none; look returns that of now.
func (r *Ring) look(ctx context.Context, log *slog.Logger, failing string) string {
	err := r.Refresh(ctx)
	switch {
	case ctx.Err() != nil: // we are stopping
		return failing
	case err == nil:
		if failing != "" {
			log.InfoContext(ctx, "signing keys are read again")
		}
		return ""
	case failing == err.Error():
		return failing
	}
	level := slog.LevelWarn // a database that is away is told of elsewhere
	if errors.Is(err, ErrNotOurs) {
		level = slog.LevelError
	}
	log.Log(ctx, level, "signing keys cannot be read; those read before are used", "error", err)
	return err.Error()
}

// describe names the keys and their states.
func describe(rows []row) string {
	var b strings.Builder
	for _, k := range rows {
		b.WriteString(k.KID + " " + string(k.Use) + " " + k.State + "\n")
	}
	return b.String()
}

// sets opens the keys of every use.
func (r *Ring) sets(rows []row) (map[Use]*oidc.KeySet, error) {
	out := map[Use]*oidc.KeySet{}
	for _, use := range Uses() {
		var all []oidc.Keys
		for _, alg := range use.algorithms() {
			keys, err := r.gather(rows, use, alg)
			if err != nil {
				return nil, err
			}
			all = append(all, keys)
		}
		var err error
		if out[use], err = oidc.NewKeySet(all...); err != nil {
			return nil, fmt.Errorf("signing keys for %s: %w", use, err)
		}
	}
	return out, nil
}

func (r *Ring) gather(rows []row, use Use, alg string) (oidc.Keys, error) {
	var out oidc.Keys
	for _, k := range rows {
		if k.Use != use || k.Alg != alg {
			continue
		}
		public, private, err := k.open(r.keys)
		if err != nil {
			return oidc.Keys{}, err
		}
		switch k.State {
		case current:
			out.Current = private
		case next:
			out.Next = public
		default:
			out.Old = append(out.Old, public)
		}
	}
	return out, nil
}
