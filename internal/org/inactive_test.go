package org_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

const month = 31 * 24 * time.Hour

// W29: everybody who has not signed in for long is warned and then suspended, whatever they are and whatever second factor they have or have not; and
// nobody who has.
func TestInactive_WarnsAndSuspendsEverybody(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	people := map[uuid.UUID]string{w.Jeanne.Person: "jeanne", w.Paul.Person: "paul", w.Ines.Person: "ines", w.Referent(t, w.Here, "odile").Person: "odile",
		w.Administrator(t, "ada").Person: "ada", w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia").Person: "sofia", w.Newcomer(t, journal.Aidant, w.Here, "nadia", org.RoleAidant).Person: "nadia"}
	none := func(at string) {
		t.Helper()
		warned, err := d.WarnInactive(ctx, w.Clock.Now())
		if err != nil || len(warned) != 0 {
			t.Errorf("%s: warned %v, %v", at, warned, err)
		}
		if out, err := d.SuspendInactive(ctx, w.Clock.Now()); err != nil || len(out) != 0 {
			t.Errorf("%s: suspended %v, %v", at, out, err)
		}
	}
	none("at once")
	w.Clock.Advance(4*month + 20*24*time.Hour)
	none("after less than five months")
	w.Behind(t, `insert into session_presence (person_id, signed_in_at) values ($1, $2)`, w.Paul.Person, w.Clock.Now())
	w.Clock.Advance(15 * 24 * time.Hour)
	warned, err := d.WarnInactive(ctx, w.Clock.Now())
	if err != nil || len(warned) != len(people)-1 {
		t.Fatalf("warned %d, %v", len(warned), err)
	}
	if out, err := d.SuspendInactive(ctx, w.Clock.Now()); err != nil || len(out) != 0 {
		t.Errorf("suspended without a month's notice: %v, %v", out, err)
	}
	if _, err := d.WarnInactive(ctx, w.Clock.Now().Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	about := map[string]int{}
	for _, m := range *w.Told {
		about[m.Kind+" "+m.About]++
	}
	if len(about) != len(people)-1 { // the queue sends one of the same kind and about
		t.Errorf("%d messages of %d", len(about), len(people)-1)
	}
	w.Clock.Advance(month)
	out, err := d.SuspendInactive(ctx, w.Clock.Now())
	if err != nil || len(out) != len(people)-1 {
		t.Fatalf("suspended %d, %v", len(out), err)
	}
	for id, name := range people {
		p, err := d.Find(ctx, id)
		if err != nil || p.Suspended != (name != "paul") || p.Suspended && p.SuspendedWhy != org.Inactive {
			t.Errorf("%s: suspended %t %s, %v", name, p.Suspended, p.SuspendedWhy, err)
		}
	}
	if out, err := d.SuspendInactive(ctx, w.Clock.Now()); err != nil || len(out) != 0 {
		t.Errorf("again: %v, %v", out, err)
	}
	if warned, err := d.WarnInactive(ctx, w.Clock.Now()); err != nil || len(warned) != 0 {
		t.Errorf("warned although suspended: %v, %v", warned, err)
	}
	w.Content(t)
}

// Nobody is suspended without a warning four weeks before, since they were here last: when the jobs stood still for months, the warning comes first.
func TestInactive_NobodyWithoutAWarning(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	day := 24 * time.Hour
	w.Clock.Advance(5*month + day)
	if _, err := d.WarnInactive(ctx, w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.Behind(t, `delete from person_warning where person_id = $1`, w.Ines.Person) // she was never told
	w.Behind(t, `insert into session_presence (person_id, signed_in_at) values ($1, $2)`, w.Paul.Person, w.Clock.Now().Add(day))
	w.Clock.Advance(9 * month)
	suspended := func(want ...uuid.UUID) {
		t.Helper()
		out, err := d.SuspendInactive(ctx, w.Clock.Now())
		var who []uuid.UUID
		for _, p := range out {
			who = append(who, p.Person)
		}
		if err != nil || !slices.Equal(who, want) {
			t.Errorf("suspended %v, want %v, %v", who, want, err)
		}
	}
	suspended(w.Jeanne.Person) // Paul's warning was about another time away
	*w.Told = nil
	for range 2 {
		if _, err := d.WarnInactive(ctx, w.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(*w.Told); n != 2 {
		t.Errorf("%d warnings, want one each to Ines and Paul", n)
	}
	suspended()
	w.Clock.Advance(28*day - time.Minute)
	suspended()
	w.Clock.Advance(time.Minute)
	suspended(w.Ines.Person, w.Paul.Person)
	w.Content(t)
}

// A referent of theirs reinstates who was inactive, and nobody else; who is reinstated has another six months.
func TestResume_WhoWasInactive(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	w.Clock.Advance(6 * month)
	if _, err := d.WarnInactive(ctx, w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(month)
	odile, elsa := w.Referent(t, w.Here, "odile"), w.Referent(t, w.Elsewhere, "elsa")
	if out, err := d.SuspendInactive(ctx, w.Clock.Now()); err != nil || len(out) != 3 {
		t.Fatalf("%v, %v", out, err)
	}
	if err := d.Leave(ctx, journal.Program(), w.Paul.Person, w.Here, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	for name, step := range map[string]struct{ got, want error }{
		"elsewhere's referent": {d.Resume(ctx, elsa, w.Jeanne.Person), db.ErrNotFound},
		"who has left":         {d.Resume(ctx, odile, w.Paul.Person), db.ErrConflict},
		"theirs":               {d.Resume(ctx, odile, w.Jeanne.Person), nil},
	} {
		if !errors.Is(step.got, step.want) || step.want == nil && step.got != nil {
			t.Errorf("%s: %v, want %v", name, step.got, step.want)
		}
	}
	if out, err := d.SuspendInactive(ctx, w.Clock.Now().Add(time.Hour)); err != nil || len(out) != 0 {
		t.Errorf("suspended again at once: %v, %v", out, err)
	}
	if err := d.Suspend(ctx, journal.Program(), w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	if err := d.Resume(ctx, odile, w.Jeanne.Person); !errors.Is(err, db.ErrConflict) {
		t.Errorf("decided by an administrator, lifted by a referent: %v", err)
	}
	w.Content(t)
}
