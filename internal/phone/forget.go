package phone

import (
	"context"

	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/journal"
)

// Forget queues, in an erasure, that the telephone numbers of a citizen, whom the act has locked, go, and the seat of the one that serves them.
// A seat of one that was removed earlier stays until its quarter: it is a keyed hash of an id that nobody has any more.
func (r *Register) Forget(ctx context.Context, tx *journal.Tx, s *citizen.Sealed) error {
	who, key, err := r.citizens.OpenWithKey(*s)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `select `+columns+` from phone where citizen_id = $1 and state = 'verified'`, s.ID)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return err
	}
	for i := range found {
		x := &found[i]
		if err := x.open(key); err != nil {
			return err
		}
		h, err := r.hold(x.Number.Number, x.Organisation, who)
		if err != nil {
			return err
		}
		tx.Queue(`delete from phone_holder where number_index = $1 and seat = $2`, h.index, h.seat)
	}
	tx.Queue(`delete from phone where citizen_id = $1`, s.ID)
	return nil
}
