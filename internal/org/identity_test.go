package org_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

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
			"confirm": func() error { return confirm(t, d, c.by, jeanne, digest) },
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
		{confirm(t, d, odile, w.Paul.Person, digest), db.ErrNotFound}, {confirm(t, d, odile, uuid.New(), digest), db.ErrNotFound},
		{confirm(t, d, odile, jeanne, "00"), db.ErrNotFound}, {confirm(t, d, odile, jeanne, digest), nil},
		{confirm(t, d, odile, jeanne, digest), db.ErrNotFound}, {d.RefuseIdentity(ctx, odile, jeanne, digest), db.ErrNotFound},
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

// A name that was refused opens nothing. Who refused it may have been wrong: it is asked again, of that person only and not before a day is over, and who
// decides then sees that it was refused.
func TestIdentity_ThatIsRefusedIsAskedAgainAnotherDay(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, odile := t.Context(), w.Directory, w.Referent(t, w.Here, "odile")
	ask := func(person uuid.UUID) error { return d.AskIdentity(ctx, fixture.Issuer, "second", person) }
	refuse := func() {
		t.Helper()
		odile.FactorAt = w.Clock.Now()
		if err := d.RefuseIdentity(ctx, odile, w.Jeanne.Person, asked(t, d, odile).Digest); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Recognise(ctx, fixture.Issuer, "second"); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("recognised: %v", err)
		}
	}
	if err := ask(w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	if first := asked(t, d, odile); !first.RefusedAt.IsZero() {
		t.Errorf("refused already: %+v", first)
	}
	refuse()
	at := w.Clock.Now()
	w.Clock.Advance(24*time.Hour - time.Minute)
	if err := ask(w.Jeanne.Person); !errors.Is(err, db.ErrConflict) {
		t.Errorf("asked again the same day: %v", err)
	}
	w.Clock.Advance(2 * time.Minute)
	if err := ask(w.Paul.Person); !errors.Is(err, db.ErrConflict) {
		t.Errorf("asked as somebody else's: %v", err)
	}
	if err := ask(w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	if err := ask(w.Jeanne.Person); !errors.Is(err, db.ErrConflict) {
		t.Errorf("asked while it is asked: %v", err)
	}
	if again := asked(t, d, odile); again.RefusedAt.Sub(at).Abs() > time.Minute {
		t.Errorf("refused at %v, is told as %v", at, again.RefusedAt)
	}
	if told := *w.Told; len(told) != 2 || told[0].About == told[1].About || told[1].Kind != "identity_asked" {
		t.Errorf("told %v", told)
	}
	w.Content(t)
	refuse()
	w.Clock.Advance(25 * time.Hour)
	odile.FactorAt = w.Clock.Now()
	if err := ask(w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	if err := confirm(t, d, odile, w.Jeanne.Person, asked(t, d, odile).Digest); err != nil {
		t.Fatal(err)
	}
	if p, err := d.Recognise(ctx, fixture.Issuer, "second"); err != nil || p.ID != w.Jeanne.Person {
		t.Errorf("%v, %v", p.ID, err)
	}
	w.Clock.Advance(25 * time.Hour)
	if err := ask(w.Jeanne.Person); !errors.Is(err, db.ErrConflict) {
		t.Errorf("asked once it is hers: %v", err)
	}
	w.Content(t)
}

// confirm is ConfirmIdentity of a name that one person confirms.
func confirm(t *testing.T, d *org.Directory, by journal.Actor, person uuid.UUID, digest string) error {
	t.Helper()
	waits, err := d.ConfirmIdentity(t.Context(), by, person, digest)
	if waits && err == nil {
		t.Error("waits for a second person")
	}
	return err
}

// asked is the one name that an actor may decide on.
func asked(t *testing.T, d *org.Directory, by journal.Actor) org.Asked {
	t.Helper()
	list, err := d.AskedIdentities(t.Context(), by)
	if err != nil || len(list) != 1 {
		t.Fatalf("asked %v, %v", list, err)
	}
	return list[0]
}

// The name of somebody who works for two organisations opens both: one referent vouches for it, and somebody of the other organisation, or an
// administrator, confirms it.
func TestIdentity_OfSeveralOrganisationsTakesTwo(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]func(*fixture.World, journal.Actor, journal.Actor) journal.Actor{
		"the other organisation's referent": func(_ *fixture.World, elsa, _ journal.Actor) journal.Actor { return elsa },
		"an administrator":                  func(_ *fixture.World, _, ada journal.Actor) journal.Actor { return ada },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fixture.New(t)
			ctx, d, jeanne := t.Context(), w.Directory, w.Jeanne.Person
			odile, olga, elsa, ada := w.Referent(t, w.Here, "odile"), w.Referent(t, w.Here, "olga"), w.Referent(t, w.Elsewhere, "elsa"), w.Administrator(t, "ada")
			if err := d.Join(ctx, journal.Program(), jeanne, w.Elsewhere, org.RoleReferent); err != nil {
				t.Fatal(err)
			}
			if err := d.Join(ctx, journal.Program(), odile.Person, w.Elsewhere, org.RoleReferent); err != nil {
				t.Fatal(err)
			}
			*w.Told = nil
			if err := d.AskIdentity(ctx, fixture.Issuer, "second", jeanne); err != nil {
				t.Fatal(err)
			}
			if len(*w.Told) != 4 {
				t.Errorf("told %v", *w.Told)
			}
			name := asked(t, d, odile)
			if !name.Two || name.Vouched || !name.MayConfirm {
				t.Errorf("before: %+v", name)
			}
			if waits, err := d.ConfirmIdentity(ctx, odile, jeanne, name.Digest); !waits || err != nil {
				t.Fatalf("the first: %t, %v", waits, err)
			}
			if _, err := d.Recognise(ctx, fixture.Issuer, "second"); !errors.Is(err, db.ErrNotFound) {
				t.Errorf("recognised on one person's word: %v", err)
			}
			odileThere := odile
			odileThere.Organisation = w.Elsewhere
			for who, by := range map[string]journal.Actor{"the first again": odile, "the first, for the other organisation": odileThere, "a colleague of the first": olga} {
				if waiting := asked(t, d, by); !waiting.Vouched || waiting.MayConfirm {
					t.Errorf("%s sees %+v", who, waiting)
				}
				if _, err := d.ConfirmIdentity(ctx, by, jeanne, name.Digest); !errors.Is(err, org.ErrSecond) {
					t.Errorf("%s: %v", who, err)
				}
			}
			by := second(w, elsa, ada)
			if last := asked(t, d, by); !last.Vouched || !last.MayConfirm {
				t.Errorf("the second sees %+v", last)
			}
			if err := confirm(t, d, by, jeanne, name.Digest); err != nil {
				t.Errorf("the second: %v", err)
			}
			if p, err := d.Recognise(ctx, fixture.Issuer, "second"); err != nil || p.ID != jeanne {
				t.Errorf("recognised as %v, %v", p.ID, err)
			}
			if last := (*w.Told)[len(*w.Told)-1]; last.Kind != "identity_confirmed" || last.Person != jeanne {
				t.Errorf("she is told %v", last)
			}
			w.Content(t)
		})
	}
}

