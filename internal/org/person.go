package org

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// Person is a professional who signs in.
type Person struct {
	ID                           uuid.UUID
	Issuer, Sub                  string // how ProConnect names them, "" for who signs in otherwise; only AddPerson reads it
	Email                        string // in lower case
	GivenName, UsualName         string
	Profession                   string
	Phone                        string // E.164, "" for none
	Lang                         string // "fr" or "en"; "" is "fr"
	DigitalAdviser               bool   // conseiller numérique
	Auditor, Administrator       bool
	Recipient                    string // Fraud, Prefecture, "" for who is none
	Department                   string // whose prefecture's recipient they are, its code; else ""
	Suspended                    bool
	SuspendedWhy                 string // Decided or Inactive
	EmailVerified, PhoneVerified bool
	Memberships                  []Membership
}

// Why a person is suspended everywhere.
const (
	Decided  = "decided"  // by an administrator
	Inactive = "inactive" // they did not sign in for six months
)

// Membership is one role of a person in an organisation that is active.
type Membership struct {
	Organisation Organisation
	Role         string
	Suspended    bool     // there
	Procedures   []string // what they may do there as aidant; nil is every procedure of the organisation
}

type personAdded struct {
	Person        string   `json:"person"`
	Subject       string   `json:"subject_sha256,omitempty"`
	Roles         []string `json:"roles,omitempty"`
	Auditor       bool     `json:"auditor,omitempty"`
	Administrator bool     `json:"administrator,omitempty"`
	Recipient     string   `json:"recipient,omitempty"`
	Department    string   `json:"department,omitempty"`
	Invitation    string   `json:"invitation,omitempty"`
	GivenBy       string   `json:"given_by,omitempty"` // who made the invitation: what Second asks
}

// AddPerson adds a professional, with roles in an organisation unless that is the nil id (auditors, administrators and recipients belong to none).
// It is for the program: seeds, tests, and the operator on the command line, who vouches for the address. Others are invited. It
// returns db.ErrConflict when the e-mail address or the ProConnect identity is known, ErrOneOffice for more than one of a role, an
// auditor's, an administrator's and a recipient's office, ErrRecipient for a recipient of no sort or department, ErrMayNot for any other actor.
func (d *Directory) AddPerson(ctx context.Context, by journal.Actor, p Person, organisation uuid.UUID, roles ...string) (uuid.UUID, error) {
	if by.Kind != journal.System {
		return uuid.Nil, mayNot(WhyNotMember)
	}
	p.ID = token.ID()
	err := d.journal.Record(ctx, by, func(tx *journal.Tx) (journal.Event, error) {
		return add(ctx, tx, Admission{Person: p, Organisation: organisation, Roles: roles})
	})
	if db.Unique(err, "") {
		return uuid.Nil, db.ErrConflict
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("add person: %w", err)
	}
	return p.ID, nil
}

