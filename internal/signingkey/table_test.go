package signingkey_test

import (
	"errors"
	"strings"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/oidc"
	"mandat/internal/signingkey"
)

// Another key-encryption key opens nothing: the program does not start, and says what to do. Only the word that the keys are lost, or
// stolen, replaces them.
func TestOpen_WithAnotherKeyEncryptionKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	r := signingkey.New(p.DB, p.Journal, fixture.Keys(t), p.Clock, p.source)
	if err := r.Open(t.Context()); !errors.Is(err, signingkey.ErrNotOurs) || !strings.Contains(err.Error(), "mandat admin rotate --stolen") {
		t.Fatalf("%v", err)
	}
	p.Clock.Advance(signingkey.NextLife)
	if err := r.Rotate(t.Context(), journal.Program(), signingkey.Command, signingkey.Uses()...); !errors.Is(err, signingkey.ErrNotOurs) {
		t.Fatalf("an ordinary turn: %v", err)
	}
	if n := p.number(t, `select count(*) from journal_entry where action = 'key.rotated'`); n != 0 {
		t.Fatalf("%d turns all the same", n)
	}
	must(t, r.Rotate(t.Context(), journal.Program(), signingkey.Stolen, signingkey.Uses()...))
	must(t, r.Open(t.Context()))
	if len(published(t, r, signingkey.IDToken, oidc.ES256)) != 2 {
		t.Error("it has no keys")
	}
	if err := p.ring.Refresh(t.Context()); !errors.Is(err, signingkey.ErrNotOurs) {
		t.Errorf("the server with the key of before: %v", err)
	}
	if _, err := p.ring.Of(signingkey.IDToken).Sign(oidc.ES256, oidc.TypeJWT, 1); err != nil {
		t.Errorf("it cannot go on with what it has: %v", err)
	}
	p.Content(t)
}

