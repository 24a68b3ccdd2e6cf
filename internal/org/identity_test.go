package org_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// A second name for a known person opens nothing until somebody who may has confirmed it, who is not that person.
func TestIdentity_CountsOnceItIsConfirmed(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, jeanne := t.Context(), w.Directory, w.Jeanne.Person
	odile, elsa, ada := w.Referent(t, w.Here, "odile"), w.Referent(t, w.Elsewhere, "elsa"), w.Administrator(t, "ada")
	if err := d.AskIdentity(ctx, fixture.Issuer, "second", jeanne); err != nil {
		t.Fatal(err)
	}
	if n := len(*w.Told); n != 1 || (*w.Told)[0].Kind != "identity_asked" || (*w.Told)[0].Person != odile.Person {
		t.Errorf("told %v", *w.Told)
	}
	if err := d.AskIdentity(ctx, fixture.Issuer, "second", w.Paul.Person); !errors.Is(err, db.ErrConflict) {
		t.Errorf("asked for another person: %v", err)
	}
	if err := d.AskIdentity(ctx, fixture.Issuer, "sub-paul", jeanne); !errors.Is(err, db.ErrConflict) {
		t.Errorf("asked for a name that is Paul's: %v", err)
	}
	if _, err := d.Recognise(ctx, fixture.Issuer, "second"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("recognised before: %v", err)
	}
	list, err := d.AskedIdentities(ctx, odile)
	if err != nil || len(list) != 1 || list[0].Person != jeanne || list[0].Email != "jeanne@exemple.invalid" {
		t.Fatalf("asked %v, %v", list, err)
	}
	digest := list[0].Digest
	jeanneRuns := w.Jeanne
	jeanneRuns.Kind = journal.Referent
	stale := odile
	stale.FactorAt = stale.FactorAt.Add(-2 * org.FactorLife)
	if err := d.GiveRole(ctx, odile, jeanne, org.RoleReferent); err != nil {
		t.Fatal(err)
	}
	for who, c := range map[string]struct {
		by   journal.Actor
		want error
	}{
		"an aidant": {w.Paul, org.ErrMayNot}, "elsewhere's referent": {elsa, db.ErrNotFound}, "an administrator, she has referents": {ada, db.ErrNotFound},
		"herself": {jeanneRuns, db.ErrNotFound}, "without a fresh factor": {stale, org.ErrFactorTooOld},
	} {
		for doing, decide := range map[string]func() error{
			"confirm": func() error { return d.ConfirmIdentity(ctx, c.by, jeanne, digest) },
			"refuse":  func() error { return d.RefuseIdentity(ctx, c.by, jeanne, digest) },
		} {
			if err := decide(); !errors.Is(err, c.want) {
				t.Errorf("%s by %s: %v, want %v", doing, who, err, c.want)
			}
		}
		if list, err := d.AskedIdentities(ctx, c.by); len(list) != 0 && who != "without a fresh factor" {
			t.Errorf("%s sees %v, %v", who, list, err)
		}
	}
	for i, step := range []struct{ got, want error }{
		{d.ConfirmIdentity(ctx, odile, w.Paul.Person, digest), db.ErrNotFound}, {d.ConfirmIdentity(ctx, odile, uuid.New(), digest), db.ErrNotFound},
		{d.ConfirmIdentity(ctx, odile, jeanne, "00"), db.ErrNotFound}, {d.ConfirmIdentity(ctx, odile, jeanne, digest), nil},
		{d.ConfirmIdentity(ctx, odile, jeanne, digest), db.ErrNotFound}, {d.RefuseIdentity(ctx, odile, jeanne, digest), db.ErrNotFound},
	} {
		if !errors.Is(step.got, step.want) || step.want == nil && step.got != nil {
			t.Errorf("step %d: %v, want %v", i, step.got, step.want)
		}
	}
	if last := (*w.Told)[len(*w.Told)-1]; last.Kind != "identity_confirmed" || last.Person != jeanne || last.About != digest {
		t.Errorf("she is told %v", last)
	}
	for _, sub := range []string{"second", "sub-jeanne"} {
		if p, err := d.Recognise(ctx, fixture.Issuer, sub); err != nil || p.ID != jeanne {
			t.Errorf("%s is %v, %v", sub, p.ID, err)
		}
	}
	w.Content(t)
}

func TestIdentity_ThatIsRefusedOpensNothingAndIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, odile := t.Context(), w.Directory, w.Referent(t, w.Here, "odile")
	if err := d.AskIdentity(ctx, fixture.Issuer, "mallory", w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	list, err := d.AskedIdentities(ctx, odile)
	if err != nil || len(list) != 1 {
		t.Fatalf("asked %v, %v", list, err)
	}
	if err := d.RefuseIdentity(ctx, odile, w.Jeanne.Person, list[0].Digest); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Recognise(ctx, fixture.Issuer, "mallory"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("recognised: %v", err)
	}
	if err := d.AskIdentity(ctx, fixture.Issuer, "mallory", w.Jeanne.Person); !errors.Is(err, db.ErrConflict) {
		t.Errorf("asked again: %v", err)
	}
	w.Content(t)
}

// Administrators decide for who works for no organisation, and never for themselves.
func TestIdentity_OfAnOfficerIsDecidedByAnAdministrator(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	ada, bea := w.Administrator(t, "ada"), w.Administrator(t, "bea")
	if err := d.AskIdentity(ctx, fixture.Issuer, "ada-2", ada.Person); err != nil {
		t.Fatal(err)
	}
	if len(*w.Told) != 1 || (*w.Told)[0].Person != bea.Person {
		t.Errorf("told %v", *w.Told)
	}
	list, err := d.AskedIdentities(ctx, bea)
	if err != nil || len(list) != 1 {
		t.Fatalf("asked %v, %v", list, err)
	}
	if err := d.ConfirmIdentity(ctx, ada, ada.Person, list[0].Digest); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("by herself: %v", err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 2)
	wg.Go(func() { errs[0] = d.ConfirmIdentity(ctx, bea, ada.Person, list[0].Digest) })
	wg.Go(func() { errs[1] = d.RefuseIdentity(ctx, bea, ada.Person, list[0].Digest) })
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("decided both ways, or not at all: %v", errs)
	}
	w.Content(t)
}
