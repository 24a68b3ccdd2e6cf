// Package org knows organisations, the people who work for them, and who may act for whom. It owns the tables
// organisation, person and membership.
//
// A person is recognised by ProConnect's issuer and sub, and by nothing else: two people may share an e-mail address over
// time, and an address alone never opens an account.
package org

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// The roles a person has in an organisation.
const (
	RoleAidant   = "aidant"   // draws up and uses mandates
	RoleReferent = "referent" // runs the organisation's people
)

// ErrSIRET says that an establishment number is not 14 digits with a right check digit.
var ErrSIRET = errors.New("not a SIRET number")

// Organisation is a body that receives mandates. SIRET identifies its establishment (14 digits).
type Organisation struct {
	ID                                                 uuid.UUID
	SIRET, Name, Address, Postcode, City, Phone, Email string
	Active                                             bool
}

// Person is a professional who signs in.
type Person struct {
	ID                   uuid.UUID
	Issuer, Sub          string // ProConnect's
	Email                string
	GivenName, UsualName string
	Auditor, Suspended   bool
	Memberships          []Membership
}

// Membership is one role of a person in an organisation that is active.
type Membership struct {
	Organisation Organisation
	Role         string
}

// Directory reads and changes organisations and people.
type Directory struct {
	db      *db.DB
	journal *journal.Journal
}

// New returns the directory kept in this database.
func New(d *db.DB, j *journal.Journal) *Directory {
	return &Directory{db: d, journal: j}
}

const organisationColumns = `o.id, o.siret, o.name, o.address, o.postcode, o.city, o.phone, o.email, o.active`

func (o *Organisation) fields() []any {
	return []any{&o.ID, &o.SIRET, &o.Name, &o.Address, &o.Postcode, &o.City, &o.Phone, &o.Email, &o.Active}
}

// Organisation finds an organisation, active or not. It returns db.ErrNotFound when there is none.
func (d *Directory) Organisation(ctx context.Context, id uuid.UUID) (Organisation, error) {
	var o Organisation
	err := d.db.Read(ctx, db.InOrganisation(id), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select `+organisationColumns+` from organisation o where id = $1`, id).Scan(o.fields()...)
	})
	return o, found("find organisation", err)
}

// Empty reports whether there is no organisation yet.
func (d *Directory) Empty(ctx context.Context) (bool, error) {
	var empty bool
	err := d.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select not exists (select from organisation)`).Scan(&empty)
	})
	return empty, found("look for organisations", err)
}

type organisationCreated struct {
	SIRET       string `json:"siret"`
	Particulars string `json:"particulars_sha256"`
}

// particulars is the SHA-256 of what attestations print of an organisation besides its number, as a list in JSON.
func (o *Organisation) particulars() []byte {
	list, err := json.Marshal([]string{o.Name, o.Address, o.Postcode, o.City, o.Phone, o.Email})
	if err != nil {
		return nil // texts always have a form in JSON
	}
	sum := sha256.Sum256(list)
	return sum[:]
}

// CreateOrganisation adds an organisation. It returns ErrSIRET for a malformed number and db.ErrConflict for a known one.
func (d *Directory) CreateOrganisation(ctx context.Context, by journal.Actor, o Organisation) (uuid.UUID, error) {
	if !ValidSIRET(o.SIRET) {
		return uuid.Nil, ErrSIRET
	}
	o.ID = token.ID()
	err := d.journal.Record(ctx, by, func(tx *journal.Tx) (journal.Event, error) {
		_, err := tx.Exec(ctx, `insert into organisation (id, siret, name, address, postcode, city, phone, email, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, o.ID, o.SIRET, o.Name, o.Address, o.Postcode, o.City, o.Phone, o.Email, tx.Now)
		return journal.Event{Action: "organisation.created", Organisation: o.ID, Detail: organisationCreated{o.SIRET, hex.EncodeToString(o.particulars())}}, err
	})
	if db.Unique(err, "organisation_siret_key") {
		return uuid.Nil, db.ErrConflict
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("create organisation: %w", err)
	}
	return o.ID, nil
}

// ValidSIRET reports whether s is 14 digits that pass the Luhn check. The establishments of La Poste follow a rule of
// their own (the sum of the digits is a multiple of five).
func ValidSIRET(s string) bool {
	if len(s) != 14 || strings.Trim(s, "0123456789") != "" {
		return false
	}
	luhn, sum := 0, 0
	for i := range 14 {
		n := int(s[i] - '0')
		sum += n
		if i%2 == 0 {
			n *= 2
		}
		luhn += n/10 + n%10
	}
	return luhn%10 == 0 || (strings.HasPrefix(s, "356000000") && sum%5 == 0)
}

func found(doing string, err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return db.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
