package phone

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// held is a number as whom it serves is found by it.
type held struct {
	number            string
	who               citizen.Citizen
	organisation      uuid.UUID // whose citizen it is
	index, mark, seat []byte
}

// hold makes the hashes of a number that serves a citizen of an organisation.
func (r *Register) hold(number string, organisation uuid.UUID, c citizen.Citizen) (held, error) {
	h := held{number: number, who: c, organisation: organisation}
	who := c.Identity.PersonMark()
	if who == "" {
		who = "citizen " + c.ID.String()
	}
	var err error
	if h.index, err = r.keys.Index(uuid.Nil, "phone.number", number); err != nil { // the nil organisation is the service
		return h, err
	}
	if h.mark, err = r.keys.Index(uuid.Nil, "phone.person "+number, who); err != nil {
		return h, err
	}
	h.seat, err = r.seat(number, c.ID)
	return h, err
}

func (r *Register) seat(number string, citizen uuid.UUID) ([]byte, error) {
	return r.keys.Index(uuid.Nil, "phone.seat "+number, citizen.String())
}

// lockNumber makes acts on one number wait for each other, whichever organisation's. It is the last lock of an act.
const lockNumber = `select pg_advisory_xact_lock(('x' || encode(substring($1::bytea for 8), 'hex'))::bit(64)::bigint)`

// ask locks a number for a citizen who was locked, and asks what bars says of it.
func (r *Register) ask(ctx context.Context, tx *journal.Tx, number string, who opened) (h held, why string, owners []uuid.UUID, err error) {
	if h, err = r.hold(number, tx.By.Organisation, who.Citizen); err != nil {
		return h, "", nil, err
	}
	if _, err := tx.Exec(ctx, lockNumber, h.index); err != nil {
		return h, "", nil, err
	}
	why, owners, err = r.bars(ctx, tx, h)
	return h, why, owners, err
}

// bars tells why a number needs a colleague, "" if it does not, and whose it is among the professionals. The number is locked. One that another person gave up
// serves them still, until its seat is purged.
func (r *Register) bars(ctx context.Context, q citizen.Querier, h held) (why string, owners []uuid.UUID, err error) {
	var staff, other bool
	err = q.QueryRow(ctx, `select count(*) > 0, coalesce(array_agg(person_id) filter (where person_id is not null), '{}'),
		exists (select from phone_holder where number_index = $2 and person_mark <> $3 and seat <> $4) from phone_staff($1)`, h.number, h.index, h.mark, h.seat).Scan(&staff, &owners, &other)
	if err == nil && !other {
		other, err = r.ofNamesake(ctx, q, h)
	}
	switch {
	case staff:
		why = Staff
	case other:
		why = Other
	}
	return why, owners, err
}

// ofNamesake tells whether a number serves another citizen of the same organisation, or is bound to one of the same name. The organisation says that they are two, whatever
// mark their documents make: a birth place that none of them told, or one town, is no reason to take them for one.
func (r *Register) ofNamesake(ctx context.Context, q citizen.Querier, h held) (bool, error) {
	index, err := r.keys.Index(h.organisation, "phone.number", h.number)
	if err != nil {
		return false, err
	}
	others, err := r.citizens.Namesakes(ctx, q, h.organisation, h.who)
	if err != nil {
		return false, err
	}
	seats := [][]byte{}
	for _, other := range others {
		seat, err := r.seat(h.number, other)
		if err != nil {
			return false, err
		}
		seats = append(seats, seat)
	}
	var serves bool
	err = q.QueryRow(ctx, `select exists (select from phone where organisation_id = $1 and number_index = $2 and citizen_id <> $3 and state = 'verified')
		or exists (select from phone_holder where number_index = $4 and seat = any ($5))`, h.organisation, index, h.who.ID, h.index, seats).Scan(&serves)
	return serves, err
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

// onCitizen runs an act on the number of a citizen of the actor's organisation, whose row it has locked, for who may act there.
func (r *Register) onCitizen(ctx context.Context, by journal.Actor, citizen uuid.UUID, f func(*journal.Tx, opened) (journal.Event, error)) error {
	batch := &pgx.Batch{}
	mayAct := org.MayAct(batch, by)
	sealed := r.lockCitizen(batch, by.Organisation, citizen)
	return r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayAct(tx.Now); err != nil {
			return journal.Event{}, err
		}
		who, err := r.open(sealed)
		if err != nil {
			return journal.Event{}, err
		}
		return f(tx, who)
	})
}

// open opens a citizen who was locked, or returns db.ErrNotFound when there is none.
func (r *Register) open(s *citizen.Sealed) (opened, error) {
	if s.ID == uuid.Nil {
		return opened{}, db.ErrNotFound
	}
	c, key, err := r.citizens.OpenWithKey(*s)
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

// Find finds a verified number of an organisation, for what answers to it or is sent there, else it returns ErrNotShown.
func (r *Register) Find(ctx context.Context, q citizen.Querier, organisation, id uuid.UUID) (Held, error) {
	held, _, err := r.find(ctx, q, organisation, id, "")
	return held, err
}

func (r *Register) find(ctx context.Context, q citizen.Querier, organisation, id uuid.UUID, lock string) (Held, citizen.Citizen, error) {
	rows, err := q.Query(ctx, `select `+columns+` from phone where id = $1 and organisation_id = $2`+lock, id, organisation)
	if err != nil {
		return Held{}, citizen.Citizen{}, fmt.Errorf("find a telephone number: %w", err)
	}
	found, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return Held{}, citizen.Citizen{}, fmt.Errorf("find a telephone number: %w", err)
	}
	if len(found) == 0 || found[0].State != Verified {
		return Held{}, citizen.Citizen{}, ErrNotShown
	}
	x := &found[0]
	c, key, err := r.citizens.Find(ctx, q, organisation, x.Citizen)
	if err == nil {
		err = x.open(key)
	}
	return Held{x.Number, key}, c, err
}

// Hold is Find inside an act that rests on the number: it is kept from being removed until the act ends, and must be one that could be verified today.
// One that became a professional's or another person's since, without a colleague's reason for that, is ErrBarred; one whose seat is gone is held by
// nobody any more, and ErrNotShown.
func (r *Register) Hold(ctx context.Context, tx *journal.Tx, organisation, id uuid.UUID) (Held, error) {
	held, c, err := r.find(ctx, tx, organisation, id, ` for share`)
	if err != nil {
		return Held{}, err
	}
	h, err := r.hold(held.Number.Number, organisation, c)
	if err != nil {
		return Held{}, err
	}
	var seated bool
	// The seat alone: what a document tells of a person may be told in more words later.
	err = tx.QueryRow(ctx, `select exists (select from phone_holder where number_index = $1 and seat = $2 and kept_until is null)`, h.index, h.seat).Scan(&seated)
	if err == nil && !seated {
		err = ErrNotShown
	}
	if err != nil {
		return Held{}, err
	}
	why, _, err := r.bars(ctx, tx, h)
	if err == nil && why != "" && (why != held.Barred || held.Colleague == uuid.Nil) {
		err = barred(why)
	}
	return held, err
}
