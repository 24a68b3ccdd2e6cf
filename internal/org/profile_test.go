package org_test

import (
	"errors"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// A name stands on what citizens get of every organisation of its person: who works for several is renamed by an administrator only, and everybody is told.
func TestRename_IsToldAndNotForOneOfSeveral(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, odile, ada := t.Context(), w.Directory, w.Referent(t, w.Here, "odile"), w.Administrator(t, "ada")
	if err := d.Join(ctx, journal.Program(), w.Jeanne.Person, w.Elsewhere, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	*w.Told = nil
	if err := d.Rename(ctx, odile, w.Jeanne.Person, "Quelqu’un", "D’autre"); !errors.Is(err, org.ErrSeveralPlaces) || len(*w.Told) != 0 {
		t.Errorf("by one of two organisations: %v, told %v", err, *w.Told)
	}
	if p, err := d.Find(ctx, w.Jeanne.Person); err != nil || p.GivenName != "jeanne" {
		t.Errorf("she is %s, %v", p.GivenName, err)
	}
	for _, c := range []struct{ by, who journal.Actor }{{odile, w.Paul}, {ada, w.Jeanne}} {
		*w.Told = nil
		if err := d.Rename(ctx, c.by, c.who.Person, "Camille", "Fictif"); err != nil {
			t.Fatal(err)
		}
		if told := *w.Told; len(told) != 1 || told[0].Kind != "renamed" || told[0].Person != c.who.Person {
			t.Errorf("told %v", told)
		}
	}
	if err := d.Leave(ctx, ada, w.Jeanne.Person, w.Elsewhere, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	if err := d.Rename(ctx, odile, w.Jeanne.Person, "Jeanne", "Fictif"); err != nil {
		t.Errorf("once she works here alone: %v", err)
	}
	w.Content(t)
}
