package org

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

type personAdded struct {
	Person  string   `json:"person"`
	Subject string   `json:"subject_sha256"`
	Roles   []string `json:"roles,omitempty"`
	Auditor bool     `json:"auditor,omitempty"`
}

// subjectDigest says in an entry by what a person is recognised. Who knows issuer and sub cannot look for it in an export:
// the salt, 32 random bytes, stands in the person's row only.
func (p *Person) subjectDigest(salt []byte) []byte {
	list, err := json.Marshal([]string{hex.EncodeToString(salt), p.Issuer, p.Sub})
	if err != nil {
		return nil // texts always have a form in JSON
	}
	sum := sha256.Sum256(list)
	return sum[:]
}

// AddPerson adds a professional, with roles in an organisation unless that is the nil id (auditors belong to none). It
// returns db.ErrConflict when the e-mail address or the ProConnect identity is known.
func (d *Directory) AddPerson(ctx context.Context, by journal.Actor, p Person, organisation uuid.UUID, roles ...string) (uuid.UUID, error) {
	p.ID = token.ID()
	salt := token.Bytes(32)
	err := d.journal.Record(ctx, by, func(tx *journal.Tx) (journal.Event, error) {
		batch := &pgx.Batch{}
		batch.Queue(`insert into person (id, issuer, sub, subject_salt, email, given_name, usual_name, auditor, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			p.ID, p.Issuer, p.Sub, salt, strings.ToLower(p.Email), p.GivenName, p.UsualName, p.Auditor, tx.Now)
		for _, role := range roles {
			batch.Queue(`insert into membership (organisation_id, person_id, role, created_at) values ($1, $2, $3, $4)`, organisation, p.ID, role, tx.Now)
		}
		err := tx.SendBatch(ctx, batch).Close()
		return journal.Event{Action: "person.added", Organisation: organisation, Detail: personAdded{p.ID.String(), hex.EncodeToString(p.subjectDigest(salt)), roles, p.Auditor}}, err
	})
	if db.Unique(err, "") {
		return uuid.Nil, db.ErrConflict
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("add person: %w", err)
	}
	return p.ID, nil
}

const personColumns = `id, issuer, sub, email, given_name, usual_name, auditor, suspended_at is not null`

func (p *Person) fields() []any {
	return []any{&p.ID, &p.Issuer, &p.Sub, &p.Email, &p.GivenName, &p.UsualName, &p.Auditor, &p.Suspended}
}

// Recognise finds the person whom ProConnect names by issuer and sub. It returns db.ErrNotFound when nobody is known by
// that name.
func (d *Directory) Recognise(ctx context.Context, issuer, sub string) (Person, error) {
	return d.person(ctx, `issuer = $1 and sub = $2`, issuer, sub)
}

// Find finds a person by id, or returns db.ErrNotFound.
func (d *Directory) Find(ctx context.Context, person uuid.UUID) (Person, error) {
	return d.person(ctx, `id = $1`, person)
}

// EmailTaken reports whether somebody has this address. It only explains a refusal; it never recognises anybody.
func (d *Directory) EmailTaken(ctx context.Context, email string) (bool, error) {
	var taken bool
	err := d.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select exists (select from person where email = $1)`, strings.ToLower(email)).Scan(&taken)
	})
	return taken, found("look for an address", err)
}

func (d *Directory) person(ctx context.Context, where string, args ...any) (Person, error) {
	var p Person
	err := d.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `select `+personColumns+` from person where `+where, args...).Scan(p.fields()...); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select `+organisationColumns+`, m.role from membership m join organisation o on o.id = m.organisation_id
			where m.person_id = $1 and m.ended_at is null and o.active order by o.name, m.role`, p.ID)
		if err != nil {
			return err
		}
		p.Memberships, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Membership, error) {
			var m Membership
			err := row.Scan(append(m.Organisation.fields(), &m.Role)...)
			return m, err
		})
		return err
	})
	return p, found("find person", err)
}
