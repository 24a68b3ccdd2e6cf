package org

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// ErrSecond says that a first person has vouched for a name, and that it takes a second one: somebody of another organisation of theirs or an
// administrator, whom the first did not bring in (office_second).
var ErrSecond = errors.New("a second person has to confirm this name")

// Asked is a name by which ProConnect knows somebody, that is to be confirmed as a person's. It is named by its digest, as in entries.
type Asked struct {
	Person               uuid.UUID
	Digest               string
	Email                string
	GivenName, UsualName string
	At                   time.Time
	RefusedAt            time.Time // by somebody who decided before; zero: never
	Two                  bool      // it takes two people
	Vouched              bool      // a first one has vouched for it
	MayConfirm           bool      // by who asks: as the first, the second or the only one
}

// takesTwo is SQL: whether a name i of the person a takes two people, because it opens more than one organisation, or an administrator's office.
const takesTwo = `(a.administrator or i.state = 'vouched' or person_places(a.id) > 1)`

// unrun is SQL: whether nobody but the person a themselves runs an organisation for which they work, or they work for none.
const unrun = `not exists (select from membership x join membership r on r.organisation_id = x.organisation_id and r.role = 'referent' and r.ended_at is null
	where x.person_id = a.id and x.ended_at is null and r.person_id <> a.id and office_held(r.person_id, r.organisation_id))`

// decidable is SQL: whether $1, acting for the organisation $2 or as administrator, may decide on a name i of the person a. Administrators decide for
// those whom nobody else runs, and are one of two for those who work for several.
const decidable = `a.id <> $1 and case when $2::uuid is null then ` + takesTwo + ` or ` + unrun + `
	else exists (select from membership x where x.person_id = a.id and x.organisation_id = $2 and x.ended_at is null) end`

// confirmable is SQL: whether who may decide is no second person beside who vouched, as org.Second, or acts for the same organisation. $3 is Settled.
const confirmable = `(i.vouched_at is null or ($2::uuid is null or i.vouched_for is distinct from $2::uuid) and ($1::uuid = '00000000-0000-0000-0000-000000000000'
	or office_second(i.vouched_by, i.vouched_for, $1, $2, i.asked_at - $3::interval)))`

const askedIdentities = `select i.person_id, i.issuer, i.sub, i.salt, a.email, a.given_name, a.usual_name, i.asked_at, coalesce(i.refused_at, '0001-01-01'), i.vouched_by, i.vouched_for, i.state, ` + takesTwo + `, ` + confirmable + `
	from person_identity i join person a on a.id = i.person_id where i.state in ('asked', 'vouched') and ` + decidable

// askedRow is a row of askedIdentities.
type askedRow struct {
	Person                      uuid.UUID
	Issuer, Sub                 string
	Salt                        []byte
	Email, GivenName, UsualName string
	At, RefusedAt               time.Time
	VouchedBy, VouchedFor       *uuid.UUID
	State                       string
	Two, MayConfirm             bool
}

func (a askedRow) digest() string { return hex.EncodeToString(subjectDigest(a.Salt, a.Issuer, a.Sub)) }

func askedOf(row pgx.CollectableRow) (Asked, error) {
	a, err := pgx.RowToStructByPos[askedRow](row)
	return Asked{a.Person, a.digest(), a.Email, a.GivenName, a.UsualName, a.At.UTC(), a.RefusedAt.UTC(), a.Two, a.State == identityVouched, a.MayConfirm}, err
}

// AskedIdentities lists the names that the actor may decide on, the oldest first: a referent on those of the people of their organisation, an
// administrator on those of people whom nobody else runs, or who work for several; nobody on their own. It returns ErrMayNot to others.
func (d *Directory) AskedIdentities(ctx context.Context, by journal.Actor) ([]Asked, error) {
	var out []Asked
	err := d.db.Read(ctx, scopeOf(by), func(tx pgx.Tx) error {
		organisation, err := askDecider(ctx, tx, by)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, askedIdentities+` order by i.asked_at, i.sub`, by.Person, organisation, Settled)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, askedOf)
		return err
	})
	return out, db.Found("list asked identities", err)
}

