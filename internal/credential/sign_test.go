package credential_test

import (
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/credential"
	"mandat/internal/journal"
	"mandat/internal/softkey"
	"mandat/internal/token"
)

func digestOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// asked is what a browser of the actor is asked to sign.
func (w *world) asked(t testing.TB, by journal.Actor, digest []byte) []byte {
	t.Helper()
	question, err := w.factors.BeginSignature(t.Context(), by, digest)
	if err != nil {
		t.Fatal(err)
	}
	return question
}

// act does an act that is signed by an answer, and returns the signature.
func (w *world) act(t testing.TB, by journal.Actor, answer, digest []byte) (credential.Signature, error) {
	t.Helper()
	var made credential.Signature
	b := &pgx.Batch{}
	s := w.factors.Sign(b, by, answer)
	err := w.Journal.RecordAfter(t.Context(), by, b, func(tx *journal.Tx) (journal.Event, error) {
		var err error
		made, err = s.Check(tx, digest)
		return journal.Event{Action: "mandate.listed"}, err // whichever: what is tested here is the signature
	})
	return made, w.factors.Settle(t.Context(), s, err)
}

// signer is an aidant with a key that counts.
func signer(t *testing.T) (*world, journal.Actor, *softkey.Key) {
	t.Helper()
	w := newWorld(t)
	by, k := w.newcomer(t, "jules"), newKey(t)
	k.Counts = true
	w.enrol(t, by, k, "Clé")
	return w, w.fresh(by), k
}

func TestSign(t *testing.T) {
	t.Parallel()
	w, by, k := signer(t)
	terms := digestOf("terms")
	s, err := w.act(t, by, answer(t, k, w.asked(t, by, terms)), terms)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Of(by.Person, terms) || s.Of(by.Person, digestOf("others")) || s.Of(w.Jeanne.Person, terms) || (credential.Signature{}).Of(uuid.Nil, nil) {
		t.Error("the signature is not of who made it, over what they signed")
	}
	factors, err := w.factors.Factors(t.Context(), by.Person)
	if err != nil {
		t.Fatal(err)
	}
	if key := factors.Passkeys[0]; key.UsedAt == nil || !key.UsedAt.Equal(s.At()) || s.Factor() != key.ID {
		t.Errorf("the key was used at %v, the signature is of %v", key.UsedAt, s.At())
	}
	if e := s.Evidence(); len(e.Nonce) != 32 || e.Origin != site || e.RPID != domain || string(e.CredentialID) != string(k.ID()) {
		t.Errorf("evidence %v", e)
	}
	if _, err := w.use(t, k); err != nil {
		t.Errorf("the key afterwards: %v", err) // its counter moved
	}
	w.sound(t)
}