// What a first person vouched for, and somebody refused, takes two people anew.
func TestIdentity_AskedAgainTakesTwoAgain(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	ada, bea, carla := w.Administrator(t, "ada"), w.Administrator(t, "bea"), w.Administrator(t, "carla")
	if err := d.AskIdentity(ctx, fixture.Issuer, "ada-2", ada.Person); err != nil {
		t.Fatal(err)
	}
	digest := asked(t, d, bea).Digest
	if waits, err := d.ConfirmIdentity(ctx, bea, ada.Person, digest); !waits || err != nil {
		t.Fatal(waits, err)
	}
	if err := d.RefuseIdentity(ctx, carla, ada.Person, digest); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(25 * time.Hour)
	bea.FactorAt, carla.FactorAt = w.Clock.Now(), w.Clock.Now()
	if err := d.AskIdentity(ctx, fixture.Issuer, "ada-2", ada.Person); err != nil {
		t.Fatal(err)
	}
	if waits, err := d.ConfirmIdentity(ctx, carla, ada.Person, digest); !waits || err != nil {
		t.Errorf("one of two: %v, %v", waits, err)
	}
	w.Content(t)
	if err := confirm(t, d, bea, ada.Person, digest); err != nil {
		t.Error(err)
	}
	w.Content(t)
}

