package erasure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// carried is how many citizens a run of CarryOut erases at most.
const carried = 1000

// CarryOut erases who asked for it and whose time has come. What keeps one of them (a hold, an entry that is not in the tree yet) keeps no other. It is for
// a job; done twice it does no harm.
func (r *Register) CarryOut(ctx context.Context) error {
	var due []Who
	now := r.clock.Now()
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select q.organisation_id, q.citizen_id from erasure_request q where q.state = 'asked' and q.due_at <= $1
			and not `+StandingHold("q.organisation_id", "q.citizen_id", "$1")+` order by q.due_at limit $2`, now, carried)
		if err != nil {
			return err
		}
		due, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Who])
		return err
	})
	if err != nil {
		return fmt.Errorf("look for requests for erasure: %w", err)
	}
	for _, who := range due {
		if _, err := r.Erase(ctx, who, Asked); err != nil && !Later(err) {
			return err
		}
	}
	return r.sweep(ctx)
}

// swept is for how long after an erasure what comes late is looked for: longer than an act can be under way.
const swept = 48 * time.Hour

// sweep forgets what acts that were under way noted about a citizen whom they had read just before the erasure. Whoever is there was not erased, whatever an entry says.
func (r *Register) sweep(ctx context.Context) error {
	var late []Who
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select d.organisation_id, d.citizen_id from journal_entry d where d.action = 'citizen.erased' and d.at > $1 and not exists (select from citizen c where c.id = d.citizen_id)
			and exists (select from journal_entry e where e.citizen_id = d.citizen_id and `+journal.Late+`) order by d.id limit $2`, r.clock.Now().Add(-swept), carried)
		if err != nil {
			return err
		}
		late, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Who])
		return err
	})
	if err != nil {
		return fmt.Errorf("look for what came after an erasure: %w", err)
	}
	for _, who := range late {
		b := &pgx.Batch{}
		places := journal.AskLate(b, who.Citizen)
		err := r.journal.RecordAfter(ctx, journal.Program(), b, func(tx *journal.Tx) (journal.Event, error) {
			forgotten, err := tx.Forget(who.Organisation, who.Citizen, places)
			return journal.Event{Action: "entries.forgotten", Organisation: who.Organisation, Citizen: who.Citizen, Detail: journal.Forgotten{Places: forgotten}}, err
		})
		if err != nil && !Later(err) {
			return fmt.Errorf("forget what came after the erasure of citizen %s: %w", who.Citizen, err)
		}
	}
	return nil
}

// Later reports whether an error of Erase says that it may be done at another time, or was done or taken back meanwhile.
func Later(err error) bool {
	for _, one := range []error{ErrStands, ErrHeld, ErrEarly, journal.ErrNotProvable, db.ErrNotFound} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}
