package org

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// run is an act of a referent on somebody who has, or had, a role in their organisation; anybody else is db.ErrNotFound. Both are locked with
// their roles there, and so is every referent's role: of two who leave at once, one is seen to be the last.
func (d *Directory) run(ctx context.Context, by journal.Actor, person uuid.UUID, doing string, f func(*journal.Tx) (journal.Event, error)) error {
	lock := &pgx.Batch{}
	lockPeople(lock, person, by.Person)
	member := false
	lock.Queue(`select person_id from membership where organisation_id = $1 and (person_id = any ($2) or role = 'referent') order by person_id, role for no key update`,
		by.Organisation, []uuid.UUID{person, by.Person}).Query(func(rows pgx.Rows) error {
		ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		for _, id := range ids {
			member = member || id == person
		}
		return err
	})
	r := right{locked: true}
	r.ask(lock, by, RoleReferent, &Organisation{})
	return found(doing, d.journal.RecordAfter(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
		if err := r.held(by, journal.Referent); err != nil {
			return journal.Event{}, err
		}
		if !member {
			return journal.Event{}, db.ErrNotFound
		}
		if err := Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		return f(tx)
	}))
}
