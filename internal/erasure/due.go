package erasure

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/mandate"
)

// DueAt is when the records of a citizen are to be erased whose last mandate ended at a time.
func DueAt(ended time.Time) time.Time { return ended.AddDate(Years, 0, 0) }

// due is SQL of the citizens whose last mandate ended at or before $1 and on whom nothing is held at $2. The mandates of a citizen are asked only of one
// who has some that ended by then.
var due = `from citizen c where exists (select from mandate m where m.citizen_id = c.id and m.signed_at <= $1)
	and not exists (select from mandate m where m.citizen_id = c.id and coalesce(m.ended_at, ` + mandate.Lasting + `) > $1)
	and not ` + StandingHold("c.organisation_id", "c.id", "$2")

// Due lists whom to erase because their time is over, at most limit.
func (r *Register) Due(ctx context.Context, now time.Time, limit int) ([]Who, error) {
	var out []Who
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select c.organisation_id, c.id `+due+` order by c.id limit $3`, now.AddDate(-Years, 0, 0), now, limit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Who])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for citizens whose time is over: %w", err)
	}
	return out, nil
}

// Counts is how many citizens' time is over, and how many of them are kept by a hold.
type Counts struct{ Due, Held int }

// CountDue counts whom Due would list without a limit, and whom a hold keeps.
func (r *Register) CountDue(ctx context.Context, now time.Time) (Counts, error) {
	var c Counts
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select count(*) filter (where not held), count(*) filter (where held) from (select `+StandingHold("c.organisation_id", "c.id", "$2")+` as held from citizen c
			where exists (select from mandate m where m.citizen_id = c.id and m.signed_at <= $1)
				and not exists (select from mandate m where m.citizen_id = c.id and coalesce(m.ended_at, `+mandate.Lasting+`) > $1)) over`, now.AddDate(-Years, 0, 0), now).Scan(&c.Due, &c.Held)
	})
	if err != nil {
		return Counts{}, fmt.Errorf("count citizens whose time is over: %w", err)
	}
	return c, nil
}
