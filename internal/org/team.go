package org

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// The states of a colleague.
const (
	ColleagueActive    = "active"
	ColleagueTraining  = "in_training" // aidant without a certificate that holds
	ColleagueSuspended = "suspended"   // there or everywhere
	ColleagueLeft      = "left"
)

// Colleague is somebody who has, or had, a role in an organisation, as its referents see them.
type Colleague struct {
	Person
	Roles          []string // that they have now, aidant first
	State          string
	SuspendedThere bool       // by a referent of this organisation
	Procedures     []string   // what they may do there; nil is every procedure of the organisation
	Since          time.Time  // of their first role
	LeftAt         *time.Time // for who has left

	Certificate    string     // state of their certification, "" for none
	CertifiedUntil *time.Time // may lie in the past

	Passkeys, Apps, Cards, Recovery int  // second factors that count; recovery codes that are left
	ByProConnect                    bool // ProConnect names them: they need no second factor here
	Elsewhere                       bool // they work for another organisation too

	LastSignIn *time.Time
}

// team reads everybody who ever had a role in the organisation $1, or one of them ($2).
const team = `select ` + personColumns + `, w.roles, w.suspended, w.procedures, w.since, w.left_at, coalesce(k.state, ''), k.certified_until,
	(select count(*) from credential_passkey f where f.person_id = a.id and f.cloned_at is null), c.apps, c.cards,
	(select count(*) from credential_recovery f where f.person_id = a.id and f.used_at is null),
	exists (select from person_identity i where i.person_id = a.id and i.state = 'confirmed'), person_places(a.id) > 1, (select signed_in_at from session_presence s where s.person_id = a.id)
	from person a join lateral (select coalesce(array_agg(m.role order by m.role) filter (where m.ended_at is null), '{}') roles,
			coalesce(bool_or(m.suspended_at is not null) filter (where m.ended_at is null), false) suspended, min(m.created_at) since, max(m.ended_at) left_at,
			(select l.procedures from membership l where l.organisation_id = $1 and l.person_id = a.id and l.role = 'aidant' and l.ended_at is null) procedures
		from membership m where m.organisation_id = $1 and m.person_id = a.id having count(*) > 0) w on true
	left join certification k on k.person_id = a.id
	cross join lateral (select count(*) filter (where f.kind = 'app') apps, count(*) filter (where f.kind = 'card') cards from credential_totp f
		where f.person_id = a.id and f.confirmed_at is not null) c
	where a.id in (select person_id from membership where organisation_id = $1 and ($2::uuid is null or person_id = $2)) order by a.usual_name, a.given_name, a.id`

func (c *Colleague) scan(row pgx.CollectableRow, now time.Time) error {
	err := row.Scan(append(c.fields(), &c.Roles, &c.SuspendedThere, &c.Procedures, &c.Since, &c.LeftAt, &c.Certificate, &c.CertifiedUntil,
		&c.Passkeys, &c.Apps, &c.Cards, &c.Recovery, &c.ByProConnect, &c.Elsewhere, &c.LastSignIn)...)
	switch {
	case len(c.Roles) == 0:
		c.State = ColleagueLeft
		return err
	case c.Suspended || c.SuspendedThere:
		c.State = ColleagueSuspended
	case slices.Contains(c.Roles, RoleAidant) && (c.Certificate != "certified" || !now.Before(*c.CertifiedUntil)):
		c.State = ColleagueTraining
	default:
		c.State = ColleagueActive
	}
	c.LeftAt = nil
	return err
}

// Stranded reports whether they may work and cannot sign in: they have no second factor, and ProConnect does not name them. Who accepted an invitation without
// ProConnect is so until they add their first factor.
func (c Colleague) Stranded() bool {
	return (c.State == ColleagueActive || c.State == ColleagueTraining) && !c.ByProConnect && c.Passkeys+c.Apps+c.Cards+c.Recovery == 0
}

// Team lists everybody who has, or had, a role in the actor's organisation, for its referents. Everybody else gets ErrMayNot: there is no
// list of people across organisations. Of who has left, it tells who they are and when they left: how they are reached, when they sign in
// and with what is a matter of where they work now.
func (d *Directory) Team(ctx context.Context, by journal.Actor, now time.Time) ([]Colleague, error) {
	all, err := d.team(ctx, by, by.Organisation, nil, now, AskRunner)
	for i := range all {
		all[i] = all[i].forReferents()
	}
	return all, err
}

