package org

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// tellThere queues a message to somebody about an organisation. What it is about begins with the organisation's id, by which whoever writes the
// message knows its name.
func (d *Directory) tellThere(tx *journal.Tx, kind string, organisation, person uuid.UUID) error {
	about := organisation.String() + " " + person.String() + " " + journal.TimeText(tx.Now)
	return d.tell(tx.Tx, tx.Now, Message{Kind: kind, About: about, Person: person})
}

// tellNamed tells who has become a referent. That somebody has the role of aidant says little: their certificate tells them when they may act.
func (d *Directory) tellNamed(tx *journal.Tx, role string, organisation, person uuid.UUID) error {
	if role != RoleReferent {
		return nil
	}
	return d.tellThere(tx, "referent_named", organisation, person)
}

// tellEnded tells whose role has ended.
func (d *Directory) tellEnded(tx *journal.Tx, role string, organisation, person uuid.UUID) error {
	kind := "role_ended"
	if role == RoleReferent {
		kind = "referent_ended"
	}
	return d.tellThere(tx, kind, organisation, person)
}

// tellMembers queues a message to everybody who works for an organisation and may sign in.
func (d *Directory) tellMembers(ctx context.Context, tx *journal.Tx, kind string, organisation uuid.UUID) error {
	rows, err := tx.Query(ctx, `select distinct m.person_id from membership m join person a on a.id = m.person_id
		where m.organisation_id = $1 and m.ended_at is null and `+free, organisation)
	if err != nil {
		return err
	}
	people, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	for _, p := range people {
		err = errors.Join(err, d.tellThere(tx, kind, organisation, p))
	}
	return err
}
