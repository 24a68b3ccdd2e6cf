package signingkey_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/oidc"
	"mandat/internal/signingkey"
)

// place is a database with keys, and a ring on it.
type place struct {
	*fixture.World
	ring   *signingkey.Ring
	source signingkey.Source
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{World: fixture.New(t), source: fixture.Source()}
	p.ring = p.server(t)
	return p
}

// server is another program on the same database, started now.
func (p *place) server(t *testing.T) *signingkey.Ring {
	t.Helper()
	r := signingkey.New(p.DB, p.Journal, p.Keys, p.Clock, p.source)
	must(t, r.Open(t.Context()))
	return r
}

func (p *place) rotate(t *testing.T, why signingkey.Why, uses ...signingkey.Use) {
	t.Helper()
	must(t, p.ring.Rotate(t.Context(), journal.Program(), why, uses...))
}

func (p *place) number(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	must(t, p.Connect(t, p.Superuser).QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// published are the kids of a use, by its key set: for each algorithm the one that signs stands first, then the next, then the old ones.
func published(t *testing.T, r *signingkey.Ring, use signingkey.Use, alg string) []string {
	t.Helper()
	var set jose.JSONWebKeySet
	must(t, json.Unmarshal(r.Of(use).JWKS(), &set))
	var out []string
	for _, k := range set.Keys {
		if k.Algorithm == alg {
			out = append(out, k.KeyID)
		}
	}
	return out
}

// signed is a token signed by a ring's current key, for a use and an algorithm.
func signed(t *testing.T, r *signingkey.Ring, use signingkey.Use, alg string) string {
	t.Helper()
	raw, err := r.Of(use).Sign(alg, oidc.TypeJWT, map[string]string{"sub": "s"})
	must(t, err)
	return raw
}

// verifies tells whether a client that reads a ring's key set now believes a token.
func verifies(t *testing.T, r *signingkey.Ring, use signingkey.Use, raw string) bool {
	t.Helper()
	var set jose.JSONWebKeySet
	must(t, json.Unmarshal(r.Of(use).JWKS(), &set))
	parsed, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	must(t, err)
	var claims map[string]any
	return parsed.Claims(&set, &claims) == nil
}

func TestOpen_MakesWhatIsMissing(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for use, algs := range map[signingkey.Use][]string{signingkey.IDToken: {oidc.ES256, oidc.RS256}, signingkey.Receipt: {oidc.ES256}, signingkey.Assertion: {oidc.ES256}} {
		for _, alg := range algs {
			if kids := published(t, p.ring, use, alg); len(kids) != 2 || !verifies(t, p.ring, use, signed(t, p.ring, use, alg)) {
				t.Errorf("%s, %s: %v", use, alg, kids)
			}
		}
		for other := range map[signingkey.Use]bool{signingkey.IDToken: true, signingkey.Receipt: true, signingkey.Assertion: true} {
			if other != use && verifies(t, p.ring, other, signed(t, p.ring, use, oidc.ES256)) {
				t.Errorf("a token for %s passes for %s", use, other)
			}
		}
	}
	again := p.server(t)
	if !slices.Equal(published(t, again, signingkey.IDToken, oidc.RS256), published(t, p.ring, signingkey.IDToken, oidc.RS256)) {
		t.Error("another server has other keys")
	}
	if n := p.number(t, `select count(*) from journal_entry where action = 'key.made'`); n != 3 {
		t.Errorf("%d entries", n)
	}
	p.Content(t)
}

// Before it is opened, a ring signs and publishes nothing.
func TestOf_BeforeOpen(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	r := signingkey.New(w.DB, w.Journal, w.Keys, w.Clock, fixture.Source())
	if _, err := r.Of(signingkey.IDToken).Sign(oidc.ES256, oidc.TypeJWT, 1); err == nil || string(r.Of(signingkey.IDToken).JWKS()) != `{"keys":[]}` {
		t.Errorf("%v %s", err, r.Of(signingkey.IDToken).JWKS())
	}
}

// Two servers start on an empty database at once: one makes the keys, both have them.
func TestOpen_AtOnce(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	source := fixture.Source()
	rings := make([]*signingkey.Ring, 4)
	errs := make(chan error, len(rings))
	for i := range rings {
		rings[i] = signingkey.New(w.DB, w.Journal, w.Keys, w.Clock, source)
		go func() { errs <- rings[i].Open(t.Context()) }()
	}
	for range rings {
		must(t, <-errs)
	}
	for _, use := range signingkey.Uses() {
		for _, r := range rings[1:] {
			if one, other := published(t, rings[0], use, oidc.ES256), published(t, r, use, oidc.ES256); len(one) != 2 || !slices.Equal(one, other) {
				t.Errorf("%s: %v and %v", use, one, other)
			}
		}
	}
	p := &place{World: w}
	if n := p.number(t, `select count(*) from signing_key`); n != 8 {
		t.Errorf("%d keys", n)
	}
	w.Content(t)
}

// What a key is sealed under is not in the database, and what is in the database opens nothing.
func TestTable_HoldsNoKeyInClear(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.Clock.Advance(signingkey.NextLife)
	p.rotate(t, signingkey.Command, signingkey.Uses()...)
	if n := p.number(t, `select count(*) from signing_key where state = 'old' and private is not null`); n != 0 {
		t.Errorf("%d old keys have their private half", n)
	}
	rows, err := p.Connect(t, p.Superuser).Query(t.Context(), `select private from signing_key where private is not null`)
	must(t, err)
	for rows.Next() {
		var private []byte
		must(t, rows.Scan(&private))
		if parses(private) {
			t.Error("a private key lies in clear")
		}
	}
	must(t, rows.Err())
}

// soon is a while that no life ends in.
const soon = time.Minute
