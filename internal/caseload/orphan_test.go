package caseload_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/prose"
	"mandat/internal/terms"
)

// wantOrphans asks that the referent is told of exactly these people's mandates.
func wantOrphans(t *testing.T, w *fixture.World, boss journal.Actor, want map[uuid.UUID]int) {
	t.Helper()
	found, err := w.Caseload.Orphans(t.Context(), boss)
	if err != nil || len(found) != len(want) {
		t.Errorf("found %+v, %v, want %v", found, err, want)
	}
	for _, o := range found {
		if want[o.Person] != o.Mandates || o.FirstEnd.IsZero() {
			t.Errorf("found %+v, want %v", o, want)
		}
	}
}

// Whoever may not be responsible any more, for whatever reason, leaves mandates with nobody; whoever may read again has them again.
func TestOrphans_OfWhoMayNotReadAnyMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		gone, back func(*fixture.World, journal.Actor) error
	}{
		"left": {func(w *fixture.World, boss journal.Actor) error {
			return w.Directory.TakeRole(t.Context(), boss, w.Jeanne.Person, org.RoleAidant)
		}, func(w *fixture.World, _ journal.Actor) error {
			return w.Directory.Join(t.Context(), journal.Program(), w.Jeanne.Person, w.Here, org.RoleAidant)
		}},
		"suspended there": {func(w *fixture.World, boss journal.Actor) error {
			return w.Directory.SuspendIn(t.Context(), boss, w.Jeanne.Person)
		}, func(w *fixture.World, boss journal.Actor) error {
			return w.Directory.ResumeIn(t.Context(), boss, w.Jeanne.Person)
		}},
		"suspended everywhere": {func(w *fixture.World, _ journal.Actor) error {
			return w.Directory.Suspend(t.Context(), journal.Program(), w.Jeanne.Person)
		}, func(w *fixture.World, _ journal.Actor) error {
			return w.Directory.Resume(t.Context(), journal.Program(), w.Jeanne.Person)
		}},
		"certificate suspended": {func(w *fixture.World, _ journal.Actor) error {
			w.Behind(t, `update certification set state = 'suspended', suspended_at = now() where person_id = $1`, w.Jeanne.Person)
			return nil
		}, func(w *fixture.World, _ journal.Actor) error {
			w.Behind(t, `update certification set state = 'certified', suspended_at = null where person_id = $1`, w.Jeanne.Person)
			return nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			boss := w.Referent(t, w.Here, "rose")
			m := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
			w.Sign(t, w.Paul, fixture.Citizen(2), fixture.Tax)
			wantOrphans(t, w, boss, nil)
			if err := c.gone(w, boss); err != nil {
				t.Fatal(err)
			}
			wantOrphans(t, w, boss, map[uuid.UUID]int{w.Jeanne.Person: 1})
			if yes, err := w.Caseload.Forsaken(t.Context(), w.Paul, m.ID); !yes || err != nil {
				t.Errorf("forsaken: %t, %v", yes, err)
			}
			if err := c.back(w, boss); err != nil {
				t.Fatal(err)
			}
			wantOrphans(t, w, boss, nil)
			if yes, err := w.Caseload.Forsaken(t.Context(), w.Paul, m.ID); yes || err != nil {
				t.Errorf("followed up again and forsaken: %t, %v", yes, err)
			}
		})
	}
}

func TestOrphans_HandedOver(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	boss, anna := w.Referent(t, w.Here, "rose"), w.Aidant(t, w.Here, "anna")
	w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	later := fixture.Terms(fixture.Tax)
	later.From = terms.DayOf(w.Clock.Now()).AddDate(0, 0, 10)
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, later)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Drafts.Identify(t.Context(), w.Jeanne, d.ID, fixture.Angela(), w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Mandates.Sign(t.Context(), w.Jeanne, d.ID, w.Agreed(t, w.Jeanne, d.ID)); err != nil {
		t.Fatal(err)
	}
	ended := w.Sign(t, w.Jeanne, fixture.Citizen(3), fixture.Tax)
	if err := w.Mandates.End(t.Context(), w.Jeanne, ended.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	step := func(err error, want map[uuid.UUID]int) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		wantOrphans(t, w, boss, want)
	}
	handOver := func(from, to journal.Actor) error {
		_, err := w.Caseload.HandOver(t.Context(), boss, from.Person, to.Person)
		return err
	}
	leave := func(who journal.Actor) error {
		return w.Directory.TakeRole(t.Context(), boss, who.Person, org.RoleAidant)
	}
	step(leave(w.Jeanne), map[uuid.UUID]int{w.Jeanne.Person: 2}) // the one for later too
	step(handOver(w.Jeanne, w.Paul), nil)
	if left, err := w.Caseload.LeftBy(t.Context(), boss, w.Paul.Person); err != nil || left.Mandates != 2 {
		t.Errorf("he would leave %+v, %v", left, err)
	}
	step(leave(w.Paul), map[uuid.UUID]int{w.Paul.Person: 2})
	step(handOver(w.Paul, anna), nil)
	w.Content(t)
	w.Clock.Advance(60 * 24 * time.Hour)
	boss.FactorAt = w.Clock.Now()
	step(leave(anna), nil) // their time is over
}

