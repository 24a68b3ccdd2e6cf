package citizen

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
)

// Whole is everything that stands in the row of a citizen, but for keys and what they are found by.
type Whole struct {
	Citizen
	IdentifiedBy string // a procedure.Assurance
	CreatedAt    time.Time
	Mails        string      // MailsAll, …
	MailsSince   time.Time   // since when not all mails are wanted; zero for MailsAll
	Links        []time.Time // when a mail was written by whose link they can say so, the oldest first
}

// Whole reads everything of a citizen of an organisation, with the key under which what others keep of them is sealed. It returns db.ErrNotFound for another
// organisation's.
func (r *Register) Whole(ctx context.Context, q Querier, organisation, id uuid.UUID) (Whole, *envelope.DataKey, error) {
	var w Whole
	var s Sealed
	var since *time.Time
	err := q.QueryRow(ctx, `select id, data_key, identity, identified_at, identified_by, created_at, mails_refused_at,
		case when mails_refused_at is null then 'all' when mails_refused_signed then 'guards' else 'none' end from citizen where id = $1 and organisation_id = $2`, id, organisation).
		Scan(append(s.Fields(), &w.IdentifiedBy, &w.CreatedAt, &since, &w.Mails)...)
	if err != nil {
		return Whole{}, nil, db.Found("read citizen", err)
	}
	c, key, err := r.OpenWithKey(s)
	if err != nil {
		return Whole{}, nil, err
	}
	w.Citizen, w.MailsSince = c, db.OrZero(since)
	rows, err := q.Query(ctx, `select made_at from citizen_mails_link where citizen_id = $1 and organisation_id = $2 order by made_at`, id, organisation)
	if err == nil {
		w.Links, err = pgx.CollectRows(rows, pgx.RowTo[time.Time])
	}
	if err != nil {
		return Whole{}, nil, fmt.Errorf("read links of mails: %w", err)
	}
	return w, key, nil
}

// OpenAddress opens an address that Save replaced, with the citizen's key.
func OpenAddress(key *envelope.DataKey, former []byte) (string, error) {
	address, err := key.Unseal(formerAddress, former)
	return string(address), err
}
