package org_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

func TestEndOffice(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	ada, alan, grace := w.Administrator(t, "ada"), w.Administrator(t, "alan"), w.Administrator(t, "grace")
	if err := d.Suspend(ctx, ada, grace.Person); err != nil {
		t.Fatal(err)
	}
	stale := ada
	stale.FactorAt = stale.FactorAt.Add(-org.FactorLife - time.Minute)
	for name, step := range map[string]struct{ got, want error }{
		"their own":               {d.EndOffice(ctx, ada, ada.Person), org.ErrYourself},
		"without a fresh factor":  {d.EndOffice(ctx, stale, alan.Person), org.ErrFactorTooOld},
		"by an aidant":            {d.EndOffice(ctx, w.Jeanne, alan.Person), org.ErrMayNot},
		"of nobody":               {d.EndOffice(ctx, ada, token.ID()), db.ErrNotFound},
		"of who is none":          {d.EndOffice(ctx, ada, w.Jeanne.Person), db.ErrConflict},
		"of a suspended one":      {d.EndOffice(ctx, ada, grace.Person), nil},
		"by who has it no longer": {d.EndOffice(ctx, grace, alan.Person), org.ErrMayNot},
	} {
		if !errors.Is(step.got, step.want) || step.want == nil && step.got != nil {
			t.Errorf("%s: %v, want %v", name, step.got, step.want)
		}
	}
	w.Content(t)
}

// One who is active is left, whoever ends how many at once; and the operator cannot end the last one either.
func TestEndOffice_KeepsOne(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	ada, alan := w.Administrator(t, "ada"), w.Administrator(t, "alan")
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i, end := range []func() error{
		func() error { return d.EndOffice(ctx, ada, alan.Person) }, func() error { return d.EndOffice(ctx, alan, ada.Person) },
		func() error { return d.EndOffice(ctx, journal.Program(), alan.Person) }, func() error { return d.EndOffice(ctx, journal.Program(), ada.Person) },
	} {
		wg.Go(func() { errs[i] = end() })
	}
	wg.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		}
	}
	var left int
	if err := w.Connect(t, w.Superuser).QueryRow(ctx, `select count(*) from person where administrator`).Scan(&left); err != nil || done != 1 || left != 1 {
		t.Errorf("%d ended, %d left, %v: %v", done, left, err, errs)
	}
	for _, who := range []journal.Actor{ada, alan} {
		if err := d.EndOffice(ctx, journal.Program(), who.Person); !errors.Is(err, org.ErrLastAdministrator) && !errors.Is(err, db.ErrConflict) {
			t.Errorf("the last one: %v", err)
		}
	}
	w.Content(t)
}

// No administrator makes themselves alone: two are left, suspended ones not counted. The operator goes further.
func TestAdministrators_StayTwo(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, operator := t.Context(), w.Directory, journal.Program()
	ada, bea, cleo := w.Administrator(t, "ada"), w.Administrator(t, "bea"), w.Administrator(t, "cleo")
	for i, step := range []struct{ got, want error }{
		{d.Suspend(ctx, ada, bea.Person), nil}, {d.Suspend(ctx, ada, cleo.Person), org.ErrLastAdministrator}, {d.EndOffice(ctx, ada, cleo.Person), org.ErrLastAdministrator},
		{d.EndOffice(ctx, ada, bea.Person), nil}, {d.Suspend(ctx, ada, w.Jeanne.Person), nil}, {d.Suspend(ctx, operator, cleo.Person), nil}, {d.EndOffice(ctx, operator, cleo.Person), nil},
	} {
		if !errors.Is(step.got, step.want) || step.want == nil && step.got != nil {
			t.Errorf("step %d: %v, want %v", i, step.got, step.want)
		}
	}
	w.Content(t)
}

// An administrator who has no way to sign in yet is none with whom somebody is two.
func TestAdministrators_StayTwoWhoCanSignIn(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	ada, bea := w.Administrator(t, "ada"), w.Administrator(t, "bea")
	if _, err := d.AddPerson(ctx, journal.Program(), org.Person{Email: "nora@exemple.invalid", EmailVerified: true, GivenName: "Nora", UsualName: "Fictif", Administrator: true}, uuid.Nil); err != nil {
		t.Fatal(err)
	}
	if err := d.Suspend(ctx, ada, bea.Person); !errors.Is(err, org.ErrLastAdministrator) {
		t.Errorf("suspended: %v", err)
	}
	if err := d.EndOffice(ctx, ada, bea.Person); !errors.Is(err, org.ErrLastAdministrator) {
		t.Errorf("ended: %v", err)
	}
	w.Administrator(t, "cleo")
	if err := d.Suspend(ctx, ada, bea.Person); err != nil {
		t.Errorf("with a third who can: %v", err)
	}
	w.Content(t)
}

// Of three who suspend one another at once, two stay.
func TestAdministrators_StayTwoAtOnce(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	all := []journal.Actor{w.Administrator(t, "ada"), w.Administrator(t, "bea"), w.Administrator(t, "cleo")}
	var wg sync.WaitGroup
	for i, by := range all {
		wg.Go(func() { _ = w.Directory.Suspend(t.Context(), by, all[(i+1)%3].Person) })
	}
	wg.Wait()
	var left int
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select count(*) from person where administrator and suspended_at is null`).Scan(&left); err != nil || left != 2 {
		t.Errorf("%d left, %v", left, err)
	}
}

// What an administrator does elsewhere is refused to everybody else, and leaves nothing.
func TestAdminister(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ada := w.Administrator(t, "ada")
	stale := ada
	stale.FactorAt = time.Time{}
	act := func(*journal.Tx) (journal.Event, error) { return journal.Event{Action: "journal.exported"}, nil }
	for name, step := range map[string]struct {
		by   journal.Actor
		want error
	}{"hers": {ada, nil}, "stale": {stale, org.ErrFactorTooOld}, "an aidant's": {w.Jeanne, org.ErrMayNot}, "a referent's": {w.Referent(t, w.Here, "odile"), org.ErrMayNot}} {
		if err := w.Directory.Administer(t.Context(), step.by, act); !errors.Is(err, step.want) || step.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, step.want)
		}
	}
	var entries int
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select count(*) from journal_entry where action = 'journal.exported'`).Scan(&entries); err != nil || entries != 1 {
		t.Errorf("%d entries, %v", entries, err)
	}
}
