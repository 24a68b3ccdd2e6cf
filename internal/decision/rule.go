package decision

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/client"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/procedure"
	"mandat/internal/prose"
)

// Why the answer is no, as it stands in the entry and in decision_answer.reason; "" is yes.
const (
	notServed            = "not_served"            // the client does not serve this procedure
	organisationInactive = "organisation_inactive" // suspended or closed
	aidantInactive       = "aidant_inactive"       // suspended, gone, without certificate or charter
	notAllowed           = "not_allowed"           // by the organisation, or to this aidant
	noPower              = "no_power"              // the citizen never gave it
	otherCase            = "case"                  // what stands is for another file, or for one and none was named
	scheduled            = "scheduled"             // it has yet to begin
	expired              = "expired"               // its last day is over
	ended                = "ended"                 // it was ended before
	suspended            = "suspended"             // by auditors, until they lift that
	levelTooLow          = "level"                 // what stands lets less be done
	identityTooLow       = "identity"              // the client wants its citizens known more surely
)

// ask is the one statement that asks. Nobody is found who is not known to the client's sector, $1, as aidant $3 of the organisation with
// the SIRET $4 and as citizen $5 of the same organisation. What is found comes with every power that this citizen gave it for the
// procedure $6, and with what was answered today already, $9, to the client $7 at the level $8.
const ask = `
with asked as materialized (
  select o.id as organisation_id, m.person_id, c.id as citizen_id, o.active, coalesce(` + org.Acts + `$2::timestamptz, false) as acts,
    (o.procedures is null or $6 = any(o.procedures)) and (m.procedures is null or $6 = any(m.procedures)) as allowed
  from idp_actor x join person a on a.id = x.person_id join membership m on m.person_id = x.person_id and m.role = 'aidant'
    join organisation o on o.id = m.organisation_id join idp_subject j on j.organisation_id = o.id join citizen c on c.id = j.citizen_id and c.organisation_id = o.id
  where x.sub = $3 and x.sector = $1 and o.siret = $4 and j.sub = $5 and j.sector = $1
)
select q.organisation_id, q.person_id, q.citizen_id, q.active, q.acts, q.allowed,
  array(select d.reason || ' ' || d.case_ref || ' ' || d.mandate_id from decision_answer d where d.person_id = q.person_id and d.citizen_id = q.citizen_id and d.client = $7
    and d.procedure = $6 and d.level = $8 and d.day = $9 and d.organisation_id = q.organisation_id),
  p.mandate_id, coalesce(p.case_ref, ''), coalesce(p.level, ''), coalesce(p.identified_by, ''), coalesce(p.state, ''), coalesce(p.ends_at, $2), coalesce(p.end_reason, ''), coalesce(` + mandate.Stands + `, false), p.suspended_at is not null
from asked q left join mandate_power p on p.organisation_id = q.organisation_id and p.citizen_id = q.citizen_id and p.procedure = $6
order by p.ended_at desc nulls first, p.case_ref desc`

// power is one that the citizen gave for the procedure.
type power struct {
	mandate      *uuid.UUID
	caseRef      string
	level        procedure.Level
	identifiedBy procedure.Assurance
	state        string
	endsAt       time.Time
	endReason    string
	stands       bool
	suspended    bool
}

// facts are what a question is judged by.
type facts struct {
	organisation, person, citizen uuid.UUID // nil: unknown
	active, acts, allowed         bool
	answered                      []string // see verdict.mark
	powers                        []power  // the last ended comes first among those that have
}

// day is the date in Paris.
func day(now time.Time) string { return now.In(prose.Paris).Format(time.DateOnly) }

// queue asks for the facts of a question. procedure is its key in the catalogue, "" for one that is not there.
func (f *facts) queue(b *pgx.Batch, by *client.Client, q request, now time.Time) {
	b.Queue(ask, by.SectorName(), now, q.actor, q.siret, q.citizen, q.procedure, by.ID, string(q.level), day(now)).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		*f = facts{}
		for rows.Next() {
			var p power
			if err := rows.Scan(&f.organisation, &f.person, &f.citizen, &f.active, &f.acts, &f.allowed, &f.answered,
				&p.mandate, &p.caseRef, &p.level, &p.identifiedBy, &p.state, &p.endsAt, &p.endReason, &p.stands, &p.suspended); err != nil {
				return err
			}
			if p.mandate != nil {
				f.powers = append(f.powers, p)
			}
		}
		return rows.Err()
	})
}

// verdict is an answer: yes with the power that says so, or no with the reason. A no names the mandate that comes nearest, if there is one.
type verdict struct {
	facts   facts
	power   power
	mandate uuid.UUID // nil: none
	caseRef string    // of the power, "" for every case
	reason  string
}

// mark tells answers of a day apart, as ask reads them.
func (v verdict) mark() string { return v.reason + " " + v.caseRef + " " + v.mandate.String() }

// known reports whether the answer concerns people whom the client was told of.
func (v verdict) known() bool { return v.facts.person != uuid.Nil }

// noted reports whether the same was answered today.
func (v verdict) noted() bool { return slices.Contains(v.facts.answered, v.mark()) }

// judge answers a question. Deny by default: only a power that is found, and lacks nothing, is a yes.
func (f facts) judge(by *client.Client, q request, ref string) verdict {
	v := verdict{facts: f, reason: noPower}
	f.choose(&v, by, q, ref)
	switch {
	case !slices.Contains(by.Procedures, q.procedure):
		v.reason = notServed
	case !f.active:
		v.reason = organisationInactive
	case !f.acts:
		v.reason = aidantInactive
	case !f.allowed:
		v.reason = notAllowed
	}
	return v
}

// choose finds the power that says yes, or the one that comes nearest: of several that fall short the first that stands, then the one that
// has yet to begin, then the one that ended last.
func (f facts) choose(v *verdict, by *client.Client, q request, ref string) {
	rank := 0
	for _, p := range f.powers {
		reason, r := p.lacks(by, q, ref)
		if r > rank {
			rank, v.reason, v.power, v.mandate, v.caseRef = r, reason, p, *p.mandate, p.caseRef
		}
	}
}

// lacks says why a power is not enough, "" when it is, and how near it comes.
func (p power) lacks(by *client.Client, q request, ref string) (reason string, rank int) {
	covers := p.caseRef == "" || p.caseRef == ref
	switch {
	case p.stands && covers && !p.level.Covers(q.level):
		return levelTooLow, 5
	case p.stands && covers && !p.identifiedBy.Reaches(by.Level()):
		return identityTooLow, 6
	case p.stands && covers:
		return "", 7
	case p.stands:
		return otherCase, 4
	case p.suspended && p.state != mandate.Ended && covers:
		return suspended, 3
	case p.state == mandate.Scheduled && covers:
		return scheduled, 3
	case covers && (p.state == mandate.Standing || p.endReason == expired):
		return expired, 2
	case covers && p.state == mandate.Ended:
		return ended, 2
	}
	return noPower, 0
}
