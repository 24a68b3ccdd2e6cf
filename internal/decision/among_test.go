package decision_test

import (
	"testing"
	"time"

	"mandat/internal/decision"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// An answer rests on the powers of the citizen who was asked about, and on nobody's beside them.
func TestDecide_RestsOnTheirOwnPowers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	with, without := s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax), s.Sign(t, s.Jeanne, fixture.Citizen(1), fixture.Housing)
	hers := s.named(t, impots, s.Jeanne, with)
	s.says(t, impots, asked(hers), true)
	s.says(t, impots, asked(names{hers.actor, s.subject(t, impots, without)}), false)
	if got := s.entries(t); len(got) != 2 || got[1].Citizen != without.Citizen || got[1].Reason != "no_power" {
		t.Errorf("%+v", got)
	}
}

// A referent who is no aidant is a stranger, whatever their name is known by; and what an aidant may do is not widened by being a referent too.
func TestDecide_AsksOfAidantsOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	n := s.named(t, impots, s.Jeanne, s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax))
	odile := s.Referent(t, s.Here, "odile")
	s.says(t, impots, asked(names{s.actor(t, impots, odile), n.citizen}), false)
	if got := s.entries(t); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if err := s.Directory.Join(t.Context(), journal.Program(), s.Jeanne.Person, s.Here, org.RoleReferent); err != nil {
		t.Fatal(err)
	}
	s.Behind(t, `update membership set procedures = array['`+fixture.Housing+`'] where person_id = $1 and role = 'aidant'`, s.Jeanne.Person)
	s.says(t, impots, asked(n), false)
}

// Once a day is once for each: another aidant, another citizen, another procedure has an entry of its own.
func TestDecide_EachIsAnEntry(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one, two := s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Housing), s.Sign(t, s.Jeanne, fixture.Citizen(1), fixture.Housing)
	jeanne, paul := s.actor(t, impots, s.Jeanne), s.actor(t, impots, s.Paul)
	angela, other := s.subject(t, impots, one), s.subject(t, impots, two)
	third := s.subject(t, impots, s.Sign(t, s.Jeanne, fixture.Citizen(2), fixture.Tax))
	for _, body := range []string{
		asked(names{jeanne, angela}), asked(names{paul, angela}), asked(names{jeanne, other}),
		asked(names{jeanne, third}, "action.name", fixture.Housing), asked(names{jeanne, third}, "action.name", "nothing-of-the-sort"),
	} {
		before := len(s.entries(t))
		for range 2 {
			s.says(t, impots, body, false)
		}
		if got := s.entries(t); len(got) != before+1 {
			t.Errorf("%s: %d entries", body, len(got)-before)
		}
	}
}

// What is shown was refused, to this aidant, in this organisation, lately.
func TestRefusals_OfNobodyElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax)
	n := s.named(t, impots, s.Jeanne, m)
	there := s.Jeanne
	there.Organisation = s.Elsewhere
	if err := s.Directory.Join(t.Context(), journal.Program(), there.Person, there.Organisation, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	shown := func(when string, want int) {
		t.Helper()
		if got, err := s.point.Refusals(t.Context(), s.Jeanne); err != nil || len(got) != want {
			t.Fatalf("%s: %+v, %v", when, got, err)
		}
	}
	refused := func(by journal.Actor) {
		t.Helper()
		err := s.Journal.Record(t.Context(), by, func(*journal.Tx) (journal.Event, error) {
			return journal.Event{Action: "power.refused", Citizen: m.Citizen, Detail: map[string]string{"client": impots, "step": "citizen", "reason": "expired"}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	s.says(t, impots, asked(n), true)
	shown("a yes", 0)
	elsewhere := s.subject(t, impots, s.Sign(t, there, fixture.Citizen(1), fixture.Tax))
	s.says(t, impots, asked(names{n.actor, elsewhere}, "subject.properties.organisation", "35600000000048", "context.level", "sign"), false)
	shown("a no in another organisation", 0)
	refused(s.Paul)
	shown("a colleague's login", 0)
	refused(there)
	shown("a login in another organisation", 0)
	refused(s.Jeanne)
	shown("a login", 1)
	s.Clock.Advance(decision.Shown + time.Minute)
	shown("a month later", 0)
}
