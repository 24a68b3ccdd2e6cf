package org_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
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
	for _, act := range []struct {
		kind string
		do   func(context.Context, journal.Actor, uuid.UUID) error
	}{{"organisation_suspended", d.SuspendOrganisation}, {"organisation_resumed", d.ResumeOrganisation}} {
		*w.Told = nil
		if err := act.do(ctx, program, w.Here); err != nil {
			t.Fatal(err)
		}
		var who []uuid.UUID
		for _, m := range *w.Told {
			who = append(who, m.Person)
			if m.Kind != act.kind || !strings.HasPrefix(m.About, w.Here.String()+" ") {
				t.Errorf("told %+v", m)
			}
		}
		if !slices.Contains(who, w.Jeanne.Person) || !slices.Contains(who, odile.Person) || slices.Contains(who, w.Paul.Person) || slices.Contains(who, w.Ines.Person) {
			t.Errorf("%s: told %v", act.kind, who)
		}
		slices.SortFunc(who, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
		if n := len(who); len(slices.Compact(who)) != n {
			t.Errorf("%s: somebody is told twice", act.kind)
		}
	}
}

// Who may act again, or becomes a referent, is told so; nobody else is, and nobody when it is so already.
func TestReinstatements_AreToldToWhomTheyConcern(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, program := t.Context(), w.Directory, journal.Program()
	odile, ada := w.Referent(t, w.Here, "odile"), w.Administrator(t, "ada")
	asleep := w.Newcomer(t, journal.Aidant, w.Here, "asleep", org.RoleAidant)
	if err := errors.Join(d.SuspendIn(ctx, odile, w.Paul.Person), d.Suspend(ctx, program, w.Ines.Person), d.Suspend(ctx, program, asleep.Person)); err != nil {
		t.Fatal(err)
	}
	w.Behind(t, `update person set suspended_why = 'inactive' where id = $1`, asleep.Person)
	for _, c := range []struct {
		what  string
		act   func() error
		kind  string // "": nobody is told
		whom  uuid.UUID
		about uuid.UUID
	}{
		{"a referent lifts a suspension", func() error { return d.ResumeIn(ctx, odile, w.Paul.Person) }, "resumed_there", w.Paul.Person, w.Here},
		{"an administrator lifts one", func() error { return d.Resume(ctx, ada, w.Ines.Person) }, "resumed", w.Ines.Person, w.Ines.Person},
		{"a referent wakes somebody", func() error { return d.Resume(ctx, odile, asleep.Person) }, "resumed", asleep.Person, asleep.Person},
		{"a referent names another", func() error { return d.GiveRole(ctx, odile, w.Paul.Person, org.RoleReferent) }, "referent_named", w.Paul.Person, w.Here},
		{"the program names one", func() error { return d.Join(ctx, program, w.Ines.Person, w.Elsewhere, org.RoleReferent) }, "referent_named", w.Ines.Person, w.Elsewhere},
		{"a referent becomes an aidant", func() error { return d.GiveRole(ctx, odile, odile.Person, org.RoleAidant) }, "", uuid.Nil, uuid.Nil},
		{"a referent takes the role", func() error { return d.TakeRole(ctx, odile, w.Paul.Person, org.RoleReferent) }, "referent_ended", w.Paul.Person, w.Here},
		{"the program takes it", func() error { return d.Leave(ctx, program, w.Ines.Person, w.Elsewhere, org.RoleReferent) }, "referent_ended", w.Ines.Person, w.Elsewhere},
	} {
		*w.Told = nil
		if err := c.act(); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		told := *w.Told
		if c.kind == "" && len(told) != 0 || c.kind != "" && (len(told) != 1 || told[0].Kind != c.kind || told[0].Person != c.whom || !strings.HasPrefix(told[0].About, c.about.String()+" ")) {
			t.Errorf("%s: told %v", c.what, told)
		}
		*w.Told = nil
		if err := c.act(); err == nil || len(*w.Told) != 0 {
			t.Errorf("%s again: told %v, %v", c.what, *w.Told, err)
		}
	}
}

// Whose role or office ends is told, and for which organisation; nobody else is, and nobody when nothing ended.
func TestEndings_AreToldToWhomTheyConcern(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, program := t.Context(), w.Directory, journal.Program()
	odile, ada, bea := w.Referent(t, w.Here, "odile"), w.Administrator(t, "ada"), w.Administrator(t, "bea")
	w.Administrator(t, "cleo")
	for what, c := range map[string]struct {
		end   func() error
		kind  string
		whom  uuid.UUID
		about uuid.UUID
	}{
		"a referent takes a role":            {func() error { return d.TakeRole(ctx, odile, w.Paul.Person, org.RoleAidant) }, "role_ended", w.Paul.Person, w.Here},
		"the program takes one":              {func() error { return d.Leave(ctx, program, w.Jeanne.Person, w.Here, org.RoleAidant) }, "role_ended", w.Jeanne.Person, w.Here},
		"an administrator ends an office":    {func() error { return d.EndOffice(ctx, ada, bea.Person) }, "office_ended", bea.Person, bea.Person},
		"the program closes an organisation": {func() error { return d.Close(ctx, program, w.Elsewhere) }, "organisation_closed", w.Ines.Person, w.Elsewhere},
	} {
		*w.Told = nil
		if err := c.end(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		told := *w.Told
		if len(told) != 1 || told[0].Kind != c.kind || told[0].Person != c.whom || !strings.HasPrefix(told[0].About, c.about.String()+" ") {
			t.Errorf("%s: told %v", what, told)
		}
		*w.Told = nil
		if err := c.end(); err == nil || len(*w.Told) != 0 {
			t.Errorf("%s again: told %v, %v", what, *w.Told, err)
		}
	}
}
