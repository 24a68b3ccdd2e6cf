package phone

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/envelope"
	"mandat/internal/journal"
)

// held is a number as whom it serves is found by it.
type held struct{ index, mark, seat []byte }

// hold makes the hashes of a number that serves a citizen. The nil organisation is the service.
func (r *Register) hold(number string, c citizen.Citizen) (held, error) {
	who := "sub " + c.Identity.Sub
	if c.Identity.Sub == "" {
		who = "citizen " + c.ID.String()
	}
	var h held
	var err error
	for _, x := range []struct {
		out            *[]byte
		purpose, value string
	}{{&h.index, "phone.number", number}, {&h.mark, "phone.person " + number, who}, {&h.seat, "phone.seat " + number, c.ID.String()}} {
		if *x.out, err = r.keys.Index(uuid.Nil, x.purpose, x.value); err != nil {
			return h, err
		}
	}
	return h, nil
}

// lockNumber makes acts on one number wait for each other, whichever organisation's. It is the last lock of an act.
const lockNumber = `select pg_advisory_xact_lock(('x' || encode(substring($1::bytea for 8), 'hex'))::bit(64)::bigint)`

// bars tells why a number needs a colleague, "" if it does not, and whose it is among the professionals. The number is locked.
func bars(ctx context.Context, q citizen.Querier, number string, h held) (why string, owners []uuid.UUID, err error) {
	var staff, other bool
	err = q.QueryRow(ctx, `select count(*) > 0, coalesce(array_agg(person_id) filter (where person_id is not null), '{}'),
		exists (select from phone_holder where number_index = $2 and person_mark <> $3) from phone_staff($1)`, number, h.index, h.mark).Scan(&staff, &owners, &other)
	switch {
	case staff:
		why = Staff
	case other:
		why = Other
	}
	return why, owners, err
}

// opened is a citizen whose row an act has locked.
type opened struct {
	citizen.Citizen
	key *envelope.DataKey
}

// lockCitizen queues the lock of a citizen, by which acts on their numbers wait for each other and for their mandates.
func (r *Register) lockCitizen(b *pgx.Batch, organisation, id uuid.UUID) *citizen.Sealed {
	s := &citizen.Sealed{}
	b.Queue(`select id, data_key, identity, identified_at from citizen where id = $1 and organisation_id = $2 for update`, id, organisation).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(s.Fields()...)
		}
		return rows.Err()
	})
	return s
}

func (r *Register) open(ctx context.Context, tx *journal.Tx, s *citizen.Sealed, organisation uuid.UUID) (opened, error) {
	c, err := r.citizens.Open(*s)
	if err != nil {
		return opened{}, err
	}
	key, err := r.citizens.DataKey(ctx, tx, organisation, s.ID)
	return opened{c, key}, err
}

// inState finds the one number of a citizen in a state, nil if there is none. The citizen is locked.
func inState(ctx context.Context, tx *journal.Tx, organisation, citizen uuid.UUID, state string) (*row, error) {
	rows, err := tx.Query(ctx, `select `+columns+` from phone where organisation_id = $1 and citizen_id = $2 and state = $3 for update`, organisation, citizen, state)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, scan)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// Held is a verified number inside an act that rests on it.
type Held struct {
	Number
	Key *envelope.DataKey // the citizen's
}

// Hold finds a number of an organisation inside an act and keeps it from being removed until the act ends. It returns ErrNotShown unless the number is
// verified and could be so today: one that became a professional's or another person's since, without a colleague's reason for that, is
// ErrBarred, and one whose mark is gone is no longer held by anybody.
func (r *Register) Hold(ctx context.Context, tx *journal.Tx, organisation, id uuid.UUID) (Held, error) {
	rows, err := tx.Query(ctx, `select `+columns+` from phone where id = $1 and organisation_id = $2 for share`, id, organisation)
	if err != nil {
		return Held{}, fmt.Errorf("hold a telephone number: %w", err)
	}
	found, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return Held{}, fmt.Errorf("hold a telephone number: %w", err)
	}
	if len(found) == 0 || found[0].State != Verified {
		return Held{}, ErrNotShown
	}
	x := &found[0]
	c, err := r.citizens.FindWith(ctx, tx, organisation, x.Citizen)
	if err != nil {
		return Held{}, err
	}
	key, err := r.citizens.DataKey(ctx, tx, organisation, x.Citizen)
	if err != nil {
		return Held{}, err
	}
	if err := x.open(key); err != nil {
		return Held{}, err
	}
	h, err := r.hold(x.Number.Number, c)
	if err != nil {
		return Held{}, err
	}
	var seat []byte
	err = tx.QueryRow(ctx, `select coalesce((select seat from phone_holder where number_index = $1 and seat = $2 and person_mark = $3), '')`, h.index, h.seat, h.mark).Scan(&seat)
	if err == nil && !slices.Equal(seat, h.seat) {
		err = ErrNotShown
	}
	if err != nil {
		return Held{}, err
	}
	why, _, err := bars(ctx, tx, x.Number.Number, h)
	if err == nil && why != "" && (why != x.Barred || x.Colleague == uuid.Nil) {
		err = barred(why)
	}
	return Held{x.Number, key}, err
}
