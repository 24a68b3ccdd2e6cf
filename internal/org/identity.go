package org

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// The states of a name by which ProConnect knows a person.
const (
	identityAsked     = "asked"
	identityConfirmed = "confirmed"
	identityRefused   = "refused"
)

// subjectDigest says in an entry by what a person is recognised. Who knows issuer and sub cannot look for it in an export:
// the salt, 32 random bytes, stands in the identity's row only.
func subjectDigest(salt []byte, issuer, sub string) []byte {
	list, err := json.Marshal([]string{hex.EncodeToString(salt), issuer, sub})
	if err != nil {
		return nil // texts always have a form in JSON
	}
	sum := sha256.Sum256(list)
	return sum[:]
}

// identify queues the row of a name of a person, and returns its digest for the entry, in hexadecimal.
func identify(b *pgx.Batch, tx *journal.Tx, person uuid.UUID, issuer, sub, state string) string {
	salt := token.Bytes(32)
	b.Queue(`insert into person_identity (issuer, sub, person_id, salt, state, asked_at, decided_at)
		values ($1, $2, $3, $4, $5::text, $6, case when $5::text <> 'asked' then $6::timestamptz end)`, issuer, sub, person, salt, state, tx.Now)
	return hex.EncodeToString(subjectDigest(salt, issuer, sub))
}

type personNamed struct {
	Person  string `json:"person"`
	Subject string `json:"subject_sha256"`
}

// AskIdentity notes that ProConnect names somebody otherwise, who has the address of a person: their referent is to confirm that it is them.
// The program asks, for a browser that is signed in nowhere. It returns db.ErrConflict when that name is known: asked already, of this person
// or of another, confirmed, or refused.
func (d *Directory) AskIdentity(ctx context.Context, issuer, sub string, person uuid.UUID) error {
	err := d.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		batch := &pgx.Batch{}
		digest := identify(batch, tx, person, issuer, sub, identityAsked)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return journal.Event{}, err
		}
		err := d.tellDeciders(ctx, tx, person, digest)
		return journal.Event{Action: "person.identity_asked", Detail: personNamed{person.String(), digest}}, err
	})
	if db.Unique(err, "") {
		return db.ErrConflict
	}
	return found("ask for an identity", err)
}

// tellDeciders queues a message to those who may confirm a name of a person.
func (d *Directory) tellDeciders(ctx context.Context, tx *journal.Tx, person uuid.UUID, digest string) error {
	rows, err := tx.Query(ctx, `select distinct r.person_id from membership m join organisation o on o.id = m.organisation_id and o.active
		join membership r on r.organisation_id = o.id and r.role = 'referent' and r.ended_at is null and r.suspended_at is null and r.person_id <> m.person_id
		where m.person_id = $1 and m.ended_at is null
		union select a.id from person a where a.administrator and a.suspended_at is null and a.id <> $1
			and not exists (select from membership m where m.person_id = $1 and m.ended_at is null)`, person)
	if err != nil {
		return err
	}
	people, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	for _, p := range people {
		err = errors.Join(err, d.tell(tx.Tx, tx.Now, Message{Kind: "identity_asked", About: digest + " " + p.String(), Person: p}))
	}
	return err
}

// Asked is a name by which ProConnect knows somebody, that is to be confirmed as a person's. It is named by its digest, as in entries.
type Asked struct {
	Person               uuid.UUID
	Digest               string
	Email                string
	GivenName, UsualName string
	At                   time.Time
}

// decidable is SQL: whether $1, acting for the organisation $2 or as administrator, may decide on names of the person a. Administrators decide for
// those who work for no organisation.
const decidable = `a.id <> $1 and case when $2::uuid is null then not exists (select from membership x where x.person_id = a.id and x.ended_at is null)
	else exists (select from membership x where x.person_id = a.id and x.organisation_id = $2 and x.ended_at is null) end`

// deciding queues the question whether the actor may decide at all: a referent who runs an organisation, or an administrator.
func deciding(b *pgx.Batch, by journal.Actor) (allowed func() error, organisation *uuid.UUID) {
	if by.Kind == journal.Referent {
		return MayRun(b, by), &by.Organisation
	}
	return MayAdminister(b, by), nil
}

const askedIdentities = `select i.person_id, i.issuer, i.sub, i.salt, a.email, a.given_name, a.usual_name, i.asked_at from person_identity i join person a on a.id = i.person_id
	where i.state = 'asked' and ` + decidable

