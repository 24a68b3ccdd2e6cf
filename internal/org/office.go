package org

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// EndOffice ends the office of an administrator, suspended or not, by another one or by the operator on the command line: their sessions count no
// more from then on, and they are told (message office_ended). It takes two to make one (internal/invitation); nobody ends their own, and two who are active are left, or one when the
// operator ends it. It returns
// db.ErrNotFound for nobody, db.ErrConflict for who is no administrator, ErrYourself, ErrLastAdministrator, ErrMayNot and ErrFactorTooOld.
func (d *Directory) EndOffice(ctx context.Context, by journal.Actor, person uuid.UUID) error {
	if by.Person == person && by.Kind != journal.System {
		return ErrYourself
	}
	// Every administrator is locked, in the order of lockPeople: of two who would end each other, or of two ends at once, one comes first.
	lock := &pgx.Batch{}
	lock.Queue(`select from person where administrator or id = any ($1) order by id for no key update`, []uuid.UUID{person, by.Person})
	return db.Found("end an office", d.administer(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
		event := journal.Event{Action: "person.office_ended", Detail: personChanged{Person: person.String()}}
		var was, left bool
		err := tx.QueryRow(ctx, `select administrator, exists (select from person o where o.administrator and o.suspended_at is null and o.id <> p.id) from person p where id = $1`, person).Scan(&was, &left)
		switch {
		case err != nil:
			return event, err
		case !was:
			return event, db.ErrConflict
		case !left:
			return event, ErrLastAdministrator
		}
		if err := leavesTwo(ctx, tx, person); err != nil {
			return event, err
		}
		if err := tx.ExecOne(ctx, db.ErrConflict, `update person set administrator = false where id = $1 and administrator`, person); err != nil {
			return event, err
		}
		if err := d.end(ctx, tx, person, uuid.Nil); err != nil {
			return event, err
		}
		return event, d.tell(tx.Tx, tx.Now, Message{Kind: "office_ended", About: person.String() + " " + journal.TimeText(tx.Now), Person: person})
	}))
}

// Administer records an act of an administrator, with a fresh second factor, or of the program, on what belongs to neither an organisation nor a
// person. Others get ErrMayNot, and ErrFactorTooOld.
func (d *Directory) Administer(ctx context.Context, by journal.Actor, act func(*journal.Tx) (journal.Event, error)) error {
	return d.administer(ctx, by, &pgx.Batch{}, act)
}