// add is the part of an act that adds a person.
func add(ctx context.Context, tx *journal.Tx, a Admission) (journal.Event, error) {
	p := a.Person
	if count(len(a.Roles) > 0, p.Auditor, p.Administrator, p.Recipient != "") > 1 {
		return journal.Event{}, ErrOneOffice
	}
	if !p.recipientStands() {
		return journal.Event{}, ErrRecipient
	}
	if p.Lang == "" {
		p.Lang = "fr"
	}
	batch := &pgx.Batch{}
	batch.Queue(`insert into person (id, email, given_name, usual_name, auditor, administrator, profession, digital_adviser, phone, lang, email_verified_at, created_at, appointed_by, appointed_at, recipient, department_code)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, case when $11 then $12::timestamptz end, $12, case when $6 then $13::uuid end, case when $6 then $12::timestamptz end, $14, $15)`,
		p.ID, strings.ToLower(p.Email), p.GivenName, p.UsualName, p.Auditor, p.Administrator, p.Profession, p.DigitalAdviser, db.OrNull(p.Phone), p.Lang, p.EmailVerified, tx.Now, db.OrNull(a.InvitedBy), db.OrNull(p.Recipient), db.OrNull(p.Department))
	detail := personAdded{Person: p.ID.String(), Roles: a.Roles, Auditor: p.Auditor, Administrator: p.Administrator, Recipient: p.Recipient, Department: p.Department, Invitation: idText(a.Invitation), GivenBy: idText(a.InvitedBy)}
	if p.Sub != "" {
		detail.Subject = identify(batch, tx, p.ID, p.Issuer, p.Sub)
	}
	for _, role := range a.Roles {
		batch.Queue(`insert into membership (organisation_id, person_id, role, created_at, given_by) values ($1, $2, $3, $4, $5)`, a.Organisation, p.ID, role, tx.Now, db.OrNull(a.InvitedBy))
	}
	err := tx.SendBatch(ctx, batch).Close()
	a.noteGivers(tx)
	return journal.Event{Action: "person.added", Organisation: a.Organisation, Detail: detail}, err
}

func count(conditions ...bool) int {
	n := 0
	for _, c := range conditions {
		if c {
			n++
		}
	}
	return n
}

func idText(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

const personColumns = `a.id, a.email, a.given_name, a.usual_name, a.profession, coalesce(a.phone, ''), a.lang, a.digital_adviser, a.auditor, a.administrator,
	a.suspended_at is not null, coalesce(a.suspended_why, ''), a.email_verified_at is not null, a.phone_verified_at is not null, coalesce(a.recipient, ''), coalesce(a.department_code, '')`

func (p *Person) fields() []any {
	return []any{&p.ID, &p.Email, &p.GivenName, &p.UsualName, &p.Profession, &p.Phone, &p.Lang, &p.DigitalAdviser, &p.Auditor, &p.Administrator,
		&p.Suspended, &p.SuspendedWhy, &p.EmailVerified, &p.PhoneVerified, &p.Recipient, &p.Department}
}

// Recognise finds the person whom ProConnect names by issuer and sub, if that name was confirmed. It returns db.ErrNotFound when
// nobody is known by it.
func (d *Directory) Recognise(ctx context.Context, issuer, sub string) (Person, error) {
	return d.person(ctx, `a.id = (select i.person_id from person_identity i where i.issuer = $1 and i.sub = $2 and i.state = 'confirmed')`, issuer, sub)
}

// Find finds a person by id, or returns db.ErrNotFound.
func (d *Directory) Find(ctx context.Context, person uuid.UUID) (Person, error) {
	return d.person(ctx, `a.id = $1`, person)
}

// FindByEmail finds a person by their address, or returns db.ErrNotFound. An address alone opens nothing.
func (d *Directory) FindByEmail(ctx context.Context, email string) (Person, error) {
	return d.person(ctx, `a.email = $1`, strings.ToLower(email))
}

func (d *Directory) person(ctx context.Context, where string, args ...any) (Person, error) {
	var p Person
	err := d.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `select `+personColumns+` from person a where `+where, args...).Scan(p.fields()...); err != nil {
			return err
		}
		var err error
		p.Memberships, err = memberships(ctx, tx, p.ID)
		return err
	})
	return p, db.Found("find person", err)
}

// memberships reads the roles that somebody has in active organisations, suspended there or not.
func memberships(ctx context.Context, tx pgx.Tx, person uuid.UUID) ([]Membership, error) {
	rows, err := tx.Query(ctx, `select `+organisationColumns+`, m.role, m.suspended_at is not null, m.procedures
		from membership m join organisation o on o.id = m.organisation_id
		where m.person_id = $1 and m.ended_at is null and o.active order by o.name, o.id, m.role`, person)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Membership, error) {
		var m Membership
		err := row.Scan(append(m.Organisation.fields(), &m.Role, &m.Suspended, &m.Procedures)...)
		return m, err
	})
}