// Colleague finds one of Team, or returns db.ErrNotFound.
func (d *Directory) Colleague(ctx context.Context, by journal.Actor, person uuid.UUID, now time.Time) (Colleague, error) {
	one, err := d.team(ctx, by, by.Organisation, &person, now, AskRunner)
	switch {
	case err != nil:
		return Colleague{}, err
	case len(one) == 0:
		return Colleague{}, db.ErrNotFound
	}
	return one[0].forReferents(), nil
}

// forReferents leaves out what is no matter of theirs.
func (c Colleague) forReferents() Colleague {
	if c.State != ColleagueLeft {
		return c
	}
	return Colleague{Person: Person{ID: c.ID, GivenName: c.GivenName, UsualName: c.UsualName}, Roles: c.Roles, State: c.State, Since: c.Since, LeftAt: c.LeftAt}
}

// TeamOf is Team of any organisation, for administrators.
func (d *Directory) TeamOf(ctx context.Context, by journal.Actor, organisation uuid.UUID, now time.Time) ([]Colleague, error) {
	return d.team(ctx, by, organisation, nil, now, AskAdministrator)
}

func (d *Directory) team(ctx context.Context, by journal.Actor, organisation uuid.UUID, only *uuid.UUID, now time.Time, may func(context.Context, pgx.Tx, journal.Actor) error) ([]Colleague, error) {
	var out []Colleague
	err := d.db.Read(ctx, db.InOrganisation(organisation), func(tx pgx.Tx) error {
		if err := may(ctx, tx, by); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, team, organisation, only)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Colleague, error) {
			var c Colleague
			err := c.scan(row, now)
			return c, err
		})
		return err
	})
	return out, db.Found("list colleagues", err)
}

// Figures count the people of an organisation.
type Figures struct {
	Active, InTraining, Suspended, Left int
	Aidants, Referents                  int // who have that role now, and are not suspended
	EndingSoon                          int // certificates that end within 60 days
	WithoutFactor                       int // active people who have no second factor of their own
}

// FiguresOf counts a team.
func FiguresOf(team []Colleague, now time.Time) Figures {
	var f Figures
	for _, c := range team {
		switch c.State {
		case ColleagueActive:
			f.Active++
		case ColleagueTraining:
			f.InTraining++
		case ColleagueSuspended:
			f.Suspended++
			continue
		case ColleagueLeft:
			f.Left++
			continue
		}
		f.Aidants += count(slices.Contains(c.Roles, RoleAidant))
		f.Referents += count(slices.Contains(c.Roles, RoleReferent))
		f.EndingSoon += count(c.State == ColleagueActive && c.CertifiedUntil != nil && c.CertifiedUntil.Before(now.AddDate(0, 0, 60)) && now.Before(*c.CertifiedUntil))
		f.WithoutFactor += count(c.Passkeys+c.Apps+c.Cards == 0)
	}
	return f
}

// run is an act of a referent on somebody who has, or had, a role in their organisation; anybody else is db.ErrNotFound. Both are locked with
// their roles there, and so is every referent's role: of two who leave at once, one is seen to be the last.
func (d *Directory) run(ctx context.Context, by journal.Actor, person uuid.UUID, doing string, f func(*journal.Tx) (journal.Event, error)) error {
	lock := &pgx.Batch{}
	lockPeople(lock, person, by.Person)
	member := false
	lock.Queue(`select person_id from membership where organisation_id = $1 and (person_id = any ($2) or role = 'referent') order by person_id, role for no key update`,
		by.Organisation, []uuid.UUID{person, by.Person}).Query(func(rows pgx.Rows) error {
		ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		member = slices.Contains(ids, person)
		return err
	})
	r := right{locked: true}
	r.ask(lock, by, RoleReferent, &Organisation{})
	return db.Found(doing, d.journal.RecordAfter(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
		if err := r.held(by, journal.Referent); err != nil {
			return journal.Event{}, err
		}
		if !member {
			return journal.Event{}, db.ErrNotFound
		}
		if err := Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		return f(tx)
	}))
}
