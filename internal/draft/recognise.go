package draft

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// Recognise puts into a draft of the actor's own somebody whom the organisation knows since an earlier mandate, and whom the aidant recognises. It is
// the lowest rung, and the agreement then needs a proof of its own. Errors: db.ErrNotFound for somebody the organisation does not know, *TooLowError,
// ErrMinor.
func (r *Register) Recognise(ctx context.Context, by journal.Actor, id, who uuid.UUID) error {
	batch := &pgx.Batch{}
	mayAct := org.MayAct(batch, by)
	lookup := Lock(batch, by, id)
	var sealed citizen.Sealed
	var index []byte
	batch.Queue(`select id, data_key, identity, identified_at, sub_index from citizen where id = $1 and organisation_id = $2`, who, by.Organisation).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(append(sealed.Fields(), &index)...)
		}
		return rows.Err()
	})
	err := r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		d, err := theirs(by, tx.Now, mayAct, lookup)
		switch {
		case err != nil:
			return journal.Event{}, err
		case sealed.ID == uuid.Nil:
			return journal.Event{}, db.ErrNotFound
		}
		known, err := r.citizens.Open(sealed)
		if err != nil {
			return journal.Event{}, err
		}
		t := told{by: ByAcquaintance, identity: known.Identity, index: index, same: who}
		e, err := r.fits(tx, d, t)
		if err == nil {
			e, err = r.put(tx, d, t)
		}
		return e, err
	})
	if err != nil {
		return fmt.Errorf("recognise a citizen: %w", err)
	}
	return nil
}
