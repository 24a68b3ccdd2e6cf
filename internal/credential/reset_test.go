package credential_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// full gives a person a key, an application, a card and recovery codes.
func (w *world) full(t testing.TB, by journal.Actor, serial string, card func(string, time.Time) string) {
	t.Helper()
	w.enrol(t, by, newKey(t), "clé")
	w.app(t, w.fresh(by))
	w.settle(time.Minute)
	if _, err := w.factors.AddCard(t.Context(), w.fresh(by), serial, card(serial, w.Clock.Now()), "", home); err != nil {
		t.Fatal(err)
	}
	if _, err := w.factors.MakeRecovery(t.Context(), w.fresh(by)); err != nil {
		t.Fatal(err)
	}
}

// Somebody who lost everything: one référent asks, another agrees, an hour passes, and the person begins anew with the link.
func TestReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	w.full(t, by, "GADT0001", w.cards(t, 1))
	rene, renee := w.Referent(t, w.Here, "rene"), w.Referent(t, w.Here, "renee")
	id, err := w.factors.AskReset(t.Context(), w.fresh(rene), by.Person)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.factors.AskReset(t.Context(), w.fresh(renee), by.Person); !errors.Is(err, db.ErrConflict) {
		t.Errorf("asked twice: %v", err)
	}
	if done, err := w.factors.DoResets(t.Context()); done != 0 || err != nil {
		t.Errorf("done without approval: %d, %v", done, err)
	}
	if err := w.factors.ApproveReset(t.Context(), w.fresh(renee), id); err != nil {
		t.Fatal(err)
	}
	waiting, err := w.factors.ResetOf(t.Context(), by.Person)
	if err != nil || waiting.ID != id || waiting.State != "approved" || waiting.EffectiveAt.Sub(w.Clock.Now()) < 59*time.Minute {
		t.Errorf("%+v, %v", waiting, err)
	}
	if list, err := w.factors.Resets(t.Context(), w.Here); err != nil || !slices.Equal(list, []credential.Reset{waiting}) {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := w.factors.Resets(t.Context(), w.Elsewhere); err != nil || len(list) != 0 {
		t.Errorf("elsewhere: %+v, %v", list, err)
	}
	w.Clock.Advance(59 * time.Minute)
	if done, err := w.factors.DoResets(t.Context()); done != 0 || err != nil {
		t.Errorf("done too early: %d, %v", done, err)
	}
	if _, err := w.factors.WriteReset(t.Context(), id); !errors.Is(err, db.ErrConflict) {
		t.Errorf("a link before it is done: %v", err)
	}
	w.Clock.Advance(2 * time.Minute)
	for _, want := range []int{1, 0} {
		if done, err := w.factors.DoResets(t.Context()); done != want || err != nil {
			t.Errorf("done %d, %v", done, err)
		}
	}
	if f, err := w.factors.Factors(t.Context(), by.Person); err != nil || f.Any() || f.Codes() || !slices.Equal(w.ended, []uuid.UUID{by.Person}) {
		t.Errorf("left %+v, %v; sessions of %v ended", f, err, w.ended)
	}
	if _, counts, err := w.cardStock.List(t.Context(), 1); err != nil || counts["lost"] != 1 {
		t.Errorf("%v, %v", counts, err)
	}
	for kind, n := range map[string]int{"factor_reset_asked": 1, "factor_reset_approved": 1, "factor_reset_link": 1} {
		if w.told[kind] != n || w.about[kind] != id.String() {
			t.Errorf("told %s %d times, about %s", kind, w.told[kind], w.about[kind])
		}
	}
	w.beginsAnew(t, by, id)
	w.sound(t)
}

