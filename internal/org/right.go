package org

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// FactorLife is how long a second factor counts for acts that need a fresh one.
const FactorLife = 15 * time.Minute

// Fresh returns ErrFactorTooOld unless the actor gave a second factor at most FactorLife ago. The program gives none.
func Fresh(by journal.Actor, now time.Time) error {
	if by.Kind != journal.System && now.Sub(by.FactorAt) > FactorLife {
		return ErrFactorTooOld
	}
	return nil
}

// The parts of the rules who may act and who may read, about a membership m of the person a in the organisation o. None is null but certified.
const (
	free   = `m.suspended_at is null and a.suspended_at is null`
	agreed = `coalesce((select (select y.sha256 = c.sha256 from charter_acceptance y where y.version = c.version and y.person_id = a.id)
		from charter c order by c.published_at desc limit 1), false)`
	certified = `(select k.certified_until from certification k where k.person_id = a.id and k.state = 'certified')`
	entrusted = `exists (select from certification k where k.person_id = a.id and k.certified_at is not null and k.state <> 'suspended')`
	isAidant  = `m.role = 'aidant' and m.ended_at is null`
)

// SignsIn is SQL: whether the person a can sign in: ProConnect knows them, or they have a second factor here. Who accepted an invitation and left before they
// added one cannot (see Colleague.Stranded).
const SignsIn = `(exists (select from person_identity i where i.person_id = a.id and i.state = 'confirmed')
	or exists (select from credential_passkey f where f.person_id = a.id and f.cloned_at is null) or exists (select from credential_totp f where f.person_id = a.id and f.confirmed_at is not null)
	or exists (select from credential_recovery f where f.person_id = a.id and f.used_at is null))`

// Acts is the rule who may act, in SQL, about a membership m of the person a in the organisation o: an aidant there, suspended
// nowhere, of an active organisation, who has accepted the latest charter and whose certificate lasts longer than a time, which
// the text is followed by. What uses a right asks this text in the very statement that uses it (docs/decisions/0006).
const Acts = isAidant + ` and ` + free + ` and o.active and ` + agreed + ` and ` + certified + ` > `

// Reads is the rule who may read of an organisation's citizens, and end their mandates, in SQL as Acts: whoever was certified once. When a
// certificate is over its holder still tells a citizen what stands, and ends it, which protects them. Who was never certified, or whose
// certificate was suspended, is told nothing of anybody.
const Reads = isAidant + ` and ` + free + ` and o.active and ` + agreed + ` and ` + entrusted

// Follows is the rule who can be responsible for mandates, in SQL as Acts: who may read there, or will as soon as they have accepted the latest charter.
const Follows = isAidant + ` and ` + free + ` and ` + entrusted

// Leads is the rule who is a referent, in SQL, about a membership m of the person a.
const Leads = `m.role = 'referent' and m.ended_at is null and ` + free

// Limits is an array of SQL, about a membership m in the organisation o: the procedures that the person may do there. Null is every
// one.
const Limits = `(case when o.procedures is null then m.procedures when m.procedures is null then o.procedures
	else array(select unnest(o.procedures) intersect select unnest(m.procedures)) end)`

// ErrMayNot says that this person may not do this for this organisation now; Why says why.
var ErrMayNot = errors.New("this person may not act for this organisation")

// Why somebody may not act.
const (
	WhyNotMember          = "not_member" // or has another role there
	WhySuspended          = "suspended"
	WhyOrganisationClosed = "organisation_closed" // or suspended
	WhyNotCertified       = "not_certified"       // never, or the certificate is suspended
	WhyCertificationOver  = "certification_over"  // certified once; perhaps trained or tested again since
	WhyCharter            = "charter"             // its latest version was not accepted
)

// mayNot is ErrMayNot for a reason.
type mayNot string

func (m mayNot) Error() string { return ErrMayNot.Error() + ": " + string(m) }

// Is makes errors.Is(err, ErrMayNot) true.
func (m mayNot) Is(target error) bool { return target == ErrMayNot }

// Why returns the reason in an error that is ErrMayNot, or "".
func Why(err error) string {
	why, _ := errors.AsType[mayNot](err)
	return string(why)
}

