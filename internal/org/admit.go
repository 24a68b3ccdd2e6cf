package org

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Admission is what an invitation that was accepted gives.
type Admission struct {
	Person       Person // its ID is given beforehand; of one who is known, nothing else counts
	Known        bool   // the person is there already
	Organisation uuid.UUID
	Roles        []string // in the organisation; none: they become an administrator
	Invitation   uuid.UUID
	InvitedBy    uuid.UUID // who made it; nil: the operator
	ConfirmedBy  uuid.UUID // that of an administrator; nil: the operator
}

// Admit is the part of the act of accepting an invitation that adds the person, or gives one who is known the roles that they have not. It returns
// the event of the act. Errors: db.ErrConflict when there is nothing to give or the e-mail address or identity is somebody's, ErrOneOffice,
// ErrMayNot for a person who is suspended, everywhere or there.
func Admit(ctx context.Context, tx *journal.Tx, a Admission) (journal.Event, error) {
	if !a.Known {
		a.Person.Administrator = len(a.Roles) == 0
		event, err := add(ctx, tx, a)
		if db.Unique(err, "") {
			err = db.ErrConflict
		}
		return event, err
	}
	var other, administrator, suspended, member bool
	err := tx.QueryRow(ctx, `select auditor or recipient is not null, administrator, suspended_at is not null from person where id = $1 for no key update`, a.Person.ID).
		Scan(&other, &administrator, &suspended)
	if err != nil || suspended {
		return journal.Event{}, errors.Join(err, when(suspended, mayNot(WhySuspended)))
	}
	if len(a.Roles) > 0 {
		return joinAll(ctx, tx, a)
	}
	err = tx.QueryRow(ctx, `select exists (select from membership where person_id = $1 and ended_at is null)`, a.Person.ID).Scan(&member)
	if err != nil || other || member {
		return journal.Event{}, errors.Join(err, when(other || member, ErrOneOffice))
	}
	a.noteGivers(tx)
	return journal.Event{Action: "person.appointed", Detail: personAdded{Person: a.Person.ID.String(), Invitation: idText(a.Invitation), GivenBy: idText(a.InvitedBy)}},
		tx.ExecOne(ctx, db.ErrConflict, `update person set administrator = true, appointed_by = $2, appointed_at = $3 where id = $1 and not administrator`, a.Person.ID, db.OrNull(a.InvitedBy), tx.Now)
}

// joinAll gives a known person the roles they have not.
func joinAll(ctx context.Context, tx *journal.Tx, a Admission) (journal.Event, error) {
	rows, err := tx.Query(ctx, `select r from unnest($3::text[]) r where not exists
		(select from membership m where m.organisation_id = $1 and m.person_id = $2 and m.role = r and m.ended_at is null) order by r`, a.Organisation, a.Person.ID, a.Roles)
	if err != nil {
		return journal.Event{}, err
	}
	missing, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(missing) == 0 {
		return journal.Event{}, errors.Join(err, when(err == nil, db.ErrConflict))
	}
	for _, role := range missing {
		if err := join(ctx, tx, a.Person.ID, a.Organisation, role, a.InvitedBy); err != nil {
			return journal.Event{}, err
		}
	}
	return journal.Event{Action: "person.joined", Organisation: a.Organisation,
		Detail: personAdded{Person: a.Person.ID.String(), Roles: missing, Invitation: idText(a.Invitation), GivenBy: idText(a.InvitedBy)}}, nil
}

// noteGivers queues who gives what is accepted: who invited, and who confirmed that.
func (a Admission) noteGivers(tx *journal.Tx) {
	noteGiver(tx, a.Person.ID, a.Organisation, a.InvitedBy)
	noteGiver(tx, a.Person.ID, a.Organisation, a.ConfirmedBy)
}

// noteGiver queues that somebody gave a person a role in an organisation, or (nil) an administrator's office: it is never forgotten, as office_second asks for it.
func noteGiver(tx *journal.Tx, person, organisation, giver uuid.UUID) {
	if giver != uuid.Nil {
		tx.Queue(`insert into person_giver (person_id, organisation_id, giver_id, given_at) values ($1, $2, $3, $4) on conflict do nothing`, person, db.OrNull(organisation), giver, tx.Now)
	}
}
