package phone

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/throttle"
	"mandat/internal/token"
)

// detail is what entries say of a number: never the number.
type detail struct {
	Phone    string `json:"phone"`
	Replaces string `json:"replaces,omitempty"` // the number of the same citizen that this act removed
	Why      string `json:"why,omitempty"`      // staff or other
}

// Ask notes the number that a citizen of the actor's organisation gives, and queues the message with the code. What was asked before and not verified is
// removed; the same number again gets another code. A number that needs a colleague is ErrBarred: it is noted, the refusal is an entry, and no code is
// sent before Allow. Errors besides: ErrNotHere, ErrNumber, ErrTooOften, org.ErrFactorTooOld, org.ErrMayNot, db.ErrNotFound.
func (r *Register) Ask(ctx context.Context, by journal.Actor, citizen uuid.UUID, number string) error {
	number, err := Read(number)
	if err != nil {
		return err
	}
	if err := org.Fresh(by, r.clock.Now()); err != nil {
		return err
	}
	if err := r.take(ctx, by, number); err != nil {
		return err
	}
	err = r.onCitizen(ctx, by, citizen, func(tx *journal.Tx, who opened) (journal.Event, error) {
		if here, err := present(ctx, tx, by.Organisation, citizen); err != nil || !here {
			return journal.Event{}, cmp.Or(err, ErrNotHere)
		}
		return r.asked(ctx, tx, who, number)
	})
	return wrap("ask for a telephone number", err)
}

// Presence is how long after a citizen proved who they are, to FranceConnect or to two colleagues, a number is noted as theirs. Without it an aidant alone could give a citizen
// a number, and agree in their place later.
const Presence = 4 * time.Hour

func present(ctx context.Context, tx *journal.Tx, organisation, citizen uuid.UUID) (here bool, err error) {
	err = tx.QueryRow(ctx, `select exists (select from mandate where citizen_id = $1 and organisation_id = $2 and identified_by <> 'known' and signed_at > $3)`,
		citizen, organisation, tx.Now.Add(-Presence)).Scan(&here)
	return here, err
}

// take limits how often codes are sent to one number, whoever asks, and by one person, and with that how often somebody can find out whether a number
// is known. What is stored of the number is a keyed hash.
func (r *Register) take(ctx context.Context, by journal.Actor, number string) error {
	index, err := r.keys.Index(uuid.Nil, "phone.sends", number)
	if err != nil {
		return err
	}
	wait, err := r.throttle.Take(ctx, throttle.Allowance{Of: "phone.number", Who: hex.EncodeToString(index), Burst: 4, Every: time.Hour},
		throttle.Allowance{Of: "phone.person", Who: by.Person.String(), Burst: 15, Every: 10 * time.Minute})
	if err == nil && wait > 0 {
		err = ErrTooOften
	}
	return err
}

// asked is the part of Ask inside its act.
func (r *Register) asked(ctx context.Context, tx *journal.Tx, who opened, number string) (journal.Event, error) {
	index, err := r.keys.Index(tx.By.Organisation, "phone.number", number)
	if err != nil {
		return journal.Event{}, err
	}
	_, why, _, err := r.ask(ctx, tx, number, who)
	if err != nil {
		return journal.Event{}, err
	}
	open, err := inState(ctx, tx, tx.By.Organisation, who.ID, Asked)
	if err != nil {
		return journal.Event{}, err
	}
	d := detail{Why: why}
	if open != nil && !bytes.Equal(open.index, index) {
		if err := r.forget(ctx, tx, open); err != nil {
			return journal.Event{}, err
		}
		d.Replaces, open = open.ID.String(), nil
	}
	id, allowed := token.ID(), false
	if open != nil {
		id = open.ID
		allowed = open.Colleague != uuid.Nil && open.Barred == why && open.Colleague != tx.By.Person
	}
	d.Phone = id.String()
	var message *uuid.UUID
	var expires *time.Time
	if why == "" || allowed {
		message, expires = new(token.ID()), new(tx.Now.Add(CodeLife))
	}
	if open == nil {
		_, err = tx.Exec(ctx, `insert into phone (id, organisation_id, citizen_id, state, number, number_index, barred, asked_at, asked_by, message_id, expires_at)
			values ($1, $2, $3, 'asked', $4, $5, nullif($6, ''), $7, $8, $9, $10)`, id, tx.By.Organisation, who.ID, who.key.Seal(purpose("number", id), []byte(number)), index, why, tx.Now, tx.By.Person, message, expires)
	} else {
		_, err = tx.Exec(ctx, `update phone set barred = nullif($2, ''), asked_at = $3, asked_by = $4, message_id = $5, expires_at = $6, tries = 0, sent_at = null, failed_at = null,
			colleague_id = case when $7 then colleague_id end, allowed_at = case when $7 then allowed_at end, reason = case when $7 then reason end where id = $1`,
			id, why, tx.Now, tx.By.Person, message, expires, allowed)
	}
	if err != nil {
		return journal.Event{}, err
	}
	if message == nil {
		return journal.Event{Action: "phone.refused", Citizen: who.ID, Detail: d}, journal.Refused{Err: barred(why)}
	}
	jobs.Enqueue(tx.Tx, Job, *message)
	return journal.Event{Action: "phone.asked", Citizen: who.ID, Detail: d}, nil
}

// wrap names the operation in errors that callers do not tell apart.
func wrap(doing string, err error) error {
	for _, known := range []error{ErrNumber, ErrTooOften, ErrNotShown, ErrBarred, ErrReason, ErrSecret, ErrSamePerson, org.ErrMayNot, org.ErrFactorTooOld, db.ErrNotFound} {
		if errors.Is(err, known) {
			return err
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
