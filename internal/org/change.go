package org

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// personChanged is the detail of the entries that tell of a person.
type personChanged struct {
	Person string   `json:"person"`
	Roles  []string `json:"roles,omitempty"`
}

// Suspend takes away a person's right to do anything, everywhere, until Resume: their sessions and logins end with it. It
// returns db.ErrNotFound for nobody and db.ErrConflict for who is suspended already.
func (d *Directory) Suspend(ctx context.Context, by journal.Actor, person uuid.UUID) error {
	return d.change(ctx, by, person, "suspend person", func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "person.suspended", Detail: personChanged{Person: person.String()}},
			one(tx.Exec(ctx, `update person set suspended_at = $2 where id = $1 and suspended_at is null`, person, tx.Now))
	})
}

// Resume lifts a suspension. It returns db.ErrNotFound for nobody and db.ErrConflict for who is not suspended.
func (d *Directory) Resume(ctx context.Context, by journal.Actor, person uuid.UUID) error {
	return d.change(ctx, by, person, "resume person", func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "person.resumed", Detail: personChanged{Person: person.String()}},
			one(tx.Exec(ctx, `update person set suspended_at = null where id = $1 and suspended_at is not null`, person))
	})
}

// Join gives a person a role in an organisation, for the first time or again. It returns db.ErrNotFound for nobody and
// db.ErrConflict for who has that role.
func (d *Directory) Join(ctx context.Context, by journal.Actor, person, organisation uuid.UUID, role string) error {
	return d.change(ctx, by, person, "join organisation", func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "person.joined", Organisation: organisation, Detail: personChanged{person.String(), []string{role}}},
			one(tx.Exec(ctx, `insert into membership (organisation_id, person_id, role, created_at) values ($1, $2, $3, $4)
				on conflict (organisation_id, person_id, role) do update set created_at = excluded.created_at, ended_at = null where membership.ended_at is not null`,
				organisation, person, role, tx.Now))
	})
}

// Leave ends a person's role in an organisation. It returns db.ErrNotFound for nobody and db.ErrConflict for who has not
// that role.
func (d *Directory) Leave(ctx context.Context, by journal.Actor, person, organisation uuid.UUID, role string) error {
	return d.change(ctx, by, person, "leave organisation", func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "person.left", Organisation: organisation, Detail: personChanged{person.String(), []string{role}}},
			one(tx.Exec(ctx, `update membership set ended_at = $4 where organisation_id = $1 and person_id = $2 and role = $3 and ended_at is null`,
				organisation, person, role, tx.Now))
	})
}

// Close ends an organisation, and every role in it: nobody acts for it from then on. It returns db.ErrConflict when there is
// none that is open.
func (d *Directory) Close(ctx context.Context, by journal.Actor, organisation uuid.UUID) error {
	// Its people are locked, as their acts lock themselves (see MayAct): none of them comes after this one.
	lock := &pgx.Batch{}
	lock.Queue(`select from person where id in (select person_id from membership where organisation_id = $1) order by id for no key update`, organisation)
	lock.Queue(`select from membership where organisation_id = $1 order by person_id, role for no key update`, organisation)
	err := d.journal.RecordAfter(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
		tx.Queue(`update membership set ended_at = $2 where organisation_id = $1 and ended_at is null`, organisation, tx.Now)
		return journal.Event{Action: "organisation.closed", Organisation: organisation},
			one(tx.Exec(ctx, `update organisation set active = false where id = $1 and active`, organisation))
	})
	if err != nil {
		return fmt.Errorf("close organisation: %w", err)
	}
	return nil
}

// change is an act on one person, who is locked with their roles before the clock is read: an act of theirs that is under way
// comes first.
func (d *Directory) change(ctx context.Context, by journal.Actor, person uuid.UUID, doing string, f func(*journal.Tx) (journal.Event, error)) error {
	lock := &pgx.Batch{}
	lock.Queue(`select id from person where id = $1 for no key update`, person).QueryRow(func(row pgx.Row) error {
		var id uuid.UUID
		return row.Scan(&id)
	})
	lock.Queue(`select from membership where person_id = $1 order by organisation_id, role for no key update`, person)
	return found(doing, d.journal.RecordAfter(ctx, by, lock, f))
}

// one is db.ErrConflict unless a statement changed one row.
func one(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.RowsAffected() != 1 {
		return db.ErrConflict
	}
	return err
}
