package signingkey_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
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
	if _, err := r.Of(signingkey.IDToken).Sign(oidc.ES256, oidc.TypeJWT, 1); err == nil || string(r.Of(signingkey.IDToken).JWKS()) != `{"keys":[]}` || !r.Since(signingkey.IDToken).IsZero() {
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

// Another server has made the keys while this one made its own: they have the same.
func TestOpen_AnotherWasFaster(t *testing.T) {
	t.Parallel()
	p := &place{World: fixture.New(t), source: fixture.Source()}
	slow := signingkey.New(p.DB, p.Journal, p.Keys, p.Clock, first(func() { p.ring = p.server(t) }, p.source))
	must(t, slow.Open(t.Context()))
	for _, use := range signingkey.Uses() {
		if string(slow.Of(use).JWKS()) != string(p.ring.Of(use).JWKS()) {
			t.Errorf("%s: two key sets", use)
		}
	}
	if n := p.number(t, `select count(*) from journal_entry where action = 'key.made'`); n != len(signingkey.Uses()) {
		t.Errorf("%d entries", n)
	}
	p.Content(t)
}

// What is missing is made, and nothing else.
func TestOpen_MakesTheNextKeyAlone(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	before := published(t, p.ring, signingkey.IDToken, oidc.ES256)
	p.Behind(t, `delete from signing_key where kid = $1`, before[1])
	after := published(t, p.server(t), signingkey.IDToken, oidc.ES256)
	if len(after) != 2 || after[0] != before[0] || after[1] == before[1] {
		t.Errorf("before %v, after %v", before, after)
	}
	if n := p.number(t, `select count(*) from signing_key`); n != 8 {
		t.Errorf("%d keys", n)
	}
}

// The log is told once of each reason why keys cannot be read, and once when they can be again.
func TestLook_TellsTheLog(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	var log strings.Builder
	failing := ""
	look := func(ctx context.Context, want string) {
		t.Helper()
		log.Reset()
		failing = p.ring.Look(ctx, slog.New(slog.NewTextHandler(&log, nil)), failing)
		if got := log.String(); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("logged %q, want %q", got, want)
		}
	}
	look(t.Context(), "")
	p.Behind(t, `update signing_key set proof = 'x', kid = kid where use = 'receipt' and state = 'next'`)
	look(t.Context(), "") // nothing has changed of which keys there are
	p.Behind(t, `update signing_key set kid = repeat('x', 43) where use = 'receipt' and state = 'next'`)
	look(t.Context(), "level=ERROR")
	look(t.Context(), "")
	owner := p.Connect(t, p.Superuser)
	_, err := owner.Exec(t.Context(), `alter table signing_key rename to aside`)
	must(t, err)
	ended, end := context.WithCancel(t.Context())
	end()
	look(ended, "")
	look(t.Context(), "level=WARN")
	look(t.Context(), "")
	_, err = owner.Exec(t.Context(), `alter table aside rename to signing_key`)
	must(t, err)
	p.Behind(t, `delete from signing_key where use = 'receipt' and state = 'next'`)
	must(t, signingkey.New(p.DB, p.Journal, p.Keys, p.Clock, p.source).Open(t.Context()))
	look(t.Context(), "read again")
	look(t.Context(), "")
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