func TestOrphans_AreTheReferents(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	boss, elsa := w.Referent(t, w.Here, "rose"), w.Referent(t, w.Elsewhere, "elsa")
	m := w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	if err := w.Directory.SuspendIn(t.Context(), boss, w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	elsewhere, pretender := boss, w.Paul
	elsewhere.Organisation, pretender.Kind = w.Elsewhere, journal.Referent
	for name, by := range map[string]journal.Actor{"an aidant": w.Paul, "one who says so": pretender, "a referent elsewhere": elsewhere} {
		if found, err := w.Caseload.Orphans(t.Context(), by); !errors.Is(err, org.ErrMayNot) || found != nil {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	wantOrphans(t, w, elsa, nil)
	if yes, err := w.Caseload.Forsaken(t.Context(), w.Ines, m.ID); yes || err != nil {
		t.Errorf("asked elsewhere: %t, %v", yes, err)
	}
}

// Referents are told once a day, by day, until somebody follows the mandates up: each referent who may work, and nobody else.
func TestTellOfOrphans(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	boss, away := w.Referent(t, w.Here, "rose"), w.Referent(t, w.Here, "remi")
	w.Referent(t, w.Elsewhere, "elsa")
	w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	if err := errors.Join(w.Directory.SuspendIn(t.Context(), boss, w.Jeanne.Person), w.Directory.Suspend(t.Context(), journal.Program(), away.Person)); err != nil {
		t.Fatal(err)
	}
	at := func(days, hour int) string {
		t.Helper()
		now := w.Clock.Now().In(prose.Paris)
		w.Clock.Advance(time.Date(now.Year(), now.Month(), now.Day()+days, hour, 0, 0, 0, prose.Paris).Sub(now))
		due, err := w.Caseload.TellOfOrphans(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, m := range due {
			if m.Kind != "orphans" || m.Person != boss.Person || !strings.HasPrefix(m.About, w.Here.String()) {
				t.Errorf("told %+v", m)
			}
			all = append(all, m.About)
		}
		return strings.Join(all, ",")
	}
	if early := at(1, 7); early != "" {
		t.Errorf("at seven: %s", early)
	}
	first := at(0, 9)
	if again := at(0, 18); first == "" || again != first {
		t.Errorf("the same day %q, then %q", first, again)
	}
	if next := at(1, 9); next == "" || next == first {
		t.Errorf("the next day %q", next)
	}
	boss.FactorAt = w.Clock.Now()
	if _, err := w.Caseload.HandOver(t.Context(), boss, w.Jeanne.Person, w.Paul.Person); err != nil {
		t.Fatal(err)
	}
	if after := at(1, 9); after != "" {
		t.Errorf("followed up, and still told: %s", after)
	}
}

// A new version of the charter leaves no mandate alone: who has not accepted it yet answers for theirs all the same.
func TestOrphans_NotForACharter(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	boss := w.Referent(t, w.Here, "rose")
	w.Sign(t, w.Jeanne, fixture.Citizen(1), fixture.Tax)
	w.Behind(t, `delete from charter_acceptance where person_id = $1`, w.Jeanne.Person)
	if _, err := w.Caseload.FollowedUp(t.Context(), w.Jeanne, 1); !errors.Is(err, org.ErrMayNot) {
		t.Fatalf("reads without the charter: %v", err)
	}
	wantOrphans(t, w, boss, nil)
}