func TestSign_Refusals(t *testing.T) {
	t.Parallel()
	terms := digestOf("terms")
	for name, c := range map[string]struct {
		want error
		try  func(*testing.T, *world, journal.Actor, *softkey.Key) (credential.Signature, error)
	}{
		"other terms": {credential.ErrTerms, func(t *testing.T, w *world, by journal.Actor, k *softkey.Key) (credential.Signature, error) {
			return w.act(t, by, answer(t, k, w.asked(t, by, digestOf("others"))), terms)
		}},
		"twice": {credential.ErrWrong, func(t *testing.T, w *world, by journal.Actor, k *softkey.Key) (credential.Signature, error) {
			k.Counts = false // or its counter would tell
			a := answer(t, k, w.asked(t, by, terms))
			if _, err := w.act(t, by, a, terms); err != nil {
				t.Fatal(err)
			}
			return w.act(t, by, a, terms)
		}},
		"late": {credential.ErrWrong, func(t *testing.T, w *world, by journal.Actor, k *softkey.Key) (credential.Signature, error) {
			a := answer(t, k, w.asked(t, by, terms))
			w.Clock.Advance(5*time.Minute + time.Second)
			return w.act(t, by, a, terms)
		}},
		"another session": {credential.ErrWrong, func(t *testing.T, w *world, by journal.Actor, k *softkey.Key) (credential.Signature, error) {
			a := answer(t, k, w.asked(t, by, terms))
			by.Session = token.Bytes(32)
			return w.act(t, by, a, terms)
		}},
		"another person in this session": {credential.ErrWrong, func(t *testing.T, w *world, by journal.Actor, k *softkey.Key) (credential.Signature, error) {
			other, theirs := w.newcomer(t, "lou"), newKey(t)
			w.enrol(t, other, theirs, "Clé")
			theirs.Forced = true
			a := answer(t, theirs, w.asked(t, by, terms))
			return w.act(t, w.fresh(other), a, terms)
		}},
		"somebody else's key": {credential.ErrWrong, func(t *testing.T, w *world, by journal.Actor, k *softkey.Key) (credential.Signature, error) {
			other, theirs := w.newcomer(t, "lou"), newKey(t)
			w.enrol(t, other, theirs, "Clé")
			theirs.Forced, theirs.Handle = true, nil // as a key that does not tell whose it is
			return w.act(t, by, answer(t, theirs, w.asked(t, by, terms)), terms)
		}},
		"a key that was removed": {credential.ErrWrong, func(t *testing.T, w *world, by journal.Actor, k *softkey.Key) (credential.Signature, error) {
			w.enrol(t, by, newKey(t), "Autre")
			a := answer(t, k, w.asked(t, by, terms))
			factors, err := w.factors.Factors(t.Context(), by.Person)
			if err == nil {
				err = w.factors.Remove(t.Context(), by, factors.Passkeys[0].ID)
			}
			if err != nil {
				t.Fatal(err)
			}
			return w.act(t, by, a, terms)
		}},
		"a step-up": {credential.ErrWrong, func(t *testing.T, w *world, by journal.Actor, k *softkey.Key) (credential.Signature, error) {
			return w.act(t, by, answer(t, k, w.question(t, by.Person, credential.StepUp)), terms)
		}},
		"nonsense": {credential.ErrWrong, func(t *testing.T, w *world, by journal.Actor, _ *softkey.Key) (credential.Signature, error) {
			return w.act(t, by, []byte(`{"id":"x"}`), terms)
		}},
		"too long": {credential.ErrWrong, func(t *testing.T, w *world, by journal.Actor, k *softkey.Key) (credential.Signature, error) {
			return w.act(t, by, append(answer(t, k, w.asked(t, by, terms)), strings.Repeat(" ", 64<<10)...), terms)
		}},
		"nobody checked": {credential.ErrWrong, func(t *testing.T, w *world, by journal.Actor, k *softkey.Key) (credential.Signature, error) {
			k.Verified = false
			return w.act(t, by, answer(t, k, w.asked(t, by, terms)), terms)
		}},
		"nobody there": {credential.ErrWrong, func(t *testing.T, w *world, by journal.Actor, k *softkey.Key) (credential.Signature, error) {
			k.Present = false
			return w.act(t, by, answer(t, k, w.asked(t, by, terms)), terms)
		}},
		"another site": {credential.ErrWrong, func(t *testing.T, w *world, by journal.Actor, k *softkey.Key) (credential.Signature, error) {
			k.Origin = "https://autre.exemple.invalid"
			return w.act(t, by, answer(t, k, w.asked(t, by, terms)), terms)
		}},
		"another relying party": {credential.ErrWrong, func(t *testing.T, w *world, by journal.Actor, k *softkey.Key) (credential.Signature, error) {
			k.RPID = "autre.exemple.invalid"
			return w.act(t, by, answer(t, k, w.asked(t, by, terms)), terms)
		}},
		"another ceremony": {credential.ErrWrong, func(t *testing.T, w *world, by journal.Actor, k *softkey.Key) (credential.Signature, error) {
			k.Type = "webauthn.create"
			return w.act(t, by, answer(t, k, w.asked(t, by, terms)), terms)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, by, k := signer(t)
			s, err := c.try(t, w, by, k)
			if !errors.Is(err, c.want) || s.Of(by.Person, terms) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			w.sound(t)
		})
	}
}

// A refused act spends nothing: the box that was not ticked is ticked, and the same answer counts.
func TestSign_ARefusedActSpendsNothing(t *testing.T) {
	t.Parallel()
	w, by, k := signer(t)
	terms := digestOf("terms")
	a := answer(t, k, w.asked(t, by, terms))
	b := &pgx.Batch{}
	s := w.factors.Sign(b, by, a)
	not := errors.New("not agreed")
	err := w.Journal.RecordAfter(t.Context(), by, b, func(tx *journal.Tx) (journal.Event, error) {
		if _, err := s.Check(tx, terms); err != nil {
			t.Error(err)
		}
		return journal.Event{}, not
	})
	if err = w.factors.Settle(t.Context(), s, err); !errors.Is(err, not) {
		t.Fatal(err)
	}
	if _, err := w.act(t, by, a, terms); err != nil {
		t.Errorf("again: %v", err)
	}
}

