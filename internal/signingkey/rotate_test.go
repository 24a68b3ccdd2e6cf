package signingkey_test

import (
	"crypto"
	"crypto/x509"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"mandat/internal/journal"
	"mandat/internal/oidc"
	"mandat/internal/signingkey"
)

func parses(der []byte) bool {
	_, err := x509.ParsePKCS8PrivateKey(der)
	return err == nil
}

// The next key signs, what the one before signed is believed for as long as it may come back, and then that one is forgotten.
func TestRotate(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, alg := range []string{oidc.ES256, oidc.RS256} {
		if kids := published(t, p.ring, signingkey.IDToken, alg); len(kids) != 2 {
			t.Fatalf("%s: %v", alg, kids)
		}
	}
	before, receipts := published(t, p.ring, signingkey.IDToken, oidc.RS256), published(t, p.ring, signingkey.Receipt, oidc.ES256)
	raw := signed(t, p.ring, signingkey.IDToken, oidc.RS256)
	p.Clock.Advance(signingkey.NextLife - soon)
	if err := p.ring.Rotate(t.Context(), journal.Program(), signingkey.Command, signingkey.IDToken); !errors.Is(err, signingkey.ErrTooEarly) {
		t.Fatalf("the next key is young: %v", err)
	}
	if !slices.Equal(published(t, p.ring, signingkey.IDToken, oidc.RS256), before) {
		t.Fatal("a refused rotation changed the keys")
	}
	p.Clock.Advance(soon)
	p.rotate(t, signingkey.Command, signingkey.IDToken)
	after := published(t, p.ring, signingkey.IDToken, oidc.RS256)
	if len(after) != 3 || after[0] != before[1] || after[2] != before[0] || slices.Contains(before, after[1]) {
		t.Fatalf("before %v, after %v", before, after)
	}
	if !slices.Equal(published(t, p.ring, signingkey.Receipt, oidc.ES256), receipts) {
		t.Error("keys of another use took their turn")
	}
	p.Clock.Advance(signingkey.OldLife - soon)
	must(t, p.ring.RotateDue(t.Context()))
	must(t, p.ring.Refresh(t.Context()))
	if !verifies(t, p.ring, signingkey.IDToken, raw) {
		t.Error("what the old key signed is not believed any more")
	}
	p.Clock.Advance(2 * soon)
	must(t, p.ring.Refresh(t.Context()))
	if verifies(t, p.ring, signingkey.IDToken, raw) {
		t.Error("the old key is published for ever")
	}
	must(t, p.ring.RotateDue(t.Context()))
	if n := p.number(t, `select count(*) from signing_key where state = 'old'`); n != 0 {
		t.Errorf("%d old keys are kept", n)
	}
	p.Content(t)
}

// What signs receipts is believed for as long as the longest mandate, and then no longer.
func TestRotate_KeepsTheKeysOfReceipts(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	raw := signed(t, p.ring, signingkey.Receipt, oidc.ES256)
	p.Clock.Advance(signingkey.NextLife)
	p.rotate(t, signingkey.Command, signingkey.Receipt)
	p.Clock.Advance(signingkey.ReceiptLife - soon)
	must(t, p.ring.RotateDue(t.Context()))
	must(t, p.ring.Refresh(t.Context()))
	if !verifies(t, p.ring, signingkey.Receipt, raw) {
		t.Error("a receipt is not believed any more")
	}
	p.Content(t)
	p.Clock.Advance(2 * soon)
	must(t, p.ring.RotateDue(t.Context()))
	must(t, p.ring.Refresh(t.Context()))
	if verifies(t, p.ring, signingkey.Receipt, raw) {
		t.Error("the old key is published for ever")
	}
}

// Stolen keys and all before them are believed no longer, at once; also the next ones are others.
func TestRotate_ForgetsAStolenKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	oldest := signed(t, p.ring, signingkey.IDToken, oidc.ES256)
	p.Clock.Advance(signingkey.NextLife)
	p.rotate(t, signingkey.Command, signingkey.IDToken)
	stolen, before := signed(t, p.ring, signingkey.IDToken, oidc.ES256), published(t, p.ring, signingkey.IDToken, oidc.ES256)
	other := p.server(t)
	p.rotate(t, signingkey.Stolen, signingkey.IDToken) // however young the next key is
	after := published(t, p.ring, signingkey.IDToken, oidc.ES256)
	if len(after) != 2 || slices.ContainsFunc(after, func(kid string) bool { return slices.Contains(before, kid) }) {
		t.Errorf("before %v, after %v", before, after)
	}
	if verifies(t, p.ring, signingkey.IDToken, oldest) || verifies(t, p.ring, signingkey.IDToken, stolen) {
		t.Error("a token of a key that was stolen is believed")
	}
	// What is lost: what another server signs until it looks.
	late := signed(t, other, signingkey.IDToken, oidc.ES256)
	if verifies(t, p.ring, signingkey.IDToken, late) {
		t.Error("a token of a withdrawn key is believed")
	}
	must(t, other.Refresh(t.Context()))
	if !verifies(t, p.ring, signingkey.IDToken, signed(t, other, signingkey.IDToken, oidc.ES256)) {
		t.Error("the other server did not take the new keys up")
	}
	p.Content(t)
}

