package credential_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/softkey"
	"mandat/internal/token"
)

// A person adds their first key in the session that was opened for it, then a second one, and signs in with either, alone or
// asked for by name.
func TestPasskey_EnrolsAndSignsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	if has, err := w.factors.Has(t.Context(), by.Person); has || err != nil {
		t.Fatal(has, err)
	}
	phone, usb := newKey(t), newKey(t)
	usb.BackupEligible, usb.BackedUp, usb.Counts = false, false, true
	w.enrol(t, by, phone, "  Mon   téléphone ")
	w.enrol(t, w.fresh(by), usb, "Clé USB")
	for range 2 {
		for _, k := range []*softkey.Key{phone, usb} {
			given, err := w.use(t, k)
			if err != nil || given.Person != by.Person || given.Kind != credential.KindPasskey || given.At.IsZero() {
				t.Errorf("alone: %+v, %v", given, err)
			}
			given, err = w.factors.Assert(t.Context(), w.session, credential.StepUp, answer(t, k, w.question(t, by.Person, credential.StepUp)))
			if err != nil || given.Person != by.Person {
				t.Errorf("by name: %+v, %v", given, err)
			}
		}
	}
	phone.BackedUp = false // its person turned synchronisation off
	if _, err := w.use(t, phone); err != nil {
		t.Fatal(err)
	}
	f, err := w.factors.Factors(t.Context(), by.Person)
	if err != nil || len(f.Passkeys) != 2 {
		t.Fatalf("%+v, %v", f, err)
	}
	if p := f.Passkeys[0]; p.Name != "Mon téléphone" || !p.Syncable || p.Synced || p.UsedAt == nil || p.Cloned {
		t.Errorf("%+v", p)
	}
	if p := f.Passkeys[1]; p.Name != "Clé USB" || p.Syncable || p.Synced {
		t.Errorf("%+v", p)
	}
	if w.told["factor_added"] != 2 {
		t.Errorf("told %v", w.told)
	}
	w.sound(t)
}

// Every part of an answer counts: each of these is refused, and the right answer to a new question is not.
func TestAssert_Refuses(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*softkey.Key){
		"another site's page":      func(k *softkey.Key) { k.Origin = "https://mandat.exemple.invalid.attaquant.invalid" },
		"a page without TLS":       func(k *softkey.Key) { k.Origin = "http://mandat.exemple.invalid" },
		"another site's frame":     func(k *softkey.Key) { k.CrossOrigin = true },
		"a key for another domain": func(k *softkey.Key) { k.RPID = "attaquant.invalid" },
		"nobody checked":           func(k *softkey.Key) { k.Verified = false },
		"nobody there":             func(k *softkey.Key) { k.Present = false },
		"an enrolment":             func(k *softkey.Key) { k.Type = "webauthn.create" },
		"somebody else's handle":   func(k *softkey.Key) { other := uuid.New(); k.Handle = other[:] },
		"no handle":                func(k *softkey.Key) { k.Handle = nil },
		"turned syncable":          func(k *softkey.Key) { k.BackupEligible = !k.BackupEligible },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			by := w.newcomer(t, "amel")
			k := newKey(t)
			w.enrol(t, by, k, "clé")
			spoilt := k.Copy()
			spoil(spoilt)
			if given, err := w.use(t, spoilt); !errors.Is(err, credential.ErrWrong) || given != (credential.Given{}) {
				t.Errorf("%+v, %v", given, err)
			}
			if _, err := w.use(t, k); err != nil {
				t.Errorf("the right answer: %v", err)
			}
		})
	}
}

// The same at enrolment.
func TestAddPasskey_Refuses(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*softkey.Key){
		"another site's page":      func(k *softkey.Key) { k.Origin = "https://attaquant.invalid" },
		"another site's frame":     func(k *softkey.Key) { k.CrossOrigin = true },
		"a key for another domain": func(k *softkey.Key) { k.RPID = "attaquant.invalid" },
		"nobody checked":           func(k *softkey.Key) { k.Verified = false },
		"a signature":              func(k *softkey.Key) { k.Type = "webauthn.get" },
		"synced and not syncable":  func(k *softkey.Key) { k.BackupEligible = false },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			by := w.newcomer(t, "amel")
			k := newKey(t)
			spoil(k)
			if err := w.tryEnrol(t, by, k, "clé"); !errors.Is(err, credential.ErrWrong) {
				t.Errorf("%v", err)
			}
			if has, err := w.factors.Has(t.Context(), by.Person); has || err != nil {
				t.Errorf("has one: %v, %v", has, err)
			}
		})
	}
}

