package caseload

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Soon is how long before its end a mandate counts as ending.
const Soon = 30 * 24 * time.Hour

// Figures say how much an organisation does, and of whom nothing.
type Figures struct {
	Standing int // mandates in force
	Ending   int // of these, those that end within Soon
	Signed   int // mandates ever signed
	Citizens int // people with a mandate, now or before
}

// Figures counts what the actor's organisation has.
func (r *Register) Figures(ctx context.Context, by journal.Actor) (Figures, error) {
	var f Figures
	err := r.db.Read(ctx, db.InOrganisation(by.Organisation), func(tx pgx.Tx) error {
		now := r.clock.Now()
		return tx.QueryRow(ctx, `select count(*) filter (where m.state = 'standing' and `+lasting+` > $2), count(*) filter (where m.state = 'standing' and `+lasting+` > $2 and `+lasting+` <= $3),
			count(*), count(distinct m.citizen_id) from mandate m where m.organisation_id = $1`, by.Organisation, now, now.Add(Soon)).Scan(&f.Standing, &f.Ending, &f.Signed, &f.Citizens)
	})
	if err != nil {
		return Figures{}, fmt.Errorf("count mandates: %w", err)
	}
	return f, nil
}
