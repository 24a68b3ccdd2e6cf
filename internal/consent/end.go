package consent

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Cancel takes back the request about a draft that can still be answered, or whose yes was not used, for an aidant who may read there (org.Reads).
// It returns ErrOver when there is none, and org.ErrMayNot.
func (r *Register) Cancel(ctx context.Context, by journal.Actor, draft uuid.UUID) error {
	batch := &pgx.Batch{}
	mayEnd := org.MayEnd(batch, by)
	err := r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayEnd(); err != nil {
			return journal.Event{}, err
		}
		var c Consent
		err := tx.QueryRow(ctx, `update consent set state = 'cancelled', ended_at = $3 where organisation_id = $1 and draft_id = $2 and state in `+live+` returning id, citizen_id`, by.Organisation, draft, tx.Now).
			Scan(&c.ID, &c.Citizen)
		if errors.Is(err, pgx.ErrNoRows) {
			err = ErrOver
		}
		return journal.Event{Action: "consent.cancelled", Citizen: c.Citizen, Detail: detail{Consent: c.ID.String(), Draft: draft.String()}}, err
	})
	if err != nil {
		return fmt.Errorf("cancel a request for consent: %w", err)
	}
	return nil
}

// Expire ends the requests whose time is over, one act each, at most db.PurgeBatch, and returns how many. A job calls it.
func (r *Register) Expire(ctx context.Context) (int, error) {
	var ids []uuid.UUID
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id from consent where state in `+live+` and expires_at <= $1 order by expires_at limit $2`, r.clock.Now(), db.PurgeBatch)
		if err == nil {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("find requests that are over: %w", err)
	}
	done := 0
	for _, id := range ids {
		err := r.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
			var c Consent
			err := tx.QueryRow(ctx, `update consent set state = 'expired', ended_at = $2 where id = $1 and state in `+live+` and expires_at <= $2 returning organisation_id, citizen_id, draft_id`, id, tx.Now).
				Scan(&c.Organisation, &c.Citizen, &c.Draft)
			if errors.Is(err, pgx.ErrNoRows) {
				err = errSame
			}
			return journal.Event{Action: "consent.expired", Organisation: c.Organisation, Citizen: c.Citizen, Detail: detail{Consent: id.String(), Draft: c.Draft.String()}}, err
		})
		switch {
		case err == nil:
			done++
		case !errors.Is(err, errSame):
			return done, fmt.Errorf("end a request that is over: %w", err)
		}
	}
	return done, nil
}

// Purge forgets requests that no signature used, with what was said, once they are older than Kept, unless their citizen's records are held. A job calls it.
func (r *Register) Purge(ctx context.Context) error {
	_, err := r.db.Purge(ctx, db.System(), `delete from consent where id in (select id from consent where state not in ('queued', 'sent', 'yes', 'used') and asked_at < $1
		and not erasure_held(organisation_id, citizen_id, $2) limit $3)`, r.clock.Now().Add(-Kept), r.clock.Now())
	if err != nil {
		return fmt.Errorf("purge requests for consent: %w", err)
	}
	return nil
}
