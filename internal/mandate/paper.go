package mandate

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// OnPaper opens what a mandate says, for who has shown that they hold its paper: whoever calls has compared what only the paper
// has. Nobody is signed in, so there is nobody to record. It returns db.ErrNotFound for a mandate that is not there.
func (r *Register) OnPaper(ctx context.Context, tx Reader, id uuid.UUID) (Mandate, error) {
	m := Mandate{ID: id}
	var sealed []byte
	batch := &pgx.Batch{}
	batch.Queue(`select organisation_id, citizen_id, state, signed_at, coalesce(starts_at, signed_at), ends_at, lasts_until, ended_at, coalesce(end_reason, ''), terms, terms_digest from mandate where id = $1`, id).QueryRow(func(row pgx.Row) error {
		return row.Scan(&m.Organisation, &m.Citizen, &m.State, &m.SignedAt, &m.StartsAt, &m.EndsAt, &m.LastsUntil, &m.EndedAt, &m.EndReason, &sealed, &m.TermsDigest)
	})
	batch.Queue(`select `+powerColumns+` from mandate_power p where p.mandate_id = $1 order by p.procedure, p.case_ref`, id).Query(func(rows pgx.Rows) error {
		var err error
		m.Powers, err = pgx.CollectRows(rows, scanPower)
		return err
	})
	err := tx.SendBatch(ctx, batch).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return Mandate{}, db.ErrNotFound
	}
	if err != nil {
		return Mandate{}, err
	}
	return m, r.openMandate(ctx, tx, &m, sealed)
}
