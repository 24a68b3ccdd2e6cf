package credential

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// purposeSeed is what seeds are sealed for. It never changes: stored values would no longer open.
const purposeSeed = "credential.seed"

// generator is an application or a card of a person.
type generator struct {
	id       uuid.UUID
	kind     string
	seed     []byte
	period   time.Duration
	drift    int   // in steps: how far the generator's clock was before ours, or behind
	lastStep int64 // of the last code that was accepted
}

// step is the number of the period that an instant lies in.
func (g *generator) step(now time.Time) int64 { return now.Unix() / int64(g.period/time.Second) }

// window is how many steps around the drift are looked at for a single code.
func (g *generator) window() int {
	if g.kind == KindCard {
		return cardWindow
	}
	return appWindow
}

// match finds the step that a typed code is of, within so many steps around a drift and never further than maxDrift from now. A
// step that was accepted, or lies before it, counts no more. Every step is compared, however early one fits.
func (g *generator) match(typed string, now time.Time, around, within int) (step int64, ok bool) {
	for d := -within; d <= within; d++ {
		drift := around + d
		at := g.step(now) + int64(drift)
		if subtle.ConstantTimeCompare([]byte(code(g.seed, at)), []byte(typed)) == 1 && drift >= -maxDrift && drift <= maxDrift && at > g.lastStep {
			step, ok = at, true
		}
	}
	return step, ok
}

// matchTwo finds the step of the second of two codes that follow each other, anywhere within maxDrift: what one code alone would
// have a chance of forty in a million to hit, two have of forty in a million millions.
func (g *generator) matchTwo(first, second string, now time.Time) (step int64, ok bool) {
	for d := -maxDrift; d < maxDrift; d++ {
		at := g.step(now) + int64(d)
		both := subtle.ConstantTimeCompare([]byte(code(g.seed, at)), []byte(first)) & subtle.ConstantTimeCompare([]byte(code(g.seed, at+1)), []byte(second))
		if both == 1 && at > g.lastStep {
			step, ok = at+1, true
		}
	}
	return step, ok
}

// generators reads a person's applications and cards whose rows fit a condition.
func (r *Register) generators(ctx context.Context, person uuid.UUID, where string, args ...any) ([]generator, error) {
	var out []generator
	err := r.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id, kind, data_key, seed, period, drift, last_step from credential_totp where person_id = $1 and `+where, append([]any{person}, args...)...)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, r.scanGenerator)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read code generators: %w", err)
	}
	return out, nil
}

func (r *Register) scanGenerator(row pgx.CollectableRow) (generator, error) {
	var g generator
	var wrapped, sealed []byte
	var seconds int
	err := row.Scan(&g.id, &g.kind, &wrapped, &sealed, &seconds, &g.drift, &g.lastStep)
	if err != nil {
		return g, err
	}
	g.period = time.Duration(seconds) * time.Second
	g.seed, err = r.keys.Unseal(g.id, purposeSeed, wrapped, sealed)
	return g, err
}