// A server that has not looked for a whole turn signs what all others publish, and publishes what they sign with.
func TestRotate_AServerThatHasNotLooked(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	other := p.server(t)
	p.Clock.Advance(signingkey.NextLife)
	p.rotate(t, signingkey.Command, signingkey.Uses()...)
	for _, use := range signingkey.Uses() {
		if !verifies(t, p.ring, use, signed(t, other, use, oidc.ES256)) {
			t.Errorf("%s: what it signs is not believed", use)
		}
		if !verifies(t, other, use, signed(t, p.ring, use, oidc.ES256)) {
			t.Errorf("%s: who has read its keys does not believe the others", use)
		}
	}
	must(t, other.Refresh(t.Context()))
	if one, two := published(t, p.ring, signingkey.IDToken, oidc.RS256), published(t, other, signingkey.IDToken, oidc.RS256); !slices.Equal(one, two) {
		t.Errorf("%v and %v", one, two)
	}
}

// Of several rotations at once one is done: for the others the new next key is too young.
func TestRotate_AtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.Clock.Advance(signingkey.NextLife)
	var wait sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		ring := p.server(t)
		wait.Go(func() {
			errs[i] = ring.Rotate(t.Context(), journal.Program(), signingkey.Command, signingkey.IDToken)
		})
	}
	wait.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else if !errors.Is(err, signingkey.ErrTooEarly) {
			t.Error(err)
		}
	}
	if n := p.number(t, `select count(*) from journal_entry where action = 'key.rotated'`); done != 1 || n != 1 {
		t.Errorf("%d were done, with %d entries", done, n)
	}
	p.Content(t)
}

// The job lets keys take their turn when they have signed for their time, each use by itself, and not before.
func TestRotateDue(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	rotations := `select count(*) from journal_entry where action = 'key.rotated' and body::jsonb -> 'detail' ->> 'why' = 'scheduled'`
	p.Clock.Advance(30 * 24 * time.Hour)
	p.rotate(t, signingkey.Command, signingkey.Receipt)
	p.Clock.Advance(signingkey.Life - 30*24*time.Hour - soon)
	must(t, p.ring.RotateDue(t.Context()))
	if n := p.number(t, rotations); n != 0 {
		t.Fatalf("%d rotations too early", n)
	}
	p.Clock.Advance(soon)
	if age := p.Clock.Now().Sub(p.ring.Since(signingkey.IDToken)); age < signingkey.Life || age > signingkey.Life+time.Minute {
		t.Errorf("the keys have signed for %s", age)
	}
	before := published(t, p.ring, signingkey.IDToken, oidc.ES256)
	must(t, errors.Join(p.ring.RotateDue(t.Context()), p.server(t).RotateDue(t.Context())))
	if n := p.number(t, rotations); n != 2 {
		t.Errorf("%d rotations, want those of ID tokens and assertions", n)
	}
	if after := published(t, p.ring, signingkey.IDToken, oidc.ES256); after[0] != before[1] {
		t.Errorf("before %v, after %v", before, after)
	}
	for use, want := range map[signingkey.Use]time.Duration{signingkey.IDToken: 0, signingkey.Receipt: signingkey.Life - 30*24*time.Hour} {
		if age := p.Clock.Now().Sub(p.ring.Since(use)); age < want-time.Minute || age > want+time.Minute {
			t.Errorf("the keys for %s have signed for %s", use, age)
		}
	}
	p.Content(t)
}

// When no key can be made, nothing changes.
func TestRotate_WithoutChance(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.Clock.Advance(signingkey.NextLife)
	none := errors.New("no chance")
	r := signingkey.New(p.DB, p.Journal, p.Keys, p.Clock, func(string) (crypto.Signer, error) { return nil, none })
	must(t, r.Open(t.Context()))
	for _, why := range []signingkey.Why{signingkey.Command, signingkey.Stolen} {
		if err := r.Rotate(t.Context(), journal.Program(), why, signingkey.Uses()...); !errors.Is(err, none) {
			t.Errorf("%s: %v", why, err)
		}
	}
	p.Clock.Advance(signingkey.Life)
	if err := r.RotateDue(t.Context()); !errors.Is(err, none) {
		t.Errorf("by schedule: %v", err)
	}
	if n := p.number(t, `select count(*) from journal_entry where action = 'key.rotated'`); n != 0 {
		t.Errorf("%d entries", n)
	}
}

// first does something before the first key is made.
func first(do func(), source signingkey.Source) signingkey.Source {
	var once sync.Once
	return func(alg string) (crypto.Signer, error) {
		once.Do(do)
		return source(alg)
	}
}

// Another server has let the due keys take their turn while this one made theirs: there is one turn, and no failure.
func TestRotateDue_AnotherWasFaster(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.Clock.Advance(signingkey.Life)
	other := p.server(t)
	r := signingkey.New(p.DB, p.Journal, p.Keys, p.Clock, first(func() { must(t, other.RotateDue(t.Context())) }, p.source))
	must(t, r.Open(t.Context()))
	must(t, r.RotateDue(t.Context()))
	if n := p.number(t, `select count(*) from journal_entry where action = 'key.rotated'`); n != len(signingkey.Uses()) {
		t.Errorf("%d turns", n)
	}
	p.Content(t)
}
