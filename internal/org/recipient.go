package org

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// The sorts of recipients: people outside the organisations who see a part of what is done (package recipient says which).
const (
	Fraud      = "fraud"      // FranceConnect's fraud team
	Prefecture = "prefecture" // of a department
)

// ErrRecipient says that somebody can be no such recipient: of no known sort, a prefecture's without a department, another one's with it.
var ErrRecipient = errors.New("a recipient is the fraud team's, or a prefecture's with its department")

func (p *Person) recipientStands() bool {
	switch p.Recipient {
	case Prefecture:
		return department.MatchString(p.Department)
	case Fraud, "":
		return p.Department == ""
	}
	return false
}

// Office is what somebody is beside their roles: "auditor", "administrator", Fraud, Prefecture, or "".
func (p *Person) Office() string {
	switch {
	case p.Auditor:
		return "auditor"
	case p.Administrator:
		return "administrator"
	}
	return p.Recipient
}

// MayReceive queues the question whether the actor is the recipient now that they act as, whom it locks, as MayAct does.
func MayReceive(b *pgx.Batch, by journal.Actor) func() error {
	var recipient string
	var suspended bool
	b.Queue(`select coalesce(recipient, ''), suspended_at is not null from person where id = $1 for share`, by.Person).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(&recipient, &suspended)
		}
		return rows.Err()
	})
	return func() error {
		switch {
		case recipient == "" || string(by.Kind) != recipient:
			return mayNot(WhyNotMember)
		case suspended:
			return mayNot(WhySuspended)
		}
		return nil
	}
}

// Receiving is a recipient, and since when they are one.
type Receiving struct {
	Person
	Since time.Time
}

// Recipients lists those that there are, for an administrator, by sort, department and name. Others get ErrMayNot.
func (d *Directory) Recipients(ctx context.Context, by journal.Actor) ([]Receiving, error) {
	var out []Receiving
	err := d.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := AskAdministrator(ctx, tx, by); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select `+personColumns+`, a.created_at from person a where a.recipient is not null order by a.recipient, a.department_code, a.usual_name, a.given_name, a.id`)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Receiving, error) {
			var p Receiving
			err := row.Scan(append(p.fields(), &p.Since)...)
			return p, err
		})
		return err
	})
	return out, db.Found("list recipients", err)
}

// EndReceiving ends the office of a recipient, suspended or not, by an administrator or by the operator: their sessions end with it, and they are told (message receiving_ended). It
// returns db.ErrNotFound for nobody, db.ErrConflict for who is none, ErrMayNot and ErrFactorTooOld.
func (d *Directory) EndReceiving(ctx context.Context, by journal.Actor, person uuid.UUID) error {
	return d.change(ctx, by, person, "end a recipient's office", func(tx *journal.Tx) (journal.Event, error) {
		event := journal.Event{Action: "person.office_ended", Detail: personChanged{Person: person.String()}}
		if err := tx.ExecOne(ctx, db.ErrConflict, `update person set recipient = null, department_code = null where id = $1 and recipient is not null`, person); err != nil {
			return event, err
		}
		if err := d.end(ctx, tx, person, uuid.Nil); err != nil {
			return event, fmt.Errorf("end sessions: %w", err)
		}
		return event, d.tell(tx.Tx, tx.Now, Message{Kind: "receiving_ended", About: person.String() + " " + journal.TimeText(tx.Now), Person: person})
	})
}
