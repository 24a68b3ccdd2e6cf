package org

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// ErrUnderInquiry says that auditors suspended somebody, and that nobody else reinstates them.
var ErrUnderInquiry = errors.New("suspended by auditors, who alone lift it")

// Under names the inquiry under which auditors suspend, or lift that, as entries do (package inquiry).
type Under struct {
	Inquiry     string `json:"inquiry"`
	Measure     string `json:"measure"`
	Provisional bool   `json:"provisional,omitempty"`
	Note        string `json:"note,omitempty"` // the reason, and the SHA-256 of its sealed words
	WordsSHA256 string `json:"words_sha256,omitempty"`
}

// personUnder is the detail of the entries of what auditors do to a person.
type personUnder struct {
	Person string `json:"person"`
	Why    string `json:"why,omitempty"`
	Under
}

// LockPerson queues the locks of a person and their roles for SuspendUnder and ResumeUnder.
func LockPerson(b *pgx.Batch, person uuid.UUID) {
	lockPeople(b, person, person)
	b.Queue(`select from membership where person_id = $1 order by organisation_id, role for no key update`, person)
}

// SuspendUnder is the part of an act of an inquiry that suspends a person, who is locked: everywhere, or for an organisation. Who was suspended before stays so for what led to
// that too, once this is lifted. They are told. It returns the event of the act.
func (d *Directory) SuspendUnder(ctx context.Context, tx *journal.Tx, person, organisation uuid.UUID, under Under) (journal.Event, error) {
	detail := personUnder{Person: person.String(), Under: under}
	if organisation != uuid.Nil {
		// A role that ended before is marked too: given again, it would be a way round.
		_, err := tx.Exec(ctx, `update membership set suspended_at = case when ended_at is null then coalesce(suspended_at, $3) else suspended_at end, suspended_under = $4 where organisation_id = $1 and person_id = $2`,
			organisation, person, tx.Now, under.Inquiry)
		if err == nil {
			err = d.tellThere(tx, "suspended_there", organisation, person)
		}
		return journal.Event{Action: "person.suspended_there", Organisation: organisation, Detail: detail}, err
	}
	detail.Why = Decided
	err := tx.ExecOne(ctx, db.ErrNotFound, `update person set suspended_at = coalesce(suspended_at, $2), suspended_why = coalesce(suspended_why, 'decided'), suspended_under = $3 where id = $1`,
		person, tx.Now, under.Inquiry)
	if err == nil {
		err = d.tell(tx.Tx, tx.Now, Message{Kind: "suspended", About: person.String() + " " + journal.TimeText(tx.Now), Person: person})
	}
	return journal.Event{Action: "person.suspended", Detail: detail}, err
}

// ResumeUnder is the part of the act that lifts what SuspendUnder did at a time. They sign in again.
func (d *Directory) ResumeUnder(ctx context.Context, tx *journal.Tx, person, organisation uuid.UUID, at time.Time, under Under) (journal.Event, error) {
	detail := personUnder{Person: person.String(), Under: under}
	if organisation != uuid.Nil {
		_, err := tx.Exec(ctx, `update membership set suspended_at = case when ended_at is null then nullif(suspended_at, $3) else suspended_at end, suspended_under = null
			where organisation_id = $1 and person_id = $2 and suspended_under = $4`, organisation, person, at, under.Inquiry)
		if err == nil {
			err = errors.Join(d.end(ctx, tx, person, organisation), d.tellThere(tx, "resumed_there", organisation, person))
		}
		return journal.Event{Action: "person.resumed_there", Organisation: organisation, Detail: detail}, err
	}
	err := tx.ExecOne(ctx, db.ErrNotFound, `update person set suspended_at = nullif(suspended_at, $2), suspended_why = case when suspended_at <> $2 then suspended_why end, suspended_under = null
		where id = $1 and suspended_under = $3`, person, at, under.Inquiry)
	if err == nil {
		err = errors.Join(d.end(ctx, tx, person, uuid.Nil), d.tell(tx.Tx, tx.Now, Message{Kind: "resumed", About: person.String() + " " + journal.TimeText(tx.Now), Person: person}))
	}
	return journal.Event{Action: "person.resumed", Detail: detail}, err
}

// underInquiry returns ErrUnderInquiry for whom auditors suspended: in an organisation, ended roles included, or everywhere (uuid.Nil).
func underInquiry(ctx context.Context, tx *journal.Tx, person, organisation uuid.UUID) error {
	var yes bool
	err := tx.QueryRow(ctx, `select case when $2::uuid is null then (select suspended_under is not null from person where id = $1)
		else exists (select from membership where organisation_id = $2 and person_id = $1 and suspended_under is not null) end`, person, db.OrNull(organisation)).Scan(&yes)
	return errors.Join(err, when(yes, ErrUnderInquiry))
}