// An administrator who has no way to sign in yet keeps the operator from nothing.
func TestIdentity_OperatorBesideWhoCannotSignIn(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, operator := t.Context(), w.Directory, journal.Program()
	ada, bea := w.Administrator(t, "ada"), w.Administrator(t, "bea")
	if _, err := d.AddPerson(ctx, operator, org.Person{Email: "nora@exemple.invalid", EmailVerified: true, GivenName: "Nora", UsualName: "Fictif", Administrator: true}, uuid.Nil); err != nil {
		t.Fatal(err)
	}
	if err := d.AskIdentity(ctx, fixture.Issuer, "ada-2", ada.Person); err != nil {
		t.Fatal(err)
	}
	digest := asked(t, d, bea).Digest
	if waits, err := d.ConfirmIdentity(ctx, bea, ada.Person, digest); !waits || err != nil {
		t.Fatal(waits, err)
	}
	if err := confirm(t, d, operator, ada.Person, digest); err != nil {
		t.Error(err)
	}
	w.Content(t)
}

// The database holds to it too: nobody is both the first and the second, and no name is confirmed out of turn.
func TestIdentity_TheDatabaseRefusesOneForTwo(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, ada, bea := t.Context(), w.Directory, w.Administrator(t, "ada"), w.Administrator(t, "bea")
	if err := d.AskIdentity(ctx, fixture.Issuer, "ada-2", ada.Person); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ConfirmIdentity(ctx, bea, ada.Person, asked(t, d, bea).Digest); err != nil {
		t.Fatal(err)
	}
	for what, sql := range map[string]string{
		"the first again":       `update person_identity set state = 'confirmed', decided_at = now(), decided_by = vouched_by where state = 'vouched'`,
		"vouched for by nobody": `update person_identity set vouched_by = null, vouched_at = null where state = 'vouched'`,
		"asked and vouched for": `update person_identity set state = 'asked' where state = 'vouched'`,
	} {
		_, err := w.Connect(t, w.Superuser).Exec(ctx, sql)
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "23514" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Administrators decide for who works for no organisation, two for one of theirs, and never for themselves.
func TestIdentity_OfAnOfficerIsDecidedByAdministrators(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	ada, bea := w.Administrator(t, "ada"), w.Administrator(t, "bea")
	if err := d.AskIdentity(ctx, fixture.Issuer, "ada-2", ada.Person); err != nil {
		t.Fatal(err)
	}
	if len(*w.Told) != 1 || (*w.Told)[0].Person != bea.Person || (*w.Told)[0].Kind != "identity_to_decide" {
		t.Errorf("told %v", *w.Told)
	}
	digest := asked(t, d, bea).Digest
	for who, by := range map[string]journal.Actor{"herself": ada, "the operator, first": journal.Program()} {
		if _, err := d.ConfirmIdentity(ctx, by, ada.Person, digest); err == nil {
			t.Errorf("confirmed by %s", who)
		}
	}
	if waits, err := d.ConfirmIdentity(ctx, bea, ada.Person, digest); !waits || err != nil {
		t.Fatalf("the first: %t, %v", waits, err)
	}
	carla := w.Administrator(t, "carla")
	if _, err := d.ConfirmIdentity(ctx, journal.Program(), ada.Person, digest); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("the operator, while there is a third administrator: %v", err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 2)
	wg.Go(func() { _, errs[0] = d.ConfirmIdentity(ctx, carla, ada.Person, digest) })
	wg.Go(func() { errs[1] = d.RefuseIdentity(ctx, carla, ada.Person, digest) })
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("decided both ways, or not at all: %v", errs)
	}
	w.Content(t)
}

// With two administrators, the operator is the second.
func TestIdentity_TheOperatorStandsInForASecondAdministrator(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	ada, bea := w.Administrator(t, "ada"), w.Administrator(t, "bea")
	if err := d.AskIdentity(ctx, fixture.Issuer, "ada-2", ada.Person); err != nil {
		t.Fatal(err)
	}
	digest := asked(t, d, bea).Digest
	if _, err := d.ConfirmIdentity(ctx, bea, ada.Person, digest); err != nil {
		t.Fatal(err)
	}
	if err := confirm(t, d, journal.Program(), ada.Person, digest); err != nil {
		t.Error(err)
	}
	if p, err := d.Recognise(ctx, fixture.Issuer, "ada-2"); err != nil || p.ID != ada.Person {
		t.Errorf("recognised as %v, %v", p.ID, err)
	}
	w.Content(t)
}

// Who alone runs an organisation has nobody there who could say that it is them: administrators are told, and one of them decides.
func TestIdentity_OfTheOnlyReferentIsDecidedByAdministrators(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d := t.Context(), w.Directory
	odile, other, ada := w.Referent(t, w.Here, "odile"), w.Referent(t, w.Here, "olga"), w.Administrator(t, "ada")
	ask := func(sub string) map[uuid.UUID]string {
		t.Helper()
		*w.Told = nil
		if err := d.AskIdentity(ctx, fixture.Issuer, sub, odile.Person); err != nil {
			t.Fatal(err)
		}
		told := map[uuid.UUID]string{}
		for _, m := range *w.Told {
			told[m.Person] = m.Kind
		}
		return told
	}
	if diff := cmp.Diff(map[uuid.UUID]string{other.Person: "identity_asked"}, ask("odile-2")); diff != "" {
		t.Error("with a colleague:", diff)
	}
	if list, err := d.AskedIdentities(ctx, ada); err != nil || len(list) != 0 {
		t.Errorf("an administrator, while there is a colleague: %v, %v", list, err)
	}
	if err := d.SuspendIn(ctx, odile, other.Person); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[uuid.UUID]string{ada.Person: "identity_to_decide"}, ask("odile-3")); diff != "" {
		t.Error("alone:", diff)
	}
	list, err := d.AskedIdentities(ctx, ada)
	if err != nil || len(list) != 2 || list[0].Two {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := confirm(t, d, ada, odile.Person, list[1].Digest); err != nil {
		t.Error(err)
	}
	if p, err := d.Recognise(ctx, fixture.Issuer, "odile-3"); err != nil || p.ID != odile.Person {
		t.Errorf("recognised as %v, %v", p.ID, err)
	}
	w.Content(t)
}

// The second is nobody whom the first brought in, and the operator when there is nobody else.
func TestIdentity_TheSecondIsNotOnesMaking(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	ctx, d, jeanne := t.Context(), w.Directory, w.Jeanne.Person
	ada, elsa := w.Administrator(t, "ada"), w.Newcomer(t, journal.Referent, w.Elsewhere, "elsa", org.RoleAidant)
	for _, err := range []error{d.Join(ctx, journal.Program(), jeanne, w.Elsewhere, org.RoleAidant), d.Join(ctx, ada, elsa.Person, w.Elsewhere, org.RoleReferent)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	fixture.Agree(t, w.Database, w.Clock.Now(), elsa.Person)
	w.Clock.Advance(org.Settled)
	ada.FactorAt, elsa.FactorAt = w.Clock.Now(), w.Clock.Now()
	if err := d.AskIdentity(ctx, fixture.Issuer, "second", jeanne); err != nil {
		t.Fatal(err)
	}
	digest := asked(t, d, ada).Digest
	if _, err := d.ConfirmIdentity(ctx, journal.Program(), jeanne, digest); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("the operator, first: %v", err)
	}
	if waits, err := d.ConfirmIdentity(ctx, ada, jeanne, digest); !waits || err != nil {
		t.Fatal(waits, err)
	}
	if seen := asked(t, d, elsa); seen.MayConfirm {
		t.Errorf("elsa sees %+v", seen)
	}
	if _, err := d.ConfirmIdentity(ctx, elsa, jeanne, digest); !errors.Is(err, org.ErrSecond) {
		t.Errorf("whom the first made a referent: %v", err)
	}
	if err := confirm(t, d, journal.Program(), jeanne, digest); err != nil {
		t.Errorf("the operator, without anybody else: %v", err)
	}
	w.Content(t)
}