// ConfirmIdentity says that it is them. Where one person is enough, who signs in by that name is this person from then on, who is told (message
// identity_confirmed): the one who confirms may be mistaken, or lie. Where it takes two, the first one vouches for it (then waits is true), and the second
// one's word counts. The operator is the second where nobody else may be.
//
// It returns db.ErrNotFound for a name that is not asked, or that the actor may not decide on, ErrSecond to who is no second person beside the
// first, ErrMayNot and ErrFactorTooOld.
func (d *Directory) ConfirmIdentity(ctx context.Context, by journal.Actor, person uuid.UUID, digest string) (waits bool, err error) {
	named := personNamed{person.String(), digest}
	err = d.decide(ctx, by, person, digest, func(tx *journal.Tx, n askedRow, organisation *uuid.UUID) (journal.Event, error) {
		if by.Kind == journal.System {
			if err := standsIn(ctx, tx, n); err != nil {
				return journal.Event{}, err
			}
		}
		if !n.MayConfirm {
			return journal.Event{}, ErrSecond
		}
		if waits = n.Two && n.State == identityAsked; waits {
			return journal.Event{Action: "person.identity_vouched", Detail: named}, tx.ExecOne(ctx, db.ErrConflict, `update person_identity set state = 'vouched', vouched_by = $3, vouched_for = $4, vouched_at = $5
				where issuer = $1 and sub = $2 and state = 'asked'`, n.Issuer, n.Sub, by.Person, organisation, tx.Now)
		}
		err := settle(ctx, tx, n, identityConfirmed)
		if err == nil {
			err = d.tell(tx.Tx, tx.Now, Message{Kind: "identity_confirmed", About: digest, Person: person})
		}
		return journal.Event{Action: "person.identity_confirmed", Detail: named}, err
	})
	return waits, err
}

// RefuseIdentity says that it is somebody else: that name opens nothing, and is not asked again for a day. One person is enough. Errors as ConfirmIdentity.
func (d *Directory) RefuseIdentity(ctx context.Context, by journal.Actor, person uuid.UUID, digest string) error {
	return d.decide(ctx, by, person, digest, func(tx *journal.Tx, n askedRow, _ *uuid.UUID) (journal.Event, error) {
		return journal.Event{Action: "person.identity_refused", Detail: personNamed{person.String(), digest}}, settle(ctx, tx, n, identityRefused)
	})
}

// settle moves a name from the state that was read to its last one.
func settle(ctx context.Context, tx *journal.Tx, n askedRow, state string) error {
	return tx.ExecOne(ctx, db.ErrConflict, `update person_identity set state = $3, decided_at = $4, decided_by = $5 where issuer = $1 and sub = $2 and state = $6`,
		n.Issuer, n.Sub, state, tx.Now, db.OrNull(tx.By.Person), n.State)
}

// standsIn asks whether the operator may be the second: ErrMayNot unless somebody has vouched, and nobody else may be the second.
func standsIn(ctx context.Context, tx *journal.Tx, n askedRow) error {
	if n.State != identityVouched {
		return mayNot(WhyNotMember)
	}
	var others bool
	err := tx.QueryRow(ctx, `select exists (select from person a where a.administrator and a.id <> $1 and `+SignsIn+` and office_second($2, $3, a.id, null, $4))
		or exists (select from membership x join membership r on r.organisation_id = x.organisation_id and r.role = 'referent' and r.ended_at is null and r.person_id <> $1
			join person a on a.id = r.person_id and `+SignsIn+` where x.person_id = $1 and x.ended_at is null and x.organisation_id is distinct from $3 and office_second($2, $3, r.person_id, r.organisation_id, $4))`,
		n.Person, n.VouchedBy, n.VouchedFor, n.At.Add(-Settled)).Scan(&others)
	return errors.Join(err, when(others, mayNot(WhyNotMember)))
}

// decide is an act on one asked name, whose row it has locked. f says what was done.
func (d *Directory) decide(ctx context.Context, by journal.Actor, person uuid.UUID, digest string, f func(*journal.Tx, askedRow, *uuid.UUID) (journal.Event, error)) error {
	lock := &pgx.Batch{}
	there := lockPeople(lock, person, by.Person)
	allowed, organisation := deciding(lock, by)
	return db.Found("decide on an identity", d.journal.RecordAfter(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
		var none journal.Event
		if err := allowed(); err != nil {
			return none, err
		}
		if err := Fresh(by, tx.Now); err != nil {
			return none, err
		}
		rows, err := tx.Query(ctx, askedIdentities+` and a.id = $4 for update of i`, by.Person, organisation, Settled, person)
		if err != nil {
			return none, err
		}
		names, err := pgx.CollectRows(rows, pgx.RowToStructByPos[askedRow])
		if err != nil || !*there {
			return none, errors.Join(err, when(!*there, db.ErrNotFound))
		}
		for _, n := range names {
			if n.digest() == digest {
				return f(tx, n, organisation)
			}
		}
		return none, db.ErrNotFound
	}))
}

// deciding queues the question whether the actor may decide at all: a referent who runs an organisation, or an administrator.
func deciding(b *pgx.Batch, by journal.Actor) (allowed func() error, organisation *uuid.UUID) {
	if by.Kind == journal.Referent {
		return MayRun(b, by), &by.Organisation
	}
	return MayAdminister(b, by), nil
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
