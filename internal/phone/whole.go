package phone

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/envelope"
)

// Whole is a telephone number with what Of leaves out.
type Whole struct {
	Number
	Reason    string // why a colleague allowed it
	AllowedAt time.Time
	RemovedAt time.Time
	RemovedBy uuid.UUID
}

// OfCitizen reads every number of one citizen of an organisation, the newest first: those that were removed too, of which the number is forgotten. It opens
// them with the citizen's key. What reads them records that it did.
func OfCitizen(ctx context.Context, q citizen.Querier, key *envelope.DataKey, organisation, id uuid.UUID) ([]Whole, error) {
	rows, err := q.Query(ctx, `select `+columns+` from phone where citizen_id = $1 and organisation_id = $2 order by asked_at desc, id`, id, organisation)
	if err != nil {
		return nil, fmt.Errorf("list telephone numbers: %w", err)
	}
	found, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("list telephone numbers: %w", err)
	}
	out := make([]Whole, len(found))
	at := map[uuid.UUID]*Whole{}
	for i := range found {
		if err := found[i].open(key); err != nil {
			return nil, fmt.Errorf("open telephone number %s: %w", found[i].ID, err)
		}
		out[i].Number = found[i].Number
		at[out[i].ID] = &out[i]
	}
	rows, err = q.Query(ctx, `select id, reason, allowed_at, removed_at, removed_by from phone where citizen_id = $1 and organisation_id = $2`, id, organisation)
	if err != nil {
		return nil, fmt.Errorf("list telephone numbers: %w", err)
	}
	var of uuid.UUID
	var reason []byte
	var allowed, removed *time.Time
	var by *uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&of, &reason, &allowed, &removed, &by}, func() error {
		w := at[of]
		if w == nil {
			return nil
		}
		w.AllowedAt, w.RemovedAt, w.RemovedBy = db.OrZero(allowed), db.OrZero(removed), db.OrZero(by)
		if reason == nil {
			return nil
		}
		plain, err := key.Unseal(purpose("reason", of), reason)
		w.Reason = string(plain)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read telephone numbers: %w", err)
	}
	return out, nil
}
