package org

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// personChanged is the detail of the entries that tell of a person.
type personChanged struct {
	Person string   `json:"person"`
	Roles  []string `json:"roles,omitempty"`
}

type personSuspended struct {
	Person string `json:"person"`
	Why    string `json:"why"`
}

// Suspend takes away a person's right to do anything, everywhere, until Resume: their sessions and logins end with it. An
// administrator or the program does it. It returns db.ErrNotFound for nobody, db.ErrConflict for who is suspended already, ErrYourself,
// ErrLastAdministrator, ErrMayNot and ErrFactorTooOld.
func (d *Directory) Suspend(ctx context.Context, by journal.Actor, person uuid.UUID) error {
	if by.Person == person && by.Kind != journal.System {
		return ErrYourself
	}
	return d.change(ctx, by, person, "suspend person", func(tx *journal.Tx) (journal.Event, error) {
		event := journal.Event{Action: "person.suspended", Detail: personSuspended{person.String(), Decided}}
		if err := leavesTwo(ctx, tx, person); err != nil {
			return event, err
		}
		err := tx.ExecOne(ctx, db.ErrConflict, `update person set suspended_at = $2, suspended_why = 'decided' where id = $1 and suspended_at is null`, person, tx.Now)
		if err == nil {
			err = d.tell(tx.Tx, tx.Now, Message{Kind: "suspended", About: person.String() + " " + journal.TimeText(tx.Now), Person: person})
		}
		return event, err
	})
}

// Resume lifts a suspension everywhere, and tells them; they sign in again. A referent of an organisation where the person works may do it for who was inactive, an
// administrator for anybody. It returns db.ErrNotFound for nobody, or nobody there, db.ErrConflict for who is not suspended (for a
// referent: for that), ErrUnderInquiry, ErrMayNot and ErrFactorTooOld.
func (d *Directory) Resume(ctx context.Context, by journal.Actor, person uuid.UUID) error {
	act, where, args := d.change, `suspended_at is not null`, []any{person}
	if by.Kind == journal.Referent {
		act, where, args = d.run, `suspended_why = 'inactive' and exists (select from membership where organisation_id = $2 and person_id = $1 and ended_at is null)`, append(args, by.Organisation)
	}
	return act(ctx, by, person, "resume person", func(tx *journal.Tx) (journal.Event, error) {
		if err := underInquiry(ctx, tx, person, uuid.Nil); err != nil {
			return journal.Event{}, err
		}
		err := tx.ExecOne(ctx, db.ErrConflict, `update person set suspended_at = null, suspended_why = null where id = $1 and `+where, args...)
		if err == nil {
			err = errors.Join(d.end(ctx, tx, person, uuid.Nil),
				d.tell(tx.Tx, tx.Now, Message{Kind: "resumed", About: person.String() + " " + journal.TimeText(tx.Now), Person: person}))
		}
		return journal.Event{Action: "person.resumed", Detail: personChanged{Person: person.String()}}, err
	})
}

// Join gives a person a role in an organisation, for the first time or again, by an administrator or the program; referents invite
// (internal/invitation) or give another role (GiveRole). It returns db.ErrNotFound for nobody, db.ErrConflict for who has that role,
// ErrOneOffice for auditors, administrators and recipients, ErrMayNot for who is suspended there.
func (d *Directory) Join(ctx context.Context, by journal.Actor, person, organisation uuid.UUID, role string) error {
	return d.change(ctx, by, person, "join organisation", func(tx *journal.Tx) (journal.Event, error) {
		err := join(ctx, tx, person, organisation, role, by.Person)
		if err == nil {
			err = d.tellNamed(tx, role, organisation, person)
		}
		return journal.Event{Action: "person.joined", Organisation: organisation, Detail: personAdded{Person: person.String(), Roles: []string{role}}}, err
	})
}

// join gives somebody, who is locked, a role, that giver gave. A suspension there is for all roles: another one is no way round it.
func join(ctx context.Context, tx *journal.Tx, person, organisation uuid.UUID, role string, giver uuid.UUID) error {
	var officer, suspended bool
	err := tx.QueryRow(ctx, `select auditor or administrator or recipient is not null, exists (select from membership m where m.organisation_id = $2 and m.person_id = a.id
		and m.ended_at is null and m.suspended_at is not null) from person a where a.id = $1`, person, organisation).Scan(&officer, &suspended)
	if err != nil || officer || suspended {
		return errors.Join(err, when(officer, ErrOneOffice), when(suspended, mayNot(WhySuspended)))
	}
	if err := underInquiry(ctx, tx, person, organisation); err != nil {
		return err
	}
	noteGiver(tx, person, organisation, giver)
	return tx.ExecOne(ctx, db.ErrConflict, `insert into membership (organisation_id, person_id, role, created_at, given_by) values ($1, $2, $3, $4, $5)
		on conflict (organisation_id, person_id, role) do update set created_at = excluded.created_at, given_by = excluded.given_by, ended_at = null, suspended_at = null, procedures = null
		where membership.ended_at is not null`, organisation, person, role, tx.Now, db.OrNull(giver))
}

func when(yes bool, err error) error {
	if yes {
		return err
	}
	return nil
}

// Leave ends a person's role in an organisation, with every session of theirs for it, by an administrator or the program (referents: TakeRole), and
// tells them. It returns db.ErrNotFound for nobody and db.ErrConflict for who has not that role.
func (d *Directory) Leave(ctx context.Context, by journal.Actor, person, organisation uuid.UUID, role string) error {
	return d.change(ctx, by, person, "leave organisation", func(tx *journal.Tx) (journal.Event, error) {
		err := tx.ExecOne(ctx, db.ErrConflict, `update membership set ended_at = $4 where organisation_id = $1 and person_id = $2 and role = $3 and ended_at is null`,
			organisation, person, role, tx.Now)
		if err == nil {
			err = d.end(ctx, tx, person, organisation)
		}
		if err == nil {
			err = d.tellEnded(tx, role, organisation, person)
		}
		return journal.Event{Action: "person.left", Organisation: organisation, Detail: personChanged{person.String(), []string{role}}}, err
	})
}

