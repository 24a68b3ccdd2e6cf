package citizen

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/google/uuid"
)

// ErrRestricted says that somebody asked the organisation to erase what it keeps about them: until that is done, or they take it back, nothing new is
// entered about them.
var ErrRestricted = errors.New("the citizen asked to be erased")

// Restricted returns ErrRestricted for somebody who is to be entered and who asked to be erased there: whom index finds (Register.Index), or, when a document told
// who they are, who has their name and birth date. The row itself is not seen by whoever asks.
func (r *Register) Restricted(ctx context.Context, q Querier, organisation uuid.UUID, index []byte, document *Identity) error {
	var called []byte
	if document != nil {
		var err error
		if called, err = r.called(organisation, *document); err != nil {
			return err
		}
	}
	var bars bool
	if err := q.QueryRow(ctx, `select erasure_bars($1, $2)`, index, called).Scan(&bars); err != nil {
		return err
	}
	if bars {
		return ErrRestricted
	}
	return nil
}

// Taken turns the error of an act that entered a citizen whom it did not see into ErrRestricted: the row is there, and hidden.
func Taken(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.ConstraintName == "citizen_organisation_id_sub_index_key" {
		return ErrRestricted
	}
	return err
}
