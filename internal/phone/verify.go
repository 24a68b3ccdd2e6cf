package phone

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// code is the code of a message: derived from its id under a key outside the database.
func (r *Register) code(message uuid.UUID) (string, error) {
	b, err := r.keys.Index(message, "phone.code", "code")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(b)%1_000_000), nil // 2^64 is so much more that no code is more likely
}

// Verify shows, with the code that the citizen read out, that a number which the actor entered is in the citizen's hand. The number they had before is
// removed. Blanks in the code do not count. It returns ErrNotShown for a code that shows nothing; ErrBarred when somebody else has the number by now,
// and then a colleague has to allow it first; org's errors.
func (r *Register) Verify(ctx context.Context, by journal.Actor, citizen uuid.UUID, code string) error {
	message, err := r.try(ctx, by, citizen)
	if err != nil {
		return err
	}
	right, err := r.code(message)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(right), []byte(strings.Join(strings.Fields(code), ""))) != 1 {
		return ErrNotShown
	}
	err = r.onCitizen(ctx, by, citizen, func(tx *journal.Tx, who opened) (journal.Event, error) {
		return r.verified(ctx, tx, who, message)
	})
	return wrap("verify a telephone number", err)
}

// try counts a try before it is compared: of many at once none is free. It returns the message whose code is asked.
func (r *Register) try(ctx context.Context, by journal.Actor, citizen uuid.UUID) (uuid.UUID, error) {
	var message uuid.UUID
	err := r.db.Write(ctx, db.InOrganisation(by.Organisation), db.Durable, func(tx *db.Tx) error {
		return tx.QueryRow(ctx, `update phone set tries = tries + 1 where organisation_id = $1 and citizen_id = $2 and state = 'asked' and asked_by = $3
			and message_id is not null and expires_at > $4 and tries < $5 returning message_id`, by.Organisation, citizen, by.Person, r.clock.Now(), tries).Scan(&message)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return message, ErrNotShown
	}
	return message, db.Found("try a code", err)
}

// verified is the part of Verify inside its act.
func (r *Register) verified(ctx context.Context, tx *journal.Tx, who opened, message uuid.UUID) (journal.Event, error) {
	open, err := inState(ctx, tx, tx.By.Organisation, who.ID, Asked)
	if err != nil {
		return journal.Event{}, err
	}
	if open == nil || open.message == nil || *open.message != message { // asked for anew since, or removed
		return journal.Event{}, ErrNotShown
	}
	if err := open.open(who.key); err != nil {
		return journal.Event{}, err
	}
	before, err := inState(ctx, tx, tx.By.Organisation, who.ID, Verified)
	if err != nil {
		return journal.Event{}, err
	}
	h, why, _, err := r.ask(ctx, tx, open.Number.Number, who)
	if err != nil {
		return journal.Event{}, err
	}
	d := detail{Phone: open.ID.String()}
	if why != "" && (why != open.Barred || open.Colleague == uuid.Nil) {
		d.Why = why
		tx.Queue(`update phone set barred = $2, asked_at = $3, colleague_id = null, allowed_at = null, reason = null, message_id = null, expires_at = null where id = $1`, open.ID, why, tx.Now)
		return journal.Event{Action: "phone.refused", Citizen: who.ID, Detail: d}, journal.Refused{Err: barred(why)}
	}
	if before != nil {
		if err := r.drop(ctx, tx, before, who); err != nil {
			return journal.Event{}, err
		}
		d.Replaces = before.ID.String()
	}
	tx.Queue(`update phone set state = 'verified', verified_at = $2, verified_by = $3 where id = $1`, open.ID, tx.Now, tx.By.Person)
	tx.Queue(`insert into phone_holder (number_index, person_mark, seat) values ($1, $2, $3)
		on conflict (number_index, seat) do update set person_mark = excluded.person_mark, kept_until = null`, h.index, h.mark, h.seat)
	return journal.Event{Action: "phone.verified", Citizen: who.ID, Detail: d}, r.told(tx, who.ID, open.ID)
}

// told lets the citizen be told that a number can agree for them now.
func (r *Register) told(tx *journal.Tx, citizen, id uuid.UUID) error {
	if r.tell == nil {
		return nil
	}
	return r.tell(tx.Tx, tx.Now, org.Message{Kind: "phone_verified", About: id.String(), Citizen: citizen})
}
