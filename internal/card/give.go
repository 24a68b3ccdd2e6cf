package card

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// ErrNotInStock says that somebody cannot add a card: there is none with this number, it is somebody's or lost, or was sent to another
// organisation than theirs.
var ErrNotInStock = errors.New("no card of the stock for this person")

// Seed returns the seed of a card that this person may add, or ErrNotInStock.
func (s *Stock) Seed(ctx context.Context, serial string, person uuid.UUID) ([]byte, error) {
	var wrapped, sealed, seed []byte
	err := s.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select data_key, seed from credential_card c where serial = $1 and state = 'stock' and (organisation_id is null
			or exists (select from membership m where m.organisation_id = c.organisation_id and m.person_id = $2 and m.ended_at is null))`, serial, person).Scan(&wrapped, &sealed)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNotInStock
	}
	if err == nil {
		seed, err = s.keys.Unseal(owner(serial), purpose, wrapped, sealed)
	}
	if err != nil {
		return nil, fmt.Errorf("find card: %w", err)
	}
	return seed, nil
}

// Give takes a card out of the stock in the act by which somebody adds it with the code of a step (RFC 6238). It returns ErrNotInStock when it is not there
// any more, or when that code or a later one was used with it before, by whomever.
func Give(ctx context.Context, tx *journal.Tx, serial string, step int64) error {
	return tx.ExecOne(ctx, ErrNotInStock, `update credential_card set state = 'given', last_step = $2 where serial = $1 and state = 'stock' and last_step < $2`, serial, step)
}

// Return puts a card back in the act by which its person removes it: it is in the hand of somebody who gave a factor just now. step is that of the
// last code that they used.
func Return(tx *journal.Tx, serial string, step int64) {
	tx.Queue(`update credential_card set state = 'stock', last_step = greatest(last_step, $2) where serial = $1`, serial, step)
}

// Forfeit takes cards that somebody had out of the stock for good, in the act by which they lose all their factors.
func Forfeit(tx *journal.Tx, serials []string) {
	tx.Queue(`update credential_card set state = 'lost' where serial = any ($1)`, serials)
}
