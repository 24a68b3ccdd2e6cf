package org

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/journal"
)

func (r *right) wasLocked(tag pgconn.CommandTag) error {
	r.locked = tag.RowsAffected() == 1
	return nil
}

// lockRole queues the lock of the actor and their role.
func (r *right) lockRole(b *pgx.Batch, by journal.Actor, role string) {
	b.Queue(`select from person a join membership m on m.person_id = a.id where a.id = $1 and m.organisation_id = $2 and m.role = $3 for share of a, m`,
		by.Person, by.Organisation, role).Exec(r.wasLocked)
}

// ask queues the question what the actor's role is worth, and reads their organisation.
func (r *right) ask(b *pgx.Batch, by journal.Actor, role string, o *Organisation) {
	b.Queue(`select `+organisationColumns+`, m.procedures, `+free+`, `+agreed+`, `+entrusted+`, `+certified+`
		from person a join membership m on m.person_id = a.id join organisation o on o.id = m.organisation_id
		where a.id = $1 and o.id = $2 and m.role = $3 and m.ended_at is null`, by.Person, by.Organisation, role).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if r.member = rows.Next(); !r.member {
			return rows.Err()
		}
		err := rows.Scan(append(o.fields(), &r.limit, &r.free, &r.agreed, &r.entrusted, &r.certifiedUntil)...)
		r.active, o.Limit = o.Active, r.limit
		return err
	})
}

// acts is the rule who may act, for who is asked as an aidant.
func (r *right) acts(by journal.Actor, now time.Time) error {
	if err := r.reads(by); err != nil {
		return err
	}
	if r.certifiedUntil == nil || !now.Before(*r.certifiedUntil) {
		return mayNot(WhyCertificationOver)
	}
	return nil
}

// reads is the rule who may read, for who is asked as an aidant.
func (r *right) reads(by journal.Actor) error {
	if err := r.held(by, journal.Aidant); err != nil {
		return err
	}
	if !r.entrusted {
		return mayNot(WhyNotCertified)
	}
	return nil
}

// held is basic for a role whose row was locked.
func (r *right) held(by journal.Actor, kind journal.Kind) error {
	if err := r.basic(by, kind); err != nil {
		return err
	}
	if !r.locked {
		return mayNot(WhyNotMember) // it was given between the lock and the question
	}
	return nil
}

// basic is what every role asks.
func (r *right) basic(by journal.Actor, kind journal.Kind) error {
	switch {
	case !r.member || by.Kind != kind || by.Person == uuid.Nil:
		return mayNot(WhyNotMember)
	case !r.free:
		return mayNot(WhySuspended)
	case !r.active:
		return mayNot(WhyOrganisationClosed)
	case !r.agreed:
		return mayNot(WhyCharter)
	}
	return nil
}
