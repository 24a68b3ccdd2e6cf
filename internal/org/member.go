package org

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/procedure"
)

// SuspendIn takes away a colleague's right to do anything in the referent's organisation, at once, until ResumeIn; elsewhere they go on.
// It returns db.ErrNotFound for who has no role there, db.ErrConflict for who is suspended there already, ErrYourself, ErrMayNot,
// ErrFactorTooOld.
func (d *Directory) SuspendIn(ctx context.Context, by journal.Actor, person uuid.UUID) error {
	if person == by.Person {
		return ErrYourself
	}
	return d.run(ctx, by, person, "suspend a colleague", func(tx *journal.Tx) (journal.Event, error) {
		err := some(tx.Exec(ctx, `update membership set suspended_at = $3 where organisation_id = $1 and person_id = $2 and ended_at is null and suspended_at is null`,
			by.Organisation, person, tx.Now))
		if err == nil {
			err = d.tellThere(tx, "suspended_there", by.Organisation, person)
		}
		return journal.Event{Action: "person.suspended_there", Detail: personChanged{Person: person.String()}}, err
	})
}

// ResumeIn lifts what SuspendIn did, and tells them; they sign in again. It returns db.ErrConflict for who is not suspended there, ErrUnderInquiry, and otherwise what SuspendIn does.
func (d *Directory) ResumeIn(ctx context.Context, by journal.Actor, person uuid.UUID) error {
	return d.run(ctx, by, person, "reinstate a colleague", func(tx *journal.Tx) (journal.Event, error) {
		if err := underInquiry(ctx, tx, person, by.Organisation); err != nil {
			return journal.Event{}, err
		}
		err := some(tx.Exec(ctx, `update membership set suspended_at = null where organisation_id = $1 and person_id = $2 and ended_at is null and suspended_at is not null`,
			by.Organisation, person))
		if err == nil {
			err = errors.Join(d.end(ctx, tx, person, by.Organisation), d.tellThere(tx, "resumed_there", by.Organisation, person))
		}
		return journal.Event{Action: "person.resumed_there", Detail: personChanged{Person: person.String()}}, err
	})
}

// GiveRole gives a colleague another role in the referent's organisation: names a co-referent, who is told, or makes a referent an aidant too. It returns
// db.ErrNotFound for who has no role there, db.ErrConflict for who has that role, has left, or is suspended there.
func (d *Directory) GiveRole(ctx context.Context, by journal.Actor, person uuid.UUID, role string) error {
	return d.run(ctx, by, person, "give a role", func(tx *journal.Tx) (journal.Event, error) {
		event := journal.Event{Action: "person.joined", Detail: personAdded{Person: person.String(), Roles: []string{role}}}
		var works bool
		err := tx.QueryRow(ctx, `select exists (select from membership where organisation_id = $1 and person_id = $2 and ended_at is null and suspended_at is null)`,
			by.Organisation, person).Scan(&works)
		if err != nil || !works {
			return event, errors.Join(err, when(!works, db.ErrConflict))
		}
		if err := join(ctx, tx, person, by.Organisation, role, by.Person); err != nil {
			return event, err
		}
		return event, d.tellNamed(tx, role, by.Organisation, person)
	})
}

// TakeRole ends a role of a colleague, or of the referent themselves, in the referent's organisation, with every session of theirs for it, and tells
// them. Who has none left has left. It returns db.ErrConflict for who has not that role, ErrLastReferent for the last referent who may act and can sign in, and otherwise what SuspendIn does.
func (d *Directory) TakeRole(ctx context.Context, by journal.Actor, person uuid.UUID, role string) error {
	return d.run(ctx, by, person, "take a role", func(tx *journal.Tx) (journal.Event, error) {
		event := journal.Event{Action: "person.left", Detail: personChanged{person.String(), []string{role}}}
		err := tx.ExecOne(ctx, db.ErrConflict, `update membership set ended_at = $4 where organisation_id = $1 and person_id = $2 and role = $3 and ended_at is null`,
			by.Organisation, person, role, tx.Now)
		if err != nil {
			return event, err
		}
		var kept bool
		err = tx.QueryRow(ctx, `select exists (select from membership m join person a on a.id = m.person_id
			where m.organisation_id = $1 and m.role = 'referent' and m.ended_at is null and `+free+` and `+SignsIn+`)`, by.Organisation).Scan(&kept)
		if err == nil && !kept {
			err = ErrLastReferent
		}
		if err != nil {
			return event, err
		}
		if err := d.end(ctx, tx, person, by.Organisation); err != nil {
			return event, err
		}
		return event, d.tellEnded(tx, role, by.Organisation, person)
	})
}

type limited struct {
	Person     string   `json:"person,omitempty"`
	Procedures []string `json:"procedures,omitempty"`
}

// LimitProcedures says which procedures an aidant of the referent's organisation may act for there; nil is every one of the organisation's. What
// is under way for others stops at once; mandates stay. It returns ErrYourself for one's own limit, db.ErrConflict for who is no aidant there,
// ErrParticulars for an empty list, more than 200, or one that is not in the newest catalogue.
func (d *Directory) LimitProcedures(ctx context.Context, by journal.Actor, person uuid.UUID, procedures []string) error {
	if err := limitable(procedures); err != nil {
		return err
	}
	if person == by.Person {
		return ErrYourself
	}
	return d.run(ctx, by, person, "limit procedures", func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "person.limited", Detail: limited{person.String(), procedures}},
			tx.ExecOne(ctx, db.ErrConflict, `update membership set procedures = $3, limited_at = $4 where organisation_id = $1 and person_id = $2 and role = 'aidant' and ended_at is null`,
				by.Organisation, person, procedures, tx.Now)
	})
}

// LimitOrganisation says what mandates of an organisation may be about; nil is every procedure. An administrator does it, or the program: its
// referents limit its people within that (LimitProcedures), and widen nothing. What is under way for others stops at once; mandates stay. Errors:
// ErrParticulars as LimitProcedures, db.ErrConflict for none that is open, ErrMayNot, ErrFactorTooOld.
func (d *Directory) LimitOrganisation(ctx context.Context, by journal.Actor, organisation uuid.UUID, procedures []string) error {
	if err := limitable(procedures); err != nil {
		return err
	}
	return d.onOrganisation(ctx, by, organisation, "limit organisation", func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "organisation.limited", Organisation: organisation, Detail: limited{Procedures: procedures}},
			tx.ExecOne(ctx, db.ErrConflict, `update organisation set procedures = $2, limited_at = $3 where id = $1 and closed_at is null`, organisation, procedures, tx.Now)
	})
}

// limitable returns ErrParticulars for a limit that is none: to nothing, or to what the newest catalogue does not hold. A limit made by
// an older one stays as it is until it is changed.
func limitable(procedures []string) error {
	c, err := procedure.Load()
	if err != nil {
		return err
	}
	unknown := func(key string) bool { _, known := c.Find(key); return !known }
	if procedures != nil && (len(procedures) == 0 || len(procedures) > 200 || slices.ContainsFunc(procedures, unknown)) {
		return ErrParticulars
	}
	return nil
}

// some is db.ErrConflict unless a statement changed a row.
func some(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.RowsAffected() == 0 {
		return db.ErrConflict
	}
	return err
}