// right is what was read of somebody's role in an organisation.
type right struct {
	locked         bool
	member         bool
	free, active   bool
	agreed         bool
	entrusted      bool       // certified once, and the certificate is not suspended
	certifiedUntil *time.Time // nil: not certified now
	limit          []string
}

// MayAct queues the question whether the actor is an aidant of their organisation who may act, with the act's first statements. The
// answer is read by calling the returned function inside the act, with its time.
//
// The rows of the person and of their role are locked against change until the act ends: a suspension, or the end of the role, waits for
// it or comes first, never between. The rule is asked by a statement of its own after the one that locks: a statement that has waited
// looks again only at rows that it locks, and would still see an organisation that was closed meanwhile. Whoever suspends an
// organisation locks its people and roles first, and whoever changes a certificate its person.
func MayAct(b *pgx.Batch, by journal.Actor) func(now time.Time) error {
	return MayActFor(b, by, &Organisation{})
}

// MayActFor is MayAct that also reads the organisation, as it is then, into o.
func MayActFor(b *pgx.Batch, by journal.Actor, o *Organisation) func(now time.Time) error {
	var r right
	r.lockRole(b, by, RoleAidant)
	r.ask(b, by, RoleAidant, o)
	return func(now time.Time) error { return r.acts(by, now) }
}

// MayEnd is MayAct for ending a mandate, which protects the citizen: it asks Reads, so that an aidant whose certificate is over may.
func MayEnd(b *pgx.Batch, by journal.Actor) func() error {
	var r right
	r.lockRole(b, by, RoleAidant)
	r.ask(b, by, RoleAidant, &Organisation{})
	return func() error { return r.reads(by) }
}

// MayRead queues the question whether the actor is an aidant who may read of their organisation's citizens (Reads), with the first
// statements of what reads them: who may not gets ErrMayNot instead. It locks nothing.
func MayRead(b *pgx.Batch, by journal.Actor) func() error {
	r := right{locked: true}
	r.ask(b, by, RoleAidant, &Organisation{})
	return func() error { return r.reads(by) }
}

// MayRun queues the question whether the actor is a referent who may run their organisation's people now, as MayAct does. A referent
// need not be certified.
func MayRun(b *pgx.Batch, by journal.Actor) func() error {
	var r right
	r.lockRole(b, by, RoleReferent)
	r.ask(b, by, RoleReferent, &Organisation{})
	return func() error { return r.held(by, journal.Referent) }
}

// MayRunRead is MayRun for pages: it locks nothing.
func MayRunRead(b *pgx.Batch, by journal.Actor) func() error {
	r := right{locked: true}
	r.ask(b, by, RoleReferent, &Organisation{})
	return func() error { return r.held(by, journal.Referent) }
}

// MayAdminister queues the question whether the actor is an administrator now, whom it locks, or the program: what an operator does
// on the command line needs no account.
func MayAdminister(b *pgx.Batch, by journal.Actor) func() error {
	return mayAdminister(b, by, ` for share`)
}

func mayAdminister(b *pgx.Batch, by journal.Actor, lock string) func() error {
	var yes, suspended bool
	b.Queue(`select administrator, suspended_at is not null from person where id = $1`+lock, by.Person).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(&yes, &suspended)
		}
		return rows.Err()
	})
	return func() error {
		switch {
		case by.Kind == journal.System:
			return nil
		case !yes || by.Kind != journal.Administrator:
			return mayNot(WhyNotMember)
		case suspended:
			return mayNot(WhySuspended)
		}
		return nil
	}
}

// Acting reads for pages what MayActFor asks in acts: the organisation for which the actor works as aidant, with what limits them
// there, and why they may not act now, if so (ErrMayNot).
func (d *Directory) Acting(ctx context.Context, by journal.Actor, now time.Time) (Organisation, error) {
	var o Organisation
	r := right{locked: true}
	batch := &pgx.Batch{}
	r.ask(batch, by, RoleAidant, &o)
	if err := d.db.Ask(ctx, db.InOrganisation(by.Organisation), batch); err != nil {
		return o, db.Found("ask who acts", err)
	}
	return o, r.acts(by, now)
}
