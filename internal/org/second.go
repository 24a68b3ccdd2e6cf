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

// Settled is how long somebody must have held an office, when something is asked, to be one of two who decide on it, unless the operator gave it them:
// a week in which colleagues see a new name in the team, and may ask whose it is.
const Settled = 7 * 24 * time.Hour

// ErrNotSecond says that somebody is no second person beside the first: one of them brought the other in, or one person both, or one is too new.
var ErrNotSecond = errors.New("this takes a second person whom the first did not bring in")

// Office is as what somebody decides. The nil person is the program, for the operator.
type Office struct {
	Person       uuid.UUID
	Organisation uuid.UUID // whose referent; nil: as administrator
}

// OfficeOf is as what an actor decides.
func OfficeOf(by journal.Actor) Office {
	if by.Kind == journal.Referent {
		return Office{by.Person, by.Organisation}
	}
	return Office{Person: by.Person}
}

// anySecond is SQL: whether an administrator other than $3 may be the second beside $1 in the office $2, or a referent of its organisation, when both
// have to be settled before $4, and can sign in to do it. Beside the operator every administrator may.
const anySecond = `exists (select from person a where a.administrator and a.id <> $3 and ` + SignsIn + ` and case when $1::uuid is null then a.suspended_at is null
		else office_second($1, $2::uuid, a.id, null, $4) end)
	or exists (select from membership m join person a on a.id = m.person_id where m.organisation_id = $2 and m.role = 'referent' and m.ended_at is null and a.id <> $3 and ` + SignsIn + `
		and office_second($1, $2, a.id, $2, $4))`

// Second asks, in an act that takes two people and was asked for at a time, whether second may decide beside first: ErrNotSecond if not. This is the rule for
// resets of factors, new administrators and names at ProConnect (docs/decisions/0015). The operator may when nobody else may, about anybody but
// subject: ErrMayNot while there is somebody.
func Second(ctx context.Context, tx *journal.Tx, first, second Office, subject uuid.UUID, asked time.Time) error {
	var yes bool
	switch {
	case second.Person == uuid.Nil:
		err := tx.QueryRow(ctx, `select not (`+anySecond+`)`, db.OrNull(first.Person), db.OrNull(first.Organisation), subject, asked.Add(-Settled)).Scan(&yes)
		return errors.Join(err, when(err == nil && !yes, mayNot(WhyNotMember)))
	case first.Person == uuid.Nil:
		return nil
	}
	err := tx.QueryRow(ctx, isSecond, pair(first, second, asked)...).Scan(&yes)
	return errors.Join(err, when(err == nil && !yes, ErrNotSecond))
}

const isSecond = `select $1::uuid is null or office_second($1, $2, $3, $4, $5)`

func pair(first, second Office, asked time.Time) []any {
	return []any{db.OrNull(first.Person), db.OrNull(first.Organisation), second.Person, db.OrNull(second.Organisation), asked.Add(-Settled)}
}

// MaySecond asks for a page what Second asks in an act of somebody.
func (d *Directory) MaySecond(ctx context.Context, first, second Office, asked time.Time) (bool, error) {
	var yes bool
	err := d.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error { return tx.QueryRow(ctx, isSecond, pair(first, second, asked)...).Scan(&yes) })
	return yes, db.Found("ask for a second person", err)
}

// leavesTwo is the part of an act that takes an administrator away: ErrLastAdministrator when another one does it and would then be the only active one who can sign in. So
// nobody makes themselves alone; the operator, on the command line, is the second person where it must be. Who acts is locked, and one of any two acts
// that could leave one together waits for the other.
func leavesTwo(ctx context.Context, tx *journal.Tx, person uuid.UUID) error {
	if tx.By.Kind == journal.System {
		return nil
	}
	var alone bool
	err := tx.QueryRow(ctx, `select exists (select from person where id = $1 and administrator and suspended_at is null)
		and (select count(*) < 2 from person a where administrator and suspended_at is null and id <> $1 and `+SignsIn+`)`, person).Scan(&alone)
	return errors.Join(err, when(alone, ErrLastAdministrator))
}