// Close ends an organisation, every role in it and every session for it: nobody acts for it from then on, and its people are told (message organisation_closed). It returns
// db.ErrConflict when there is none that is open.
func (d *Directory) Close(ctx context.Context, by journal.Actor, organisation uuid.UUID) error {
	return d.onOrganisation(ctx, by, organisation, "close organisation", func(tx *journal.Tx) (journal.Event, error) {
		event := journal.Event{Action: "organisation.closed", Organisation: organisation}
		if err := d.tellMembers(ctx, tx, "organisation_closed", organisation); err != nil {
			return event, err
		}
		if err := d.endThere(ctx, tx, organisation); err != nil {
			return event, err
		}
		tx.Queue(`update membership set ended_at = $2 where organisation_id = $1 and ended_at is null`, organisation, tx.Now)
		return event,
			tx.ExecOne(ctx, db.ErrConflict, `update organisation set active = false, closed_at = $2 where id = $1 and closed_at is null`, organisation, tx.Now)
	})
}

// SuspendOrganisation keeps everybody from acting for an organisation until ResumeOrganisation; roles and mandates stay as they are, and its
// people are told. It returns db.ErrConflict when there is none that is active.
func (d *Directory) SuspendOrganisation(ctx context.Context, by journal.Actor, organisation uuid.UUID) error {
	return d.onOrganisation(ctx, by, organisation, "suspend organisation", func(tx *journal.Tx) (journal.Event, error) {
		err := tx.ExecOne(ctx, db.ErrConflict, `update organisation set active = false where id = $1 and active`, organisation)
		if err == nil {
			err = d.tellMembers(ctx, tx, "organisation_suspended", organisation)
		}
		return journal.Event{Action: "organisation.suspended", Organisation: organisation}, err
	})
}

// ResumeOrganisation lets people act again for an organisation that was suspended, and tells them; they sign in again. It returns db.ErrConflict for any other.
func (d *Directory) ResumeOrganisation(ctx context.Context, by journal.Actor, organisation uuid.UUID) error {
	return d.onOrganisation(ctx, by, organisation, "resume organisation", func(tx *journal.Tx) (journal.Event, error) {
		event := journal.Event{Action: "organisation.resumed", Organisation: organisation}
		err := tx.ExecOne(ctx, db.ErrConflict, `update organisation set active = true where id = $1 and not active and closed_at is null`, organisation)
		if err != nil {
			return event, err
		}
		return event, errors.Join(d.endThere(ctx, tx, organisation), d.tellMembers(ctx, tx, "organisation_resumed", organisation))
	})
}

// endThere ends everybody's sessions for an organisation.
func (d *Directory) endThere(ctx context.Context, tx *journal.Tx, organisation uuid.UUID) error {
	rows, err := tx.Query(ctx, `select distinct person_id from membership where organisation_id = $1 and ended_at is null`, organisation)
	if err != nil {
		return err
	}
	people, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	for _, p := range people {
		err = errors.Join(err, d.end(ctx, tx, p, organisation))
	}
	return err
}

// onOrganisation is an administrator's act on an organisation. Its people are locked, as their acts lock themselves (see MayAct):
// none of them comes after this one.
func (d *Directory) onOrganisation(ctx context.Context, by journal.Actor, organisation uuid.UUID, doing string, f func(*journal.Tx) (journal.Event, error)) error {
	lock := &pgx.Batch{}
	lockEverybody(lock, organisation)
	if err := d.administer(ctx, by, lock, f); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// lockEverybody queues the locks of everybody who has a role in an organisation.
func lockEverybody(b *pgx.Batch, organisation uuid.UUID) {
	b.Queue(`select from person where id in (select person_id from membership where organisation_id = $1) order by id for no key update`, organisation)
	b.Queue(`select from membership where organisation_id = $1 order by person_id, role for no key update`, organisation)
}

// change is an administrator's act on one person, who is locked with their roles before the clock is read: an act of theirs that is
// under way comes first.
func (d *Directory) change(ctx context.Context, by journal.Actor, person uuid.UUID, doing string, f func(*journal.Tx) (journal.Event, error)) error {
	lock := &pgx.Batch{}
	there := lockPeople(lock, person, by.Person)
	lock.Queue(`select from membership where person_id = $1 order by organisation_id, role for no key update`, person)
	return db.Found(doing, d.administer(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
		if !*there {
			return journal.Event{}, db.ErrNotFound
		}
		return f(tx)
	}))
}

// lockPeople queues the locks of somebody and of who acts, in an order that all keep. It tells later whether the first is there.
func lockPeople(b *pgx.Batch, person, by uuid.UUID) *bool {
	there := new(bool)
	b.Queue(`select id from person where id = any ($1) order by id for no key update`, []uuid.UUID{person, by}).Query(func(rows pgx.Rows) error {
		ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		for _, id := range ids {
			*there = *there || id == person
		}
		return err
	})
	return there
}

// administer runs an act that only an administrator with a fresh second factor, or the program, may do.
func (d *Directory) administer(ctx context.Context, by journal.Actor, first *pgx.Batch, f func(*journal.Tx) (journal.Event, error)) error {
	allowed := mayAdminister(first, by, ` for no key update`)
	return d.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := allowed(); err != nil {
			return journal.Event{}, err
		}
		if err := Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		return f(tx)
	})
}