func (w *world) beginsAnew(t *testing.T, by journal.Actor, id uuid.UUID) {
	first, err := w.factors.WriteReset(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	link, err := w.factors.WriteReset(t.Context(), id) // the mail failed, and was written again
	if err != nil {
		t.Fatal(err)
	}
	failing := errors.New("no session")
	use := func(secret string, then error) (uuid.UUID, error) {
		return w.factors.UseReset(t.Context(), secret, func(tx *journal.Tx, person uuid.UUID) error {
			if tx.Tx == nil || person != by.Person {
				t.Errorf("opens for %v", person)
			}
			return then
		})
	}
	if found, err := w.factors.ReadReset(t.Context(), link); err != nil || found.Person != by.Person {
		t.Errorf("%+v, %v", found, err)
	}
	for _, step := range []struct {
		what, secret string
		then, want   error
	}{
		{"of the mail that failed", first, nil, db.ErrNotFound}, {"no link", "", nil, db.ErrNotFound},
		{"and no session was opened", link, failing, failing}, {"right", link, nil, nil}, {"again", link, nil, db.ErrNotFound},
	} {
		if _, err := use(step.secret, step.then); !errors.Is(err, step.want) {
			t.Errorf("%s: %v", step.what, err)
		}
	}
	if _, err := w.factors.WriteReset(t.Context(), id); !errors.Is(err, db.ErrConflict) {
		t.Errorf("another link for what was used: %v", err)
	}
	w.enrol(t, by, newKey(t), "nouvelle clé")
}

// Each of these may not ask, or not agree.
func TestReset_NeedsTwoOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rene, renee, far := w.Referent(t, w.Here, "rene"), w.Referent(t, w.Here, "renee"), w.Referent(t, w.Elsewhere, "raoul")
	alix, alex := w.Administrator(t, "alix"), w.Administrator(t, "alex")
	stale := rene
	stale.FactorAt = stale.FactorAt.Add(-tooOld)
	for what, c := range map[string]struct {
		by     journal.Actor
		person uuid.UUID
		want   error
	}{
		"an aidant":                  {w.Paul, w.Jeanne.Person, org.ErrMayNot},
		"of another organisation":    {far, w.Jeanne.Person, db.ErrNotFound},
		"for themselves":             {rene, rene.Person, org.ErrYourself},
		"long after their factor":    {stale, w.Jeanne.Person, org.ErrFactorTooOld},
		"for nobody":                 {alix, uuid.New(), db.ErrNotFound},
		"a referent for no member":   {rene, alix.Person, db.ErrNotFound},
		"the program":                {journal.Program(), w.Jeanne.Person, org.ErrMayNot},
		"an aidant as administrator": {journal.Actor{Kind: journal.Administrator, Person: w.Paul.Person, FactorAt: w.Clock.Now()}, w.Jeanne.Person, org.ErrMayNot},
	} {
		if _, err := w.factors.AskReset(t.Context(), c.by, c.person); !errors.Is(err, c.want) {
			t.Errorf("asked by %s: %v, want %v", what, err, c.want)
		}
	}
	asked := func(by journal.Actor, person uuid.UUID) uuid.UUID {
		id, err := w.factors.AskReset(t.Context(), by, person)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	for _, by := range []journal.Actor{w.Jeanne, w.Paul, alex, renee} {
		w.enrol(t, w.fresh(by), newKey(t), "clé")
	}
	hers, his, theirs := asked(rene, w.Jeanne.Person), asked(alix, w.Paul.Person), asked(alix, alex.Person)
	own := asked(rene, renee.Person)
	for _, c := range []struct {
		what string
		by   journal.Actor
		id   uuid.UUID
		want error
	}{
		{"who asked", rene, hers, org.ErrYourself}, {"whom it is about", w.Jeanne, hers, org.ErrYourself}, {"an aidant", w.Paul, hers, org.ErrMayNot},
		{"another organisation's referent", far, hers, db.ErrNotFound}, {"a referent for an administrator", rene, theirs, db.ErrNotFound},
		{"a referent, of what an administrator asked", rene, his, db.ErrNotFound}, {"a referent about themselves", renee, own, org.ErrYourself},
		{"the administrator whom it is about", alex, theirs, org.ErrYourself}, {"the administrator who asked", alix, theirs, org.ErrYourself}, {"none", alix, uuid.New(), db.ErrNotFound},
		{"another referent", renee, hers, nil}, {"twice", alix, hers, db.ErrConflict}, {"an administrator", alex, his, nil}, {"an administrator for a referent", alix, own, nil},
	} {
		if err := w.factors.ApproveReset(t.Context(), c.by, c.id); !errors.Is(err, c.want) {
			t.Errorf("approved by %s: %v, want %v", c.what, err, c.want)
		}
	}
	w.sound(t)
}

// Until the hour is over the person can say no, and so can those who decide; then nothing is removed.
func TestReset_IsCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rene, renee := w.Referent(t, w.Here, "rene"), w.Referent(t, w.Here, "renee")
	for _, by := range []journal.Actor{w.Jeanne, w.Paul} {
		w.enrol(t, by, newKey(t), "clé")
	}
	ask := func(person uuid.UUID) uuid.UUID {
		id, err := w.factors.AskReset(t.Context(), w.fresh(rene), person)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.factors.ApproveReset(t.Context(), w.fresh(renee), id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	ask(w.Jeanne.Person)
	his := ask(w.Paul.Person)
	if err := w.factors.CancelReset(t.Context(), w.Ines); !errors.Is(err, db.ErrConflict) {
		t.Errorf("of somebody else: %v", err)
	}
	w.Clock.Advance(50 * time.Minute)
	if err := w.factors.CancelReset(t.Context(), w.Jeanne); err != nil {
		t.Error(err)
	}
	if err := w.factors.RefuseReset(t.Context(), w.fresh(rene), his); err != nil {
		t.Error(err)
	}
	w.Clock.Advance(time.Hour)
	if done, err := w.factors.DoResets(t.Context()); done != 0 || err != nil {
		t.Errorf("done %d, %v", done, err)
	}
	for _, by := range []journal.Actor{w.Jeanne, w.Paul} {
		if has, err := w.factors.Has(t.Context(), by.Person); !has || err != nil {
			t.Errorf("%v, %v", has, err)
		}
	}
	for what, got := range map[string]error{"cancelled again": w.factors.CancelReset(t.Context(), w.Jeanne), "refused again": w.factors.RefuseReset(t.Context(), w.fresh(rene), his)} {
		if !errors.Is(got, db.ErrConflict) {
			t.Errorf("%s: %v", what, got)
		}
	}
	w.sound(t)
}

// done is a reset that was done, with the link that its person got.
func (w *world) done(t *testing.T, person uuid.UUID) (uuid.UUID, string) {
	t.Helper()
	alix, alex := w.Administrator(t, uuid.NewString()), w.Administrator(t, uuid.NewString())
	id, err := w.factors.AskReset(t.Context(), alix, person)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.factors.ApproveReset(t.Context(), alex, id); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Hour + time.Minute)
	if done, err := w.factors.DoResets(t.Context()); done != 1 || err != nil {
		t.Fatal(done, err)
	}
	link, err := w.factors.WriteReset(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return id, link
}

// The link counts for 72 hours, once, until another reset, and not for who is suspended or has a factor again.
func TestReset_LinkEnds(t *testing.T) {
	t.Parallel()
	open := func(*journal.Tx, uuid.UUID) error { return nil }
	for name, end := range map[string]func(*testing.T, *world, journal.Actor){
		"time": func(_ *testing.T, w *world, _ journal.Actor) { w.Clock.Advance(72*time.Hour + time.Minute) },
		"suspended": func(t *testing.T, w *world, by journal.Actor) {
			if err := w.Directory.Suspend(t.Context(), journal.Program(), by.Person); err != nil {
				t.Fatal(err)
			}
		},
		"a factor": func(t *testing.T, w *world, by journal.Actor) { w.enrol(t, w.fresh(by), newKey(t), "clé") },
		"another":  func(t *testing.T, w *world, by journal.Actor) { w.done(t, by.Person) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			by := w.newcomer(t, "amel")
			_, link := w.done(t, by.Person)
			w.Clock.Advance(71 * time.Hour)
			if _, err := w.factors.ReadReset(t.Context(), link); err != nil {
				t.Fatal(err)
			}
			w.Clock.Advance(-71 * time.Hour)
			end(t, w, by)
			if _, err := w.factors.UseReset(t.Context(), link, open); !errors.Is(err, db.ErrNotFound) {
				t.Errorf("%v", err)
			}
			w.sound(t)
		})
	}
	w := newWorld(t)
	_, link := w.done(t, w.newcomer(t, "basile").Person)
	if n := winners(t, 6, func() error {
		_, err := w.factors.UseReset(t.Context(), link, open)
		if errors.Is(err, db.ErrNotFound) {
			err = credential.ErrWrong
		}
		return err
	}); n != 1 {
		t.Errorf("%d of 6 used one link", n)
	}
	id, _ := w.done(t, w.newcomer(t, "celia").Person)
	w.Clock.Advance(73 * time.Hour)
	if _, err := w.factors.WriteReset(t.Context(), id); !errors.Is(err, db.ErrConflict) {
		t.Errorf("another link long afterwards: %v", err)
	}
}

// A reset is the way in for who has nothing here as well: who left before they added a first factor, and whom ProConnect alone knew, who cannot use
// it any more.
func TestReset_OfWhoHasNothingHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rene, renee := w.Referent(t, w.Here, "rene"), w.Referent(t, w.Here, "renee")
	for name, by := range map[string]journal.Actor{"ProConnect alone": w.Jeanne, "nothing at all": w.newcomer(t, "amel")} {
		id, err := w.factors.AskReset(t.Context(), w.fresh(rene), by.Person)
		if err := errors.Join(err, w.factors.ApproveReset(t.Context(), w.fresh(renee), id)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		w.Clock.Advance(61 * time.Minute)
		if done, err := w.factors.DoResets(t.Context()); done != 1 || err != nil {
			t.Fatalf("%s: done %d, %v", name, done, err)
		}
		link, err := w.factors.WriteReset(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if who, err := w.factors.UseReset(t.Context(), link, func(*journal.Tx, uuid.UUID) error { return nil }); err != nil || who != by.Person {
			t.Errorf("%s: %v, %v", name, who, err)
		}
		by.FactorAt, by.Enrolling = time.Time{}, true
		w.enrol(t, by, newKey(t), "clé")
	}
	w.sound(t)
}