// Who writes in the table behind the program adds no key that clients believe in, and gives none to another use.
func TestRefresh_RefusesWhatTheProgramDidNotMake(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"the public half of another":          `update signing_key a set public = b.public from signing_key b where a.use = 'id_token' and a.alg = 'ES256' and a.state = 'current' and b.use = 'id_token' and b.alg = 'ES256' and b.state = 'next'`,
		"a name of its own":                   `update signing_key set kid = repeat('x', 43) where use = 'id_token' and alg = 'ES256' and state = 'next'`,
		"a proof of another":                  `update signing_key a set proof = b.proof from signing_key b where a.use = 'id_token' and a.alg = 'ES256' and a.state = 'next' and b.use = 'receipt' and b.state = 'next'`,
		"an empty proof":                      `update signing_key set proof = '' where use = 'receipt' and state = 'next'`,
		"a private half of another":           `update signing_key a set private = b.private from signing_key b where a.use = 'id_token' and a.alg = 'ES256' and a.state = 'current' and b.use = 'id_token' and b.alg = 'ES256' and b.state = 'next'`,
		"no public half":                      `update signing_key set public = repeat('x', 91)::bytea where use = 'assertion' and state = 'next'`,
		"a private half that is none":         `update signing_key set private = proof where use = 'assertion' and state = 'current'`,
		"a key of another use, as an old one": `update signing_key set use = 'id_token', state = 'old', private = null, current_at = now(), old_at = now(), published_until = now() + interval '50 hours' where use = 'assertion' and state = 'next'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			before := string(p.ring.Of(signingkey.IDToken).JWKS())
			p.Behind(t, sql)
			r := signingkey.New(p.DB, p.Journal, p.Keys, p.Clock, p.source)
			if err := r.Refresh(t.Context()); !errors.Is(err, signingkey.ErrNotOurs) {
				t.Errorf("%v", err)
			}
			_ = p.ring.Refresh(t.Context())
			if string(p.ring.Of(signingkey.IDToken).JWKS()) != before {
				t.Error("a server that runs publishes other keys")
			}
		})
	}
}

// No key without its entry, whatever the program forgets; and none that goes backwards.
func TestTable_RefusesWhatHasNoEntry(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	var kid, nextKID string
	c := p.Connect(t, p.Superuser)
	must(t, c.QueryRow(t.Context(), `select kid from signing_key where use = 'receipt' and state = 'current'`).Scan(&kid))
	must(t, c.QueryRow(t.Context(), `select kid from signing_key where use = 'receipt' and state = 'next'`).Scan(&nextKID))
	const age = `update signing_key set state = 'old', private = null, old_at = now(), published_until = now() + interval '50 hours' where kid = $1`
	const add = `insert into signing_key (kid, use, alg, public, proof, created_at, state, private) select $1, 'receipt', 'RS256', public, proof, now(), 'next', private from signing_key where kid = $2`
	turned := func(action, use, place, kid string) journal.Event {
		return journal.Event{Action: action, Detail: map[string]any{"use": use, place: []string{kid}}}
	}
	for name, c := range map[string]struct {
		sql   string
		args  []any
		event journal.Event
	}{
		"aged by another act":      {age, []any{kid}, turned("charter.published", "receipt", "old", kid)},
		"aged as another":          {age, []any{kid}, turned("key.rotated", "receipt", "old", nextKID)},
		"aged as of another use":   {age, []any{kid}, turned("key.rotated", "assertion", "old", kid)},
		"aged as one that signs":   {age, []any{kid}, turned("key.rotated", "receipt", "current", kid)},
		"added without its name":   {add, []any{strings.Repeat("x", 43), kid}, turned("key.made", "receipt", "next", kid)},
		"taken away quietly":       {`delete from signing_key where kid = $1`, []any{kid}, turned("key.rotated", "receipt", "old", kid)},
		"twice the same place":     {strings.Replace(add, "RS256", "ES256", 1), []any{strings.Repeat("x", 43), kid}, turned("key.made", "receipt", "next", strings.Repeat("x", 43))},
		"from next to old":         {strings.Replace(age, "old_at", "current_at = now(), old_at", 1), []any{nextKID}, turned("key.rotated", "receipt", "old", nextKID)},
		"old with its private":     {strings.Replace(age, "private = null, ", "", 1), []any{kid}, turned("key.rotated", "receipt", "old", kid)},
		"old for a day only":       {strings.Replace(age, "50 hours", "47 hours", 1), []any{kid}, turned("key.rotated", "receipt", "old", kid)},
		"another public half":      {`update signing_key set public = private where kid = $1`, []any{kid}, turned("key.rotated", "receipt", "current", kid)},
		"for a use that is none":   {strings.Replace(add, "'receipt'", "'journal'", 1), []any{strings.Repeat("x", 43), kid}, turned("key.made", "journal", "next", strings.Repeat("x", 43))},
		"for another algorithm":    {strings.Replace(add, "RS256", "HS256", 1), []any{strings.Repeat("x", 43), kid}, turned("key.made", "receipt", "next", strings.Repeat("x", 43))},
		"next with a time to sign": {`update signing_key set current_at = now() where kid = $1`, []any{nextKID}, turned("key.rotated", "receipt", "next", nextKID)},
	} {
		err := p.Journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
			_, err := tx.Exec(t.Context(), c.sql, c.args...)
			return c.event, err
		})
		if err == nil {
			t.Errorf("%s: done", name)
		}
	}
	must(t, p.ring.Refresh(t.Context()))
	p.Clock.Advance(signingkey.NextLife)
	p.rotate(t, signingkey.Command, signingkey.Receipt) // and the rightful one is
}

func TestCompare_NamesWhatWasChangedBehindTheProgramsBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, says string }{
		"added":              {`insert into signing_key select repeat('x', 43), use, 'RS256', public, proof, created_at, state, private from signing_key where use = 'receipt' and state = 'next'`, "no entry tells of it"},
		"taken away":         {`delete from signing_key where use = 'receipt' and state = 'next'`, "is gone"},
		"signs for longer":   {`update signing_key set current_at = current_at + interval '30 days' where use = 'receipt' and state = 'current'`, "according to its entries"},
		"published longer":   {`update signing_key set published_until = published_until + interval '1 year' where state = 'old'`, "according to its entries"},
		"made earlier":       {`update signing_key set created_at = created_at - interval '1 day' where use = 'receipt' and state = 'next'`, "according to its entries"},
		"its entry is gone":  {`delete from journal_entry where action = 'key.made'`, "no entry tells of it"},
		"the turn was faked": {`delete from journal_entry where action = 'key.rotated'`, "according to its entries"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.Clock.Advance(signingkey.NextLife)
			p.rotate(t, signingkey.Command, signingkey.IDToken)
			p.rotate(t, signingkey.Stolen, signingkey.Assertion)
			p.Content(t)
			p.Behind(t, c.sql)
			found, err := signingkey.Compare(t.Context(), p.OpenAuditor(t))
			must(t, err)
			for _, d := range found {
				if d.Of == "key" && strings.Contains(d.What, c.says) {
					return
				}
			}
			t.Errorf("found %v", found)
		})
	}
}

// A key that was withdrawn and is put back is named: its proof is good for ever.
func TestCompare_NamesAStolenKeyThatCameBack(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	_, err := p.Connect(t, p.Superuser).Exec(t.Context(), `create table aside as select * from signing_key`)
	must(t, err)
	p.rotate(t, signingkey.Stolen, signingkey.IDToken)
	p.Behind(t, `insert into signing_key select kid, use, alg, public, proof, created_at, 'old', null, current_at, now(), now() + interval '50 hours' from aside where use = 'id_token' and state = 'current'`)
	found, err := signingkey.Compare(t.Context(), p.OpenAuditor(t))
	must(t, err)
	if len(found) != 2 || !strings.Contains(found[0].What, "no entry tells of it") {
		t.Errorf("found %v", found)
	}
}
