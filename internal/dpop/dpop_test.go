package dpop_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mandat/internal/clock"
	"mandat/internal/dbtest"
	"mandat/internal/dpop"
	"mandat/internal/oidc"
	"mandat/internal/token"
)

const here = "https://mandat.test/idp/token"

// p256 is a key of a client.
func p256(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign makes a proof whose header holds a key, and whose signature may be by another.
func sign(t testing.TB, alg jose.SignatureAlgorithm, by, shown any, typ string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: by}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader("jwk", shown))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func claims(now time.Time, changes ...any) map[string]any {
	c := map[string]any{"jti": "1", "htm": "POST", "htu": here, "iat": now.Unix()}
	for i := 0; i < len(changes); i += 2 {
		c[changes[i].(string)] = changes[i+1]
	}
	return c
}

func public(key crypto.Signer) jose.JSONWebKey { return jose.JSONWebKey{Key: key.Public()} }

func TestParse(t *testing.T) {
	t.Parallel()
	now := time.Unix(1790000000, 0)
	key, other := p256(t), p256(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ath := func(token string) string { return base64.RawURLEncoding.EncodeToString(sum(token)) }
	proof := func(changes ...any) string {
		return sign(t, jose.ES256, key, public(key), "dpop+jwt", claims(now, changes...))
	}
	good := dpop.Request{Proofs: []string{proof()}, Method: "POST", URL: here}
	got, refusal := dpop.Parse(good, now)
	digest, err := (&jose.JSONWebKey{Key: &key.PublicKey}).Thumbprint(crypto.SHA256)
	if err != nil || refusal != nil || got.Thumbprint != base64.RawURLEncoding.EncodeToString(digest) || got.ID != "1" || !got.IssuedAt.Equal(now) {
		t.Fatalf("%+v %v %v", got, refusal, err)
	}
	for name, r := range map[string]dpop.Request{
		"RS256":                       {Proofs: []string{sign(t, jose.RS256, rsaKey, public(rsaKey), "dpop+jwt", claims(now))}},
		"scheme and host in capitals": {Proofs: []string{proof("htu", "HTTPS://MANDAT.test/idp/token")}},
		"default port":                {Proofs: []string{proof("htu", "https://mandat.test:443/idp/token")}},
		"query and fragment":          {Proofs: []string{proof("htu", here+"?a=b#c")}},
		"almost a minute old":         {Proofs: []string{proof("iat", now.Add(-59*time.Second).Unix())}},
		"a clock ahead":               {Proofs: []string{proof("iat", now.Add(5*time.Second).Unix())}},
		"with a token":                {Proofs: []string{proof("ath", ath("token"))}, Token: "token"},
		"a claim nobody knows":        {Proofs: []string{proof("nonce", "x", "more", 1)}},
	} {
		r.Method, r.URL = "POST", here
		if _, refusal := dpop.Parse(r, now); refusal != nil {
			t.Errorf("%s: %v", name, refusal)
		}
	}
	for name, r := range map[string]dpop.Request{
		"none":                     {},
		"empty":                    {Proofs: []string{""}},
		"two":                      {Proofs: []string{proof(), proof()}},
		"no JWS":                   {Proofs: []string{"x.y.z"}},
		"two in one header":        {Proofs: []string{proof() + ", " + proof()}},
		"too long":                 {Proofs: []string{proof("more", strings.Repeat("x", 9000))}},
		"another typ":              {Proofs: []string{sign(t, jose.ES256, key, public(key), "JWT", claims(now))}},
		"HS256":                    {Proofs: []string{sign(t, jose.HS256, make([]byte, 32), public(key), "dpop+jwt", claims(now))}},
		"another key's signature":  {Proofs: []string{sign(t, jose.ES256, other, public(key), "dpop+jwt", claims(now))}},
		"a private key":            {Proofs: []string{sign(t, jose.ES256, key, jose.JSONWebKey{Key: key}, "dpop+jwt", claims(now))}},
		"a key for another alg":    {Proofs: []string{sign(t, jose.ES256, key, public(rsaKey), "dpop+jwt", claims(now))}},
		"PS256":                    {Proofs: []string{sign(t, jose.PS256, rsaKey, public(rsaKey), "dpop+jwt", claims(now))}},
		"no jwk":                   {Proofs: []string{sign(t, jose.ES256, key, nil, "dpop+jwt", claims(now))}},
		"a changed byte":           {Proofs: []string{changed(proof())}},
		"no jti":                   {Proofs: []string{proof("jti", "")}},
		"a long jti":               {Proofs: []string{proof("jti", strings.Repeat("x", 257))}},
		"another method":           {Proofs: []string{proof("htm", "GET")}},
		"method in small letters":  {Proofs: []string{proof("htm", "post")}},
		"another path":             {Proofs: []string{proof("htu", "https://mandat.test/idp/userinfo")}},
		"a longer path":            {Proofs: []string{proof("htu", here+"/")}},
		"another host":             {Proofs: []string{proof("htu", "https://mandat.test.example/idp/token")}},
		"another scheme":           {Proofs: []string{proof("htu", "http://mandat.test/idp/token")}},
		"another port":             {Proofs: []string{proof("htu", "https://mandat.test:444/idp/token")}},
		"a user":                   {Proofs: []string{proof("htu", "https://x@mandat.test/idp/token")}},
		"only a path":              {Proofs: []string{proof("htu", "/idp/token")}},
		"no address":               {Proofs: []string{proof("htu", "")}},
		"a minute old":             {Proofs: []string{proof("iat", now.Add(-time.Minute).Unix())}},
		"a clock too far ahead":    {Proofs: []string{proof("iat", now.Add(6*time.Second).Unix())}},
		"no time":                  {Proofs: []string{proof("iat", 0)}},
		"time as text":             {Proofs: []string{proof("iat", "1790000000")}},
		"without the token":        {Proofs: []string{proof()}, Token: "token"},
		"for another token":        {Proofs: []string{proof("ath", ath("token"))}, Token: "token2"},
		"for a token that is none": {Proofs: []string{proof("ath", ath("token"))}},
	} {
		r.Method, r.URL = "POST", here
		if _, refusal := dpop.Parse(r, now); refusal == nil || refusal.Code != oidc.InvalidDPoPProof {
			t.Errorf("%s: %v", name, refusal)
		}
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]struct {
		alg jose.SignatureAlgorithm
		key crypto.Signer
	}{"weak RSA": {jose.RS256, weak}} {
		if _, refusal := dpop.Parse(dpop.Request{Proofs: []string{sign(t, key.alg, key.key, public(key.key), "dpop+jwt", claims(now))}, Method: "POST", URL: here}, now); refusal == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func sum(s string) []byte { return token.Hash(s) }

// changed turns a letter of the payload into another.
func changed(jws string) string {
	i := strings.IndexByte(jws, '.') + 10
	other := byte('A')
	if jws[i] == other {
		other = 'B'
	}
	return jws[:i] + string(other) + jws[i+1:]
}

// A proof is good once, of many at once too; the same jti of another key is another proof.
func TestCheck_Once(t *testing.T) {
	t.Parallel()
	d, c := dbtest.New(t), &clock.Clock{}
	checker := dpop.New(d.DB, c)
	key, other := p256(t), p256(t)
	of := func(key crypto.Signer, changes ...any) dpop.Request {
		return dpop.Request{Proofs: []string{sign(t, jose.ES256, key, public(key), "dpop+jwt", claims(c.Now(), changes...))}, Method: "POST", URL: here}
	}
	for range 20 {
		r := of(key, "jti", token.Hex(8))
		var good, seen atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, err := checker.Check(t.Context(), r)
				refusal, ok := errors.AsType[*oidc.Error](err)
				switch {
				case err == nil:
					good.Add(1)
				case ok && refusal.Code == oidc.InvalidDPoPProof:
					seen.Add(1)
				}
			})
		}
		if all.Wait(); good.Load() != 1 || seen.Load() != 7 {
			t.Fatalf("good %d times, refused %d times", good.Load(), seen.Load())
		}
	}
	again := of(key, "jti", "again")
	if _, err := checker.Check(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if _, err := checker.Check(t.Context(), of(key, "jti", "again", "htu", "HTTPS://mandat.test/idp/token")); err == nil {
		t.Error("a jti is good twice when it is signed anew")
	}
	if _, err := checker.Check(t.Context(), of(other, "jti", "again")); err != nil {
		t.Errorf("another key's proof of the same jti: %v", err)
	}
	if err := checker.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := checker.Check(t.Context(), again); err == nil {
		t.Error("the purge forgets what is still good")
	}
	c.Advance(3 * dpop.Life)
	if err := checker.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := d.Connect(t, d.Superuser).QueryRow(t.Context(), `select count(*) from dpop_proof`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d proofs left, %v", left, err)
	}
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	for code, want := range map[oidc.Code]int{oidc.InvalidToken: http.StatusUnauthorized, oidc.InvalidDPoPProof: http.StatusUnauthorized, oidc.InsufficientScope: http.StatusForbidden} {
		h := http.Header{}
		status := dpop.Challenge(h, oidc.Refuse(code, "why"))
		if got := h.Get("WWW-Authenticate"); status != want || got != `DPoP error="`+string(code)+`", error_description="why", algs="ES256 RS256"` {
			t.Errorf("%s: %d %s", code, status, got)
		}
	}
}

// FuzzParse holds that nothing but a whole proof passes, and nothing breaks.
func FuzzParse(f *testing.F) {
	now := time.Unix(1790000000, 0)
	key := p256(f)
	good := sign(f, jose.ES256, key, public(key), "dpop+jwt", claims(now))
	for _, seed := range []string{good, changed(good), "", "..", "e30.e30.", strings.Repeat(".", 9000), strings.Split(good, ".")[0] + ".e30.AA"} {
		f.Add(seed, "POST", here, "token")
	}
	f.Fuzz(func(t *testing.T, raw, method, url, token string) {
		p, refusal := dpop.Parse(dpop.Request{Proofs: []string{raw}, Method: method, URL: url, Token: token}, now)
		if refusal == nil && (len(p.Thumbprint) != 43 || p.ID == "" || p.IssuedAt.After(now.Add(5*time.Second))) {
			t.Errorf("%+v", p)
		}
		if refusal != nil && (refusal.Code != oidc.InvalidDPoPProof || raw != "" && len(raw) > 40 && strings.Contains(refusal.Description, raw)) {
			t.Errorf("%v", refusal)
		}
	})
}
