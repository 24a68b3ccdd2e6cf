package decision_test

import (
	"testing"
	"time"

	"mandat/internal/decision"
	"mandat/internal/fixture"
	"mandat/internal/journal"
)

// An aidant is shown what was refused to them, of whom and by whom, for a month; the names are shown by an act. Nobody else is shown it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	shown := func(by journal.Actor, want, entries int) decision.Refusal {
		t.Helper()
		got, err := s.point.Refusals(t.Context(), by)
		if n := s.count(t, `select count(*) from journal_entry where action = 'decision.listed'`); err != nil || len(got) != want || n != entries {
			t.Fatalf("%+v, %v, and %d entries", got, err, n)
		}
		if want == 0 {
			return decision.Refusal{}
		}
		return got[0]
	}
	m := s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax)
	shown(s.Jeanne, 0, 0)
	s.says(t, impots, asked(s.named(t, impots, s.Jeanne, m), "context.level", "sign"), false)
	r := shown(s.Jeanne, 1, 1)
	if r.Client != impots || r.Name != "Service impots" || r.Reason != "level" || r.Procedure != fixture.Tax || r.Mandate != m.ID || r.Login || !r.Named || r.Citizen.ID != m.Citizen || r.Citizen.Identity.FamilyName != "DUBOIS" {
		t.Errorf("%+v", r)
	}
	shown(s.Paul, 0, 1)
	shown(s.Ines, 0, 1)
	s.Behind(t, `update certification set state = 'suspended', suspended_at = now() where person_id = $1`, s.Jeanne.Person)
	if r := shown(s.Jeanne, 1, 1); r.Named || r.Citizen.Identity.FamilyName != "" {
		t.Errorf("who may not read is shown %+v", r)
	}
	s.Behind(t, `update certification set state = 'certified', suspended_at = null where person_id = $1`, s.Jeanne.Person)
	s.Behind(t, `update decision_answer set client = 'gone'`)
	if r := shown(s.Jeanne, 1, 2); r.Client != "gone" || r.Name != "" || !r.Named {
		t.Errorf("of a service that is gone: %+v", r)
	}
	s.Clock.Advance(decision.Shown + time.Minute)
	shown(s.Jeanne, 0, 2)
}
