package recipient

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/prose"
)

// Place is an organisation as the prefecture of its department sees it.
type Place struct {
	PublicID                                     uuid.UUID
	SIRET, Name, Kind, KindOther, Postcode, City string
	FranceServices, Habilitation                 string // numbers, "" for none
	State                                        string // "open", "suspended", "closed"
	Since, Closed                                time.Time
	Aidants, Certified, Over, Suspended          int // aidants who are there, and of these those whose certificate stands, is over, is suspended
	Findings                                     []Finding

	id uuid.UUID
}

// Finding is how often auditors found something there that was decided on.
type Finding struct {
	Gravity string // inquiry.Minor or inquiry.Grave
	Outcome string // inquiry.None, Warning or Suspension
	Count   int
	Last    time.Time // when the last was decided
}

// Month is how much was done in a month, as far as package statistics has counted: a minute ago, as a rule.
type Month struct {
	Of                             time.Time // its first day, midnight UTC
	Signed, Ended, Used, Accounted int
}

// Months is how many months are counted, the one that runs among them.
const Months = 12

// Department is what a prefecture sees: its code, its organisations by name, and what was done there in all, by month, the newest first.
type Department struct {
	Code   string
	Places []Place
	Months []Month
}

const places = `select public_id, siret, name, kind, kind_other, postcode, city, france_services, habilitation_number, state, created_at, coalesce(closed_at, '0001-01-01'), aidants, certified, over, suspended, id
	from recipient_organisations()`

// Department shows a prefecture its department, which is a reading. It returns org.ErrMayNot and throttle.WaitError.
func (r *Register) Department(ctx context.Context, by journal.Actor) (Department, error) {
	var out Department
	err := r.spend(ctx, by, journal.Prefecture, readings, pageOrganisations)
	if err == nil {
		out, _, err = r.department(ctx, by, nil)
	}
	if err == nil {
		err = r.read(ctx, by, journal.Event{Action: "recipient.viewed", Detail: viewed{pageOrganisations}})
	}
	if err != nil {
		return Department{}, wrap("show a department", err)
	}
	return out, nil
}

// Organisation shows a prefecture one organisation by the id of its addresses, with its months, which is a reading. That of another department is db.ErrNotFound, and that it was asked
// for is an entry. It returns org.ErrMayNot and throttle.WaitError.
func (r *Register) Organisation(ctx context.Context, by journal.Actor, id uuid.UUID) (Department, error) {
	if err := r.spend(ctx, by, journal.Prefecture, readings, pageOrganisation); err != nil {
		return Department{}, wrap("show an organisation", err)
	}
	var there uuid.UUID
	b := &pgx.Batch{}
	b.Queue(`select id from organisation where public_id = $1`, id).QueryRow(func(row pgx.Row) error { return row.Scan(&there) })
	_, err := r.ask(ctx, by, b)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Department{}, wrap("show an organisation", err)
	}
	out, found, err := r.department(ctx, by, &there)
	switch {
	case err != nil:
	case !found:
		err = r.refuse(ctx, by, refused{pageOrganisation, elsewhere}, there, db.ErrNotFound)
	default:
		err = r.read(ctx, by, journal.Event{Action: "recipient.viewed", Organisation: there, Detail: viewed{pageOrganisation}})
	}
	if err != nil {
		return Department{}, wrap("show an organisation", err)
	}
	return out, nil
}

// department reads all of a department, or what concerns one organisation, and reports whether that is there.
func (r *Register) department(ctx context.Context, by journal.Actor, one *uuid.UUID) (Department, bool, error) {
	var out Department
	now := r.clock.Now()
	first := months(now)
	type count struct {
		month  time.Time
		action string
		n      int
	}
	type of struct {
		organisation uuid.UUID
		Finding
	}
	var counts []count
	var findings []of
	b := &pgx.Batch{}
	collect(b, &out.Places, scanPlace, places)
	collect(b, &counts, func(row pgx.CollectableRow) (c count, err error) { return c, row.Scan(&c.month, &c.action, &c.n) },
		`select month, action, acts from recipient_acts($1, $2, $3)`, one, first[len(first)-1].begins(), now)
	collect(b, &findings, func(row pgx.CollectableRow) (f of, err error) {
		return f, row.Scan(&f.organisation, &f.Gravity, &f.Outcome, &f.Count, &f.Last)
	}, `select organisation_id, gravity, outcome, findings, last_at from recipient_findings($1)`, one)
	as, err := r.ask(ctx, by, b)
	if err != nil {
		return Department{}, false, err
	}
	_, out.Code, _ = strings.Cut(as, " ")
	if one != nil {
		kept := out.Places[:0]
		for _, p := range out.Places {
			if p.id == *one {
				kept = append(kept, p)
			}
		}
		out.Places = kept
	}
	for _, f := range findings {
		for i := range out.Places {
			if out.Places[i].id == f.organisation {
				out.Places[i].Findings = append(out.Places[i].Findings, f.Finding)
			}
		}
	}
	out.Months = first
	for _, c := range counts {
		for i := range out.Months {
			if out.Months[i].Of.Equal(c.month) {
				out.Months[i].add(c.action, c.n)
			}
		}
	}
	return out, len(out.Places) > 0, nil
}

// months are the last ones, in Paris, the newest first.
func months(now time.Time) []Month {
	y, m, _ := now.In(prose.Paris).Date()
	var out []Month
	for i := range Months {
		out = append(out, Month{Of: time.Date(y, m-time.Month(i), 1, 0, 0, 0, 0, time.UTC)})
	}
	return out
}

// begins is when a month begins in Paris.
func (m Month) begins() time.Time {
	return time.Date(m.Of.Year(), m.Of.Month(), 1, 0, 0, 0, 0, prose.Paris)
}

func (m *Month) add(action string, n int) {
	switch action {
	case "mandate.signed":
		m.Signed += n
	case "mandate.ended":
		m.Ended += n
	case "power.used":
		m.Used += n
	case "power.accounted":
		m.Accounted += n
	}
}

func scanPlace(row pgx.CollectableRow) (Place, error) {
	var p Place
	err := row.Scan(&p.PublicID, &p.SIRET, &p.Name, &p.Kind, &p.KindOther, &p.Postcode, &p.City, &p.FranceServices, &p.Habilitation, &p.State, &p.Since, &p.Closed, &p.Aidants, &p.Certified, &p.Over,
		&p.Suspended, &p.id)
	return p, err
}
