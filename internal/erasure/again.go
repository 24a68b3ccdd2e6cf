package erasure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// Replayed is what came of what one line of a ledger says.
type Replayed struct {
	Noted
	Erased  bool  // they were there, and are not any more
	Refused error // why not: they are there, and something keeps them; nil when they were not there
}

// Unledgered returns when those erasures were that the journal tells of, with the line of a ledger, and of which none of these lines is: a ledger is missing, or lines of one. What was erased
// after the copy of the database was made it does not know.
func (r *Register) Unledgered(ctx context.Context, ledger []Noted) ([]time.Time, error) {
	there := map[string]bool{}
	for _, n := range ledger {
		there[n.SHA256] = true
	}
	var out []time.Time
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select at, coalesce(body::jsonb #>> '{detail,ledger_sha256}', '') from journal_entry where action = 'citizen.erased' order by id`)
		if err != nil {
			return err
		}
		var at time.Time
		var sum string
		_, err = pgx.ForEachRow(rows, []any{&at, &sum}, func() error {
			if sum != "" && !there[sum] {
				out = append(out, at.UTC())
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("hold the journal's erasures to the ledger: %w", err)
	}
	return out, nil
}

// Again erases, after an older copy of the database was restored, whom a ledger says were erased: whoever is there again. Doing it twice
// does no harm. It goes on with the others when one is refused: a mandate that lasts in the copy, or a hold. An entry that is not in the tree yet is a refusal: servers
// must have run since the restore.
func (r *Register) Again(ctx context.Context, ledger []Noted) ([]Replayed, error) {
	var out []Replayed
	seen := map[Who]bool{}
	for _, n := range ledger {
		if seen[n.Who] {
			continue
		}
		seen[n.Who] = true
		_, err := r.Erase(ctx, n.Who, Again)
		one := Replayed{Noted: n, Erased: err == nil}
		switch {
		case err == nil, errors.Is(err, db.ErrNotFound):
		case Later(err):
			one.Refused = err
		default:
			return out, err
		}
		out = append(out, one)
	}
	return out, nil
}
