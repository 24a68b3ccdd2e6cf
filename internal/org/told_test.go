package org_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/journal"
)

// Who can no longer act in an organisation is told which one; nobody is told of somebody else's, or twice.
func TestSuspensions_AreToldToWhomTheyStop(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, program := t.Context(), w.Directory, journal.Program()
	odile := w.Referent(t, w.Here, "odile")
	if err := d.SuspendIn(ctx, odile, w.Paul.Person); err != nil {
		t.Fatal(err)
	}
	told := *w.Told
	if len(told) != 1 || told[0].Kind != "suspended_there" || told[0].Person != w.Paul.Person || !strings.HasPrefix(told[0].About, w.Here.String()+" ") {
		t.Errorf("Paul's suspension: %v", told)
	}
	*w.Told = nil
	if err := errors.Join(d.SuspendOrganisation(ctx, program, w.Here), d.ResumeOrganisation(ctx, program, w.Here)); err != nil {
		t.Fatal(err)
	}
	var who []uuid.UUID
	for _, m := range *w.Told {
		who = append(who, m.Person)
		if m.Kind != "organisation_suspended" || !strings.HasPrefix(m.About, w.Here.String()+" ") {
			t.Errorf("told %+v", m)
		}
	}
	if !slices.Contains(who, w.Jeanne.Person) || !slices.Contains(who, odile.Person) || slices.Contains(who, w.Paul.Person) || slices.Contains(who, w.Ines.Person) {
		t.Errorf("told %v", who)
	}
	slices.SortFunc(who, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	if n := len(who); len(slices.Compact(who)) != n {
		t.Error("somebody is told twice")
	}
}
