package mandate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/clock"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// The clock of the server may lag behind the database's, by which the new mandate was signed: the job asks neither.
func TestTransfer_WhateverTheServersClockSays(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	n := m.signed(fixture.Angela(), nil)
	lagging := &clock.Clock{}
	lagging.Advance(-time.Minute)
	server := mandate.New(m.DB, m.Journal, m.Citizens, m.Drafts, nil, m.Catalogue, m.Keys, lagging)
	if err := server.Transfers().Work(t.Context(), n.ID, false); err != nil {
		t.Fatal(err)
	}
	if state, reason, _ := m.state(); state != mandate.Ended || reason != "transferred" {
		t.Errorf("the job is done, and the old mandate is %s %s", state, reason)
	}
	m.Content(t)
}

// A mandate that never began takes nobody's place, whatever day it is: the job, the database and the comparison say so.
func TestTransfer_ByOneThatNeverBegan(t *testing.T) {
	t.Parallel()
	m := newMove(t)
	n := m.signed(fixture.Angela(), func(x *terms.Terms) { x.From = terms.DayOf(m.Clock.Now()).AddDate(0, 0, 2) })
	if err := m.Mandates.End(t.Context(), m.Ines, n.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	m.Clock.Advance(72 * time.Hour)
	m.end(n)
	m.stands()
	err := m.Journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		tx.Queue(`update mandate_power set state = 'ended', ended_at = $2, end_reason = 'transferred' where mandate_id = $1`, m.old.ID, tx.Now)
		tx.Queue(`update mandate set state = 'ended', ended_at = $2, end_reason = 'transferred' where id = $1`, m.old.ID, tx.Now)
		return journal.Event{Action: "mandate.ended", Organisation: m.Here, Citizen: m.old.Citizen, Mandate: m.old.ID, Detail: struct {
			Reason string `json:"reason"`
		}{"transferred"}}, nil
	})
	if err == nil || !strings.Contains(err.Error(), "transferred to nowhere") {
		t.Errorf("the database: %v", err)
	}
	m.Behind(t, `update mandate set state = 'ended', ended_at = $2, end_reason = 'transferred' where id = $1`, m.old.ID, m.Clock.Now())
	if found := m.compare(); !strings.Contains(found, "takes its place") {
		t.Errorf("the comparison found %s", found)
	}
}

func (m *move) compare() string {
	m.t.Helper()
	found, err := mandate.Compare(m.t.Context(), m.OpenAuditor(m.t))
	if err != nil {
		m.t.Fatal(err)
	}
	return fmt.Sprint(found)
}

// What a signature said would end and did not is named, once the job can no longer be tried, and for as long as it gives anything.
func TestTransfer_ThatDidNotComeAboutIsNamed(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	at := func(in time.Duration) func(*move, *terms.Terms) {
		return func(m *move, x *terms.Terms) { x.From = terms.DayOf(m.Clock.Now().Add(in)) }
	}
	for name, c := range map[string]struct {
		signed time.Duration // before now
		change func(*move, *terms.Terms)
		begins time.Duration // before now; 0: not yet
		then   func(*move, mandate.Mandate)
		named  bool
	}{
		"lost":                         {signed: 13 * time.Hour, named: true},
		"may still be tried":           {signed: 11 * time.Hour},
		"came about":                   {signed: 13 * time.Hour, then: (*move).end},
		"lost, for a later day":        {signed: 10 * day, change: at(3 * day), begins: 13 * time.Hour, named: true},
		"has begun late":               {signed: 10 * day, change: at(3 * day), begins: 11 * time.Hour},
		"has not begun":                {signed: 10 * day, change: at(3 * day)},
		"the old one's time is over":   {signed: 400 * day},
		"ended by its citizen instead": {signed: 13 * time.Hour, then: func(m *move, _ mandate.Mandate) { m.give(m.Jeanne, m.old.ID) }},
		"its own time was over before it could begin": {signed: 10 * day, begins: day, change: func(m *move, x *terms.Terms) {
			at(3*day)(m, x)
			x.Days, x.Until = 0, x.From
		}},
		"the new one ended after it began":  {signed: 13 * time.Hour, named: true, then: func(m *move, n mandate.Mandate) { m.give(m.Ines, n.ID) }},
		"the new one ended before it began": {signed: 10 * day, change: at(3 * day), then: func(m *move, n mandate.Mandate) { m.give(m.Ines, n.ID) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			w.Clock.Advance(-c.signed)
			m := &move{World: w, t: t}
			m.again()
			m.old = w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
			n := m.signed(fixture.Angela(), func(x *terms.Terms) {
				if c.change != nil {
					c.change(m, x)
				}
			})
			if c.begins != 0 {
				w.Clock.Advance(c.signed - c.begins)
				if _, err := w.Mandates.StartDue(t.Context(), 10); err != nil {
					t.Fatal(err)
				}
			}
			if c.then != nil {
				c.then(m, n)
			}
			found := m.compare()
			want := "[]"
			if c.named {
				want = "[mandate " + n.ID.String() + ": takes the place of mandate " + m.old.ID.String() + " of another organisation, which still stands]"
			}
			if found != want {
				t.Errorf("found %s, want %s", found, want)
			}
		})
	}
}