// AskedIdentities lists the names that the actor may confirm or refuse, the oldest first: a referent those of the people of their organisation, an
// administrator those of people without one; nobody their own. It returns ErrMayNot to others.
func (d *Directory) AskedIdentities(ctx context.Context, by journal.Actor) ([]Asked, error) {
	var out []Asked
	err := d.db.Read(ctx, scopeOf(by), func(tx pgx.Tx) error {
		organisation, err := askDecider(ctx, tx, by)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, askedIdentities+` order by i.asked_at, i.sub`, by.Person, organisation)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, askedOf)
		return err
	})
	return out, found("list asked identities", err)
}

// ConfirmIdentity says that it is them: who signs in by that name is this person from then on, who is told (message identity_confirmed): the one who
// confirms may be mistaken, or lie. It returns db.ErrNotFound for a name that is not
// asked, or that the actor may not decide on, ErrMayNot and ErrFactorTooOld.
func (d *Directory) ConfirmIdentity(ctx context.Context, by journal.Actor, person uuid.UUID, digest string) error {
	event := journal.Event{Action: "person.identity_confirmed", Detail: personNamed{person.String(), digest}}
	return d.decide(ctx, by, person, digest, identityConfirmed, event)
}

// RefuseIdentity says that it is somebody else: that name opens nothing, and is not asked again. Errors as ConfirmIdentity.
func (d *Directory) RefuseIdentity(ctx context.Context, by journal.Actor, person uuid.UUID, digest string) error {
	event := journal.Event{Action: "person.identity_refused", Detail: personNamed{person.String(), digest}}
	return d.decide(ctx, by, person, digest, identityRefused, event)
}

func (d *Directory) decide(ctx context.Context, by journal.Actor, person uuid.UUID, digest, state string, event journal.Event) error {
	lock := &pgx.Batch{}
	there := lockPeople(lock, person, by.Person)
	allowed, organisation := deciding(lock, by)
	return found("decide on an identity", d.journal.RecordAfter(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
		if err := allowed(); err != nil {
			return event, err
		}
		if err := Fresh(by, tx.Now); err != nil {
			return event, err
		}
		rows, err := tx.Query(ctx, askedIdentities+` and a.id = $3 for update of i`, by.Person, organisation, person)
		if err != nil {
			return event, err
		}
		names, err := pgx.CollectRows(rows, pgx.RowToStructByPos[askedRow])
		if err != nil || !*there {
			return event, errors.Join(err, when(!*there, db.ErrNotFound))
		}
		for _, n := range names {
			if n.digest() != digest {
				continue
			}
			err := one(tx.Exec(ctx, `update person_identity set state = $3, decided_at = $4, decided_by = $5 where issuer = $1 and sub = $2 and state = 'asked'`,
				n.Issuer, n.Sub, state, tx.Now, orNobody(by.Person)))
			if err == nil && state == identityConfirmed {
				err = d.tell(tx.Tx, tx.Now, Message{Kind: "identity_confirmed", About: digest, Person: person})
			}
			return event, err
		}
		return event, db.ErrNotFound
	}))
}

// askedRow is a row of askedIdentities.
type askedRow struct {
	Person                      uuid.UUID
	Issuer, Sub                 string
	Salt                        []byte
	Email, GivenName, UsualName string
	At                          time.Time
}

func (a askedRow) digest() string { return hex.EncodeToString(subjectDigest(a.Salt, a.Issuer, a.Sub)) }

func askedOf(row pgx.CollectableRow) (Asked, error) {
	a, err := pgx.RowToStructByPos[askedRow](row)
	return Asked{a.Person, a.digest(), a.Email, a.GivenName, a.UsualName, a.At.UTC()}, err
}

func orNobody(person uuid.UUID) *uuid.UUID {
	if person == uuid.Nil {
		return nil
	}
	return &person
}

// scopeOf is the scope of what the actor reads.
func scopeOf(by journal.Actor) db.Scope {
	if by.Organisation == uuid.Nil {
		return db.System()
	}
	return db.InOrganisation(by.Organisation)
}

// askDecider asks now what deciding queues.
func askDecider(ctx context.Context, tx pgx.Tx, by journal.Actor) (*uuid.UUID, error) {
	if by.Kind == journal.Referent {
		return &by.Organisation, AskRunner(ctx, tx, by)
	}
	return nil, AskAdministrator(ctx, tx, by)
}

// AskRunner asks for a page what MayRun asks for an act.
func AskRunner(ctx context.Context, tx pgx.Tx, by journal.Actor) error {
	r := right{locked: true}
	batch := &pgx.Batch{}
	r.ask(batch, by, RoleReferent, &Organisation{})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	return r.basic(by, journal.Referent)
}

// AskAdministrator asks for a page what MayAdminister asks for an act.
func AskAdministrator(ctx context.Context, tx pgx.Tx, by journal.Actor) error {
	batch := &pgx.Batch{}
	allowed := mayAdminister(batch, by, "")
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("ask for an administrator: %w", err)
	}
	return allowed()
}
