// Package org knows organisations, the people who work for them, and who may act for whom. It owns the tables organisation,
// person, person_identity, person_warning, person_giver and membership.
//
// A person is recognised by names that ProConnect gives them (issuer and sub), of which they may have several, each confirmed
// (identity.go), and never by an e-mail address: two people may share one over time. A person works for organisations, or is an
// auditor, or an administrator, or a recipient of a part of what is done (recipient.go): one of the four.
//
// Who may act is one rule, in right.go: an aidant there, suspended nowhere, certified, who has accepted the charter. It is asked
// again by every act, in its own transaction, and by the identity provider in its own statements.
package org

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// The roles a person has in an organisation.
const (
	RoleAidant   = "aidant"   // draws up and uses mandates
	RoleReferent = "referent" // runs the organisation's people
)

// What callers decide on.
var (
	ErrSIRET             = errors.New("not a SIRET number")                                                       // not 14 digits with a right check digit
	ErrOneOffice         = errors.New("a person works for organisations, or audits, or administers, or receives") // one of the four
	ErrYourself          = errors.New("nobody does this to themselves")                                           // suspending, confirming
	ErrLastReferent      = errors.New("an organisation keeps a referent")                                         // the last one that may act
	ErrLastAdministrator = errors.New("the service keeps an administrator")                                       // the last active one, or, for one of them, the last beside them
	ErrFactorTooOld      = errors.New("the second factor was given too long ago, or never")                       // see FactorLife
	ErrSeveralPlaces     = errors.New("this person works for several organisations")                              // an administrator does it then
	ErrParticulars       = errors.New("these particulars of an organisation or a person cannot be so")            // a form was passed by
)

// Organisation is a body that receives mandates. SIRET identifies its establishment (14 digits). Texts that are not known are "".
type Organisation struct {
	ID       uuid.UUID
	PublicID uuid.UUID // stands in addresses

	SIRET, Name, Address, AddressExtra, Postcode, City, Phone, Email string

	Kind, KindOther    string // one of Kinds; in words when it is "autre"
	INSEECode          string // of the municipality, five characters
	DepartmentCode     string // "2A", "974"
	FranceServices     string // number of the label
	HabilitationNumber string
	Procedures         []string // that its mandates may be about; nil is every one
	Limit              []string // those that the person who acts may do there, told by MayActFor and Acting; nil is every one
	Active             bool
	ClosedAt           *time.Time // it has ended; an organisation that is neither active nor closed is suspended
}

// Allows reports whether a mandate may be about a procedure here, for the person who acts if they were told.
func (o *Organisation) Allows(procedure string) bool {
	return (o.Procedures == nil || slices.Contains(o.Procedures, procedure)) && (o.Limit == nil || slices.Contains(o.Limit, procedure))
}

// Message is something that somebody is to be told by mail or SMS, from the act that causes it. Kinds are internal/notify's.
type Message struct {
	Kind       string
	About      string    // tells two messages of a kind from one
	Person     uuid.UUID // whom, or
	Invitation uuid.UUID // the invited, or
	Citizen    uuid.UUID // the citizen of
	Mandate    uuid.UUID // a mandate
	Former     string    // the citizen's address of before, sealed, if it goes there (citizen.Saved)
}

// Directory reads and changes organisations and people.
type Directory struct {
	db      *db.DB
	journal *journal.Journal
	tell    func(tx *db.Tx, now time.Time, m Message) error
	end     func(ctx context.Context, tx *journal.Tx, person, organisation uuid.UUID) error
}

// New returns the directory kept in this database. It tells nobody anything (see Telling) and ends no session (see Ending).
func New(d *db.DB, j *journal.Journal) *Directory {
	return &Directory{db: d, journal: j, tell: func(*db.Tx, time.Time, Message) error { return nil }, end: func(context.Context, *journal.Tx, uuid.UUID, uuid.UUID) error { return nil }}
}

// Telling returns the same directory whose acts queue messages, each in its own transaction.
func (d *Directory) Telling(queue func(tx *db.Tx, now time.Time, m Message) error) *Directory {
	return &Directory{db: d.db, journal: d.journal, tell: queue, end: d.end}
}

// Ending returns the same directory whose acts end sessions, each in its own transaction. A session counts no more at once when its
// person or organisation is suspended: that is asked at each request. Once they are taken back it would count again, also for
// whoever has a copy of its cookie, and so it ends with that act: those for one organisation, or, for the nil id, all of them.
func (d *Directory) Ending(sessions func(ctx context.Context, tx *journal.Tx, person, organisation uuid.UUID) error) *Directory {
	return &Directory{db: d.db, journal: d.journal, tell: d.tell, end: sessions}
}

// Tell queues a message in the transaction that causes it.
func (d *Directory) Tell(tx *db.Tx, now time.Time, m Message) error { return d.tell(tx, now, m) }

const organisationColumns = `o.id, o.public_id, o.siret, o.name, o.address, o.address_extra, o.postcode, o.city, o.phone, o.email, o.kind, coalesce(o.kind_other, ''),
	coalesce(o.insee_code, ''), coalesce(o.department_code, ''), coalesce(o.france_services, ''), coalesce(o.habilitation_number, ''), o.procedures, o.active, o.closed_at`

func (o *Organisation) fields() []any {
	return []any{&o.ID, &o.PublicID, &o.SIRET, &o.Name, &o.Address, &o.AddressExtra, &o.Postcode, &o.City, &o.Phone, &o.Email, &o.Kind, &o.KindOther,
		&o.INSEECode, &o.DepartmentCode, &o.FranceServices, &o.HabilitationNumber, &o.Procedures, &o.Active, &o.ClosedAt}
}

// Organisation finds an organisation, active or not. It returns db.ErrNotFound when there is none.
func (d *Directory) Organisation(ctx context.Context, id uuid.UUID) (Organisation, error) {
	var o Organisation
	err := d.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select `+organisationColumns+` from organisation o where o.id = $1`, id).Scan(o.fields()...)
	})
	return o, db.Found("find organisation", err)
}

// Empty reports whether there is no organisation yet.
func (d *Directory) Empty(ctx context.Context) (bool, error) {
	var empty bool
	err := d.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select not exists (select from organisation)`).Scan(&empty)
	})
	return empty, db.Found("look for organisations", err)
}

// particulars is the SHA-256 of what is known of an organisation besides its number and its state, as a list in JSON: what
// attestations print, then, for those that have some of it, what this format did not have at first.
func (o *Organisation) particulars() []byte {
	words := []string{o.Name, o.Address, o.Postcode, o.City, o.Phone, o.Email}
	later := []string{o.AddressExtra, o.Kind, o.KindOther, o.INSEECode, o.DepartmentCode, o.FranceServices, o.HabilitationNumber}
	if !slices.Equal(later, []string{"", KindOther, "", "", "", "", ""}) {
		words = append(words, later...)
	}
	list, err := json.Marshal(words)
	if err != nil {
		return nil // texts always have a form in JSON
	}
	sum := sha256.Sum256(list)
	return sum[:]
}

// Same reports whether two are one organisation of which the same is known: procedures and state aside.
func (o *Organisation) Same(as Organisation) bool {
	return o.ID == as.ID && o.SIRET == as.SIRET && bytes.Equal(o.particulars(), as.particulars())
}