// An answer counts once, in the session that was asked, for what it was asked, and within five minutes.
func TestAssert_CountsOnceHereForThisAndNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	k := newKey(t)
	w.enrol(t, by, k, "clé")
	assert := func(session []byte, purpose credential.Purpose, answer []byte) error {
		_, err := w.factors.Assert(t.Context(), session, purpose, answer)
		return err
	}
	said := answer(t, k, w.question(t, uuid.Nil, credential.SignIn))
	for _, step := range []struct {
		what    string
		session []byte
		purpose credential.Purpose
		want    error
	}{
		{"another session", token.Bytes(32), credential.SignIn, credential.ErrWrong},
		{"another purpose", w.session, credential.StepUp, credential.ErrWrong},
		{"right, for neither has burnt it", w.session, credential.SignIn, nil},
		{"again", w.session, credential.SignIn, credential.ErrWrong},
	} {
		if err := assert(step.session, step.purpose, said); !errors.Is(err, step.want) {
			t.Errorf("%s: %v", step.what, err)
		}
	}
	spoilt := k.Copy()
	spoilt.Verified = false
	question := w.question(t, uuid.Nil, credential.SignIn)
	if err := assert(w.session, credential.SignIn, answer(t, spoilt, question)); !errors.Is(err, credential.ErrWrong) {
		t.Error(err)
	}
	if err := assert(w.session, credential.SignIn, answer(t, k, question)); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("a question was answered twice: %v", err)
	}
	said = answer(t, k, w.question(t, uuid.Nil, credential.SignIn))
	w.Clock.Advance(5*time.Minute + time.Second)
	if err := assert(w.session, credential.SignIn, said); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("too late: %v", err)
	}
	for _, junk := range [][]byte{nil, []byte("{}"), []byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{}}`), make([]byte, 100_000)} {
		if err := assert(w.session, credential.SignIn, junk); !errors.Is(err, credential.ErrWrong) {
			t.Errorf("%.40s: %v", junk, err)
		}
	}
}

// Two at once with one answer: one wins.
func TestAssert_Race(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	k := newKey(t)
	w.enrol(t, by, k, "clé")
	said := answer(t, k, w.question(t, uuid.Nil, credential.SignIn))
	if n := winners(t, 8, func() error {
		_, err := w.factors.Assert(t.Context(), w.session, credential.SignIn, said)
		return err
	}); n != 1 {
		t.Errorf("%d of 8 signed in with one answer", n)
	}
}

// Asked for one person's key, another person's is refused; and an enrolment that one person began is not finished by another.
func TestPasskey_OfSomebodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	amel, basile := w.newcomer(t, "amel"), w.newcomer(t, "basile")
	k, other := newKey(t), newKey(t)
	w.enrol(t, amel, k, "clé")
	w.enrol(t, basile, other, "clé")
	forced := other.Copy()
	forced.Forced, forced.Handle = true, amel.Person[:]
	if _, err := w.factors.Assert(t.Context(), w.session, credential.StepUp, answer(t, forced, w.question(t, amel.Person, credential.StepUp))); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("somebody else's key: %v", err)
	}
	question, err := w.factors.BeginPasskey(t.Context(), w.fresh(amel), w.session)
	if err != nil {
		t.Fatal(err)
	}
	made, err := newKey(t).Create(question)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.factors.AddPasskey(t.Context(), w.fresh(basile), w.session, "clé", made); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("somebody else's enrolment: %v", err)
	}
	forced = k.Copy()
	forced.Forced = true
	if err := w.tryEnrol(t, w.fresh(basile), forced, "clé"); !errors.Is(err, db.ErrConflict) {
		t.Errorf("a key that is somebody's: %v", err)
	}
	if _, err := w.factors.BeginAssertion(t.Context(), w.session, w.Paul.Person, credential.StepUp, uuid.Nil); !errors.Is(err, credential.ErrNoFactor) {
		t.Errorf("who has none: %v", err)
	}
	w.sound(t)
}

// When the counter of a key goes back there are two of it: neither counts any more, and the person is told.
func TestAssert_FindsAClone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	k, spare := newKey(t), newKey(t)
	k.Counts = true
	w.enrol(t, by, k, "clé")
	w.enrol(t, w.fresh(by), spare, "autre")
	clone := k.Copy()
	for range 2 {
		if _, err := w.use(t, k); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []*softkey.Key{clone, clone, k} {
		if given, err := w.use(t, c); !errors.Is(err, credential.ErrCloned) || given != (credential.Given{}) {
			t.Errorf("%+v, %v", given, err)
		}
	}
	if n := w.entries(t, "factor.cloned"); n != 1 || w.told["factor_cloned"] != 1 {
		t.Errorf("%d entries, told %v", n, w.told)
	}
	if _, err := w.use(t, spare); err != nil {
		t.Errorf("the other key: %v", err)
	}
	k.Forced = true
	if _, err := w.factors.Assert(t.Context(), w.session, credential.StepUp, answer(t, k, w.question(t, by.Person, credential.StepUp))); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("a key that does not count is not asked for: %v", err)
	}
	f, err := w.factors.Factors(t.Context(), by.Person)
	if err != nil || !f.Passkeys[0].Cloned || f.Passkeys[1].Cloned {
		t.Errorf("%+v, %v", f, err)
	}
	w.sound(t)
}

// An answer that comes late, after the key has answered a question asked later, has the counter of before: it is refused, and nobody loses their key.
func TestAssert_ALateAnswerIsNoClone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	k := newKey(t)
	k.Counts = true
	w.enrol(t, by, k, "clé")
	first := answer(t, k, w.question(t, by.Person, credential.StepUp))
	second := answer(t, k, w.question(t, by.Person, credential.StepUp))
	if _, err := w.factors.Assert(t.Context(), w.session, credential.StepUp, second); err != nil {
		t.Fatal(err)
	}
	if _, err := w.factors.Assert(t.Context(), w.session, credential.StepUp, first); !errors.Is(err, credential.ErrWrong) {
		t.Errorf("the late answer: %v", err)
	}
	if _, err := w.use(t, k); err != nil {
		t.Errorf("the key afterwards: %v", err)
	}
	w.sound(t)
}

// Only who gave a factor lately adds or removes one, and only who has none begins without.
func TestFactors_NeedAFactor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	first := newKey(t)
	w.enrol(t, by, first, "clé")
	if err := w.tryEnrol(t, by, newKey(t), "deuxième"); !errors.Is(err, org.ErrFactorTooOld) {
		t.Errorf("a second one in the session of the first: %v", err)
	}
	old := w.fresh(by)
	w.Clock.Advance(tooOld)
	f, err := w.factors.Factors(t.Context(), by.Person)
	if err != nil {
		t.Fatal(err)
	}
	_, recovery := w.factors.MakeRecovery(t.Context(), old)
	for what, got := range map[string]error{"add": w.tryEnrol(t, old, newKey(t), "deuxième"), "remove": w.factors.Remove(t.Context(), old, f.Passkeys[0].ID), "recovery": recovery} {
		if !errors.Is(got, org.ErrFactorTooOld) {
			t.Errorf("%s: %v", what, got)
		}
	}
	stale := w.Jeanne // ProConnect's factor, too long ago, and none of her own
	if err := w.tryEnrol(t, stale, newKey(t), "clé"); !errors.Is(err, org.ErrFactorTooOld) {
		t.Errorf("first factor of somebody who signed in long ago: %v", err)
	}
	w.enrol(t, w.fresh(stale), newKey(t), "clé")
	if err := w.Directory.Suspend(t.Context(), journal.Program(), by.Person); err != nil {
		t.Fatal(err)
	}
	if err := w.tryEnrol(t, w.fresh(by), newKey(t), "clé"); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("suspended: %v", err)
	}
	w.sound(t)
}

// A first factor is added in a session that was opened for it, or with ProConnect's own factor just given. To have none is no right.
func TestFactors_TheFirstOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	card := w.cards(t, 4)
	plain := w.newcomer(t, "amel")
	plain.Enrolling = false // as ProConnect leaves the session of somebody who had a factor of their own when it was opened
	gone := w.newcomer(t, "basile")
	w.enrol(t, gone, newKey(t), "clé")
	w.done(t, gone.Person)
	gone.Enrolling = false
	for name, by := range map[string]journal.Actor{"never had one": plain, "has none any more": gone} {
		for what, add := range w.ways(t, by, "GADT0004", card) {
			if err := add(); !errors.Is(err, org.ErrFactorTooOld) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	for i, what := range []string{"passkey", "app", "card"} {
		by := w.newcomer(t, what)
		if err := w.ways(t, by, fmt.Sprint("GADT000", i+1), card)[what](); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		for second, add := range w.ways(t, by, "GADT0004", card) {
			if err := add(); !errors.Is(err, org.ErrFactorTooOld) {
				t.Errorf("%s, then %s in the session of the first: %v", what, second, err)
			}
		}
		w.Clock.Advance(10 * time.Minute)
	}
	w.enrol(t, w.fresh(plain), newKey(t), "clé") // ProConnect's
	w.sound(t)
}

// ways are the ways to add a factor.
func (w *world) ways(t *testing.T, by journal.Actor, serial string, card func(string, time.Time) string) map[string]func() error {
	return map[string]func() error{
		"passkey": func() error { return w.tryEnrol(t, by, newKey(t), "clé") },
		"app": func() error {
			begun, err := w.factors.StartApp(t.Context(), by)
			if err != nil {
				return err
			}
			_, err = w.factors.ConfirmApp(t.Context(), by, shown(t, begun.Key, 30, w.Clock.Now()), home)
			return err
		},
		"card": func() error {
			_, err := w.factors.AddCard(t.Context(), by, serial, card(serial, w.Clock.Now()), "", home)
			return err
		},
	}
}

// The last factor of somebody whom ProConnect does not know stays; nobody touches another's.
func TestRemove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := w.newcomer(t, "amel")
	w.enrol(t, by, newKey(t), "une")
	w.enrol(t, w.fresh(by), newKey(t), "deux")
	f, err := w.factors.Factors(t.Context(), by.Person)
	if err != nil {
		t.Fatal(err)
	}
	one, two := f.Passkeys[0].ID, f.Passkeys[1].ID
	w.enrol(t, w.Jeanne, newKey(t), "celle de Jeanne")
	if _, err := w.factors.MakeRecovery(t.Context(), w.Jeanne); err != nil {
		t.Fatal(err)
	}
	hers, err := w.factors.Factors(t.Context(), w.Jeanne.Person)
	if err != nil || hers.RecoveryLeft != 10 {
		t.Fatal(hers, err)
	}
	for _, step := range []struct {
		what string
		by   journal.Actor
		id   uuid.UUID
		want error
	}{
		{"somebody else's", w.fresh(by), hers.Passkeys[0].ID, db.ErrNotFound},
		{"no factor", w.fresh(by), uuid.New(), db.ErrNotFound},
		{"one of two", w.fresh(by), one, nil},
		{"again", w.fresh(by), one, db.ErrNotFound},
		{"the last", w.fresh(by), two, credential.ErrLast},
		{"the last of who has ProConnect", w.Jeanne, hers.Passkeys[0].ID, nil},
	} {
		if err := w.factors.Remove(t.Context(), step.by, step.id); !errors.Is(err, step.want) {
			t.Errorf("%s: %v, want %v", step.what, err, step.want)
		}
	}
	if hers, err = w.factors.Factors(t.Context(), w.Jeanne.Person); err != nil || hers.RecoveryLeft != 0 || hers.Any() {
		t.Errorf("recovery codes with nothing to recover: %+v, %v", hers, err)
	}
	if err := w.factors.Rename(t.Context(), by, two, "nouveau nom"); !errors.Is(err, org.ErrFactorTooOld) {
		t.Errorf("without a factor just given: %v", err)
	}
	if err := w.factors.Rename(t.Context(), w.fresh(by), two, "nouveau nom"); err != nil {
		t.Error(err)
	}
	if err := w.factors.Rename(t.Context(), w.Paul, two, "nouveau nom"); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("somebody else's name: %v", err)
	}
	if err := w.factors.Rename(t.Context(), w.fresh(by), two, " "); !errors.Is(err, credential.ErrName) {
		t.Errorf("no name: %v", err)
	}
	w.sound(t)
}