// What stands in one organisation beside another is no transfer, whatever the tables are made to say of it.
func TestTransfer_WithinOneOrganisationIsNone(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	w.Clock.Advance(-24 * time.Hour)
	m := &move{World: w, t: t}
	m.again()
	m.old = w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	n := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Housing)
	m.Behind(t, `update mandate set transfers = $2 where id = $1`, n.ID, m.old.ID)
	if found := m.compare(); strings.Contains(found, "still stands") || !strings.Contains(found, "its entry says") {
		t.Errorf("found %s", found)
	}
}

// again lets everybody act by the clock as it is now.
func (m *move) again() {
	m.Jeanne.FactorAt, m.Ines.FactorAt, m.Paul.FactorAt = m.Clock.Now(), m.Clock.Now(), m.Clock.Now()
}

func (m *move) give(by journal.Actor, id uuid.UUID) {
	m.t.Helper()
	if err := m.Mandates.End(m.t.Context(), by, id, "citizen"); err != nil {
		m.t.Fatal(err)
	}
}

// Between the signature and the first day the organisation before reads another spelling of the birth place: it ends there all the same.
func TestTransfer_AfterAnotherSpellingOfTheBirthPlace(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	key, igor := procedureOf(t, w, procedure.Witnessed), w.Aidant(t, w.Elsewhere, "igor")
	other := pick(t, w, func(p procedure.Procedure) bool {
		return p.Identity == procedure.Witnessed && p.Key != key && p.Warning == nil && p.Offers(procedure.Act)
	}).Key
	sign := func(a, second journal.Actor, town string, who draft.Who, d draft.Draft, err error) mandate.Mandate {
		t.Helper()
		if err == nil {
			err = w.Drafts.ReadDocument(t.Context(), a, d.ID, citizen.Identity{GivenName: "Amina", FamilyName: "HADDAD", Birthdate: "1983-00-00", BornTown: town}, "passport", who)
		}
		if err != nil {
			t.Fatal(err)
		}
		w.Witness(t, second, d.ID)
		m, err := w.Mandates.Sign(t.Context(), a, d.ID, w.Agreed(t, a, d.ID))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(key))
	m := &move{World: w, t: t, old: sign(w.Jeanne, w.Paul, "", draft.Who{}, d, err)}
	later := fixture.Terms(key)
	later.From = terms.DayOf(w.Clock.Now()).AddDate(0, 0, 2)
	d, err = w.Mandates.StartTransfer(t.Context(), w.Ines, m.offer(w.Ines), later)
	n := sign(w.Ines, igor, "Alep", draft.Who{}, d, err)
	d, err = w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(other))
	sign(w.Jeanne, w.Paul, "Halab", draft.Who{Same: m.old.Citizen}, d, err)
	w.Clock.Advance(72 * time.Hour)
	if _, err := w.Mandates.StartDue(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if err := w.Mandates.Transfers().Work(t.Context(), n.ID, false); err != nil {
		t.Error(err)
	}
	if state, reason, _ := m.state(); state != mandate.Ended || reason != "transferred" {
		t.Errorf("the citizen signed that it ends, and it is %s %s", state, reason)
	}
	m.Content(t)
}
