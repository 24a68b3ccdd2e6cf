package org

import (
	"errors"

	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// ErrMayNot says that this person may not act for this organisation now: not an aidant there, suspended, or the
// organisation is closed.
var ErrMayNot = errors.New("this person may not act for this organisation")

// MayAct queues the question whether the actor is an aidant of their organisation now, with the act's first statements.
// The answer is read by calling the returned function inside the act.
//
// The rows of the person and of their role are locked against change until the act ends: a suspension, or the end of the role,
// waits for it or comes first, never between. Both are locked because a statement that has waited looks again at the rows that it
// locks, and at no others: a role that ended meanwhile would still count.
func MayAct(b *pgx.Batch, by journal.Actor) func() error { return MayActFor(b, by, &Organisation{}) }

// MayActFor is MayAct that also reads the organisation, as it is then, into o.
func MayActFor(b *pgx.Batch, by journal.Actor, o *Organisation) func() error {
	var yes bool
	b.Queue(`select `+organisationColumns+` from person p join membership m on m.person_id = p.id join organisation o on o.id = m.organisation_id
		where p.id = $1 and o.id = $2 and m.role = 'aidant' and m.ended_at is null and p.suspended_at is null and o.active for share of p, m`,
		by.Person, by.Organisation).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if yes = rows.Next(); yes {
			return rows.Scan(o.fields()...)
		}
		return rows.Err()
	})
	return func() error {
		if !yes || by.Kind != journal.Aidant {
			return ErrMayNot
		}
		return nil
	}
}