// Of two acts at once with one answer, one is signed.
func TestSign_Race(t *testing.T) {
	t.Parallel()
	w, by, k := signer(t)
	k.Counts = false
	terms := digestOf("terms")
	a := answer(t, k, w.asked(t, by, terms))
	var all sync.WaitGroup
	var mu sync.Mutex
	signed := 0
	for range 8 {
		all.Go(func() {
			_, err := w.act(t, by, a, terms)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				signed++
			} else if !errors.Is(err, credential.ErrWrong) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if signed != 1 {
		t.Errorf("signed %d times", signed)
	}
	w.sound(t)
}

// A key whose counter went back signs nothing, and counts no more: there may be two of it. The refused act leaves no entry.
func TestSign_Cloned(t *testing.T) {
	t.Parallel()
	w, by, k := signer(t)
	terms, copied := digestOf("terms"), k.Copy()
	for range 2 {
		if _, err := w.act(t, by, answer(t, k, w.asked(t, by, terms)), terms); err != nil {
			t.Fatal(err)
		}
	}
	listed := w.entries(t, "mandate.listed")
	if s, err := w.act(t, by, answer(t, copied, w.asked(t, by, terms)), terms); !errors.Is(err, credential.ErrCloned) || s.Of(by.Person, terms) {
		t.Errorf("the copy: %v", err)
	}
	if w.entries(t, "factor.cloned") != 1 || w.told["factor_cloned"] != 1 || w.entries(t, "mandate.listed") != listed {
		t.Errorf("%d entries, %d told", w.entries(t, "factor.cloned"), w.told["factor_cloned"])
	}
	if _, err := w.factors.BeginSignature(t.Context(), by, terms); !errors.Is(err, credential.ErrNoFactor) {
		t.Errorf("afterwards: %v", err)
	}
	w.sound(t)
}

// A question that was answered late, after the key was used for something else, tells of no copy.
func TestSign_AnOlderAnswerIsNoClone(t *testing.T) {
	t.Parallel()
	w, by, k := signer(t)
	terms := digestOf("terms")
	late := answer(t, k, w.asked(t, by, terms))
	w.Clock.Advance(time.Second)
	if _, err := w.use(t, k); err != nil {
		t.Fatal(err)
	}
	if _, err := w.act(t, by, late, terms); !errors.Is(err, credential.ErrWrong) || w.entries(t, "factor.cloned") != 0 {
		t.Errorf("got %v", err)
	}
}

// A key that was found to be copied while it was being asked for.
func TestSign_ClonedMeanwhile(t *testing.T) {
	t.Parallel()
	w, by, k := signer(t)
	terms := digestOf("terms")
	a := answer(t, k, w.asked(t, by, terms))
	w.Behind(t, `update credential_passkey set cloned_at = now() where person_id = $1`, by.Person)
	if _, err := w.act(t, by, a, terms); !errors.Is(err, credential.ErrCloned) || w.entries(t, "factor.cloned") != 0 {
		t.Errorf("got %v", err)
	}
}

// While two others have decided that all factors of a person go, their keys sign nothing; what one alone asked for changes nothing.
func TestSign_Reset(t *testing.T) {
	t.Parallel()
	w, by, k := signer(t)
	terms := digestOf("terms")
	rene, renee := w.Referent(t, w.Here, "rene"), w.Referent(t, w.Here, "renee")
	w.settle(time.Minute)
	before := answer(t, k, w.asked(t, by, terms))
	id, err := w.factors.AskReset(t.Context(), w.fresh(rene), by.Person)
	if err != nil {
		t.Fatal(err)
	}
	during := answer(t, k, w.asked(t, by, terms))
	if _, err := w.act(t, by, before, terms); err != nil {
		t.Errorf("asked only: %v", err)
	}
	if err := w.factors.ApproveReset(t.Context(), w.fresh(renee), id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.act(t, by, during, terms); !errors.Is(err, credential.ErrReset) {
		t.Errorf("approved: %v", err)
	}
	if _, err := w.factors.BeginSignature(t.Context(), by, terms); !errors.Is(err, credential.ErrReset) {
		t.Errorf("asked for after: %v", err)
	}
	if err := w.factors.CancelReset(t.Context(), w.fresh(by)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.act(t, by, answer(t, k, w.asked(t, by, terms)), terms); err != nil {
		t.Errorf("stopped: %v", err)
	}
}

func TestBeginSignature_NoKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.factors.BeginSignature(t.Context(), w.newcomer(t, "ana"), digestOf("terms")); !errors.Is(err, credential.ErrNoFactor) {
		t.Errorf("got %v", err)
	}
}
