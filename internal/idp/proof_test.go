package idp_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"mandat/internal/client"
	"mandat/internal/fixture"
	"mandat/internal/token"
)

// prover is a service with a key of its own (RFC 9449).
type prover struct {
	*site
	key *ecdsa.PrivateKey
	jkt string
}

func (s *site) prover(t testing.TB) *prover {
	t.Helper()
	key, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	digest, err2 := (&jose.JSONWebKey{Key: &key.PublicKey}).Thumbprint(crypto.SHA256)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return &prover{s, key, base64.RawURLEncoding.EncodeToString(digest)}
}

// proof makes a proof for a request, for a token if it is not "".
func (p *prover) proof(t testing.TB, method, path, access string) string {
	t.Helper()
	claims := map[string]any{"jti": token.Hex(8), "htm": method, "htu": p.url + path, "iat": p.Clock.Now().Unix()}
	if access != "" {
		claims["ath"] = base64.RawURLEncoding.EncodeToString(token.Hash(access))
	}
	payload, err1 := json.Marshal(claims)
	signer, err2 := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: p.key}, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	if err := errors.Join(err1, err2); err != nil {
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

// read asks userinfo with a token in a scheme, and a proof unless it is "".
func (p *prover) read(t testing.TB, scheme, access, proof string) answer {
	t.Helper()
	r, err := http.NewRequest("GET", p.url+"/idp/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", scheme+" "+access)
	if proof != "" {
		r.Header.Set("DPoP", proof)
	}
	return do(t, r)
}

// Anybody can make proofs: of those that come with no token of ours nothing is kept.
func TestProof_OfNobodyIsNotKept(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.prover(t)
	for _, access := range []string{"x", "d." + strings.Repeat("A", 64), "d." + strings.Repeat("x", 64)} {
		if a := p.read(t, "DPoP", access, p.proof(t, "GET", "/idp/userinfo", access)); a.StatusCode != http.StatusUnauthorized || a.json(t)["error"] != "invalid_token" {
			t.Errorf("%s: %d %s", access, a.StatusCode, a.body)
		}
	}
	if n := count(t, s, `select count(*) from dpop_proof`); n != 0 {
		t.Errorf("%d proofs are kept", n)
	}
}

// A token that is bound to a key is worth something with this key alone. What is wrong with a proof says so and costs nothing; a token
// that comes without its key has leaked, and is over.
func TestProof_BindsTheToken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p, thief := s.prover(t), s.prover(t)
	v, m := s.angela(t)
	bound := func() string {
		answer := s.traded(t, direct, v.codeFor(direct, m, fixture.Tax), "DPoP", p.proof(t, "POST", "/idp/token", ""))
		if answer["token_type"] != "DPoP" {
			t.Fatalf("%v", answer)
		}
		return answer["access_token"].(string)
	}
	access := bound()
	if told := s.introspect(t, direct, access); told["token_type"] != "DPoP" || told["cnf"].(map[string]any)["jkt"] != p.jkt {
		t.Errorf("introspection %v", told)
	}
	used := p.proof(t, "GET", "/idp/userinfo", access)
	if a := p.read(t, "DPoP", access, used); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "DUBOIS") {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	for name, proof := range map[string]string{
		"none":              "",
		"used before":       used,
		"another method":    p.proof(t, "POST", "/idp/userinfo", access),
		"another address":   p.proof(t, "GET", "/idp/token", access),
		"without the token": p.proof(t, "GET", "/idp/userinfo", ""),
		"another token":     p.proof(t, "GET", "/idp/userinfo", access+"x"),
		"no proof":          "x",
	} {
		a := p.read(t, "DPoP", access, proof)
		if a.StatusCode != http.StatusUnauthorized || a.json(t)["error"] != "invalid_dpop_proof" || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), `DPoP error="invalid_dpop_proof"`) {
			t.Errorf("%s: %d %s %s", name, a.StatusCode, a.body, a.Header.Get("WWW-Authenticate"))
		}
	}
	if a := p.read(t, "DPoP", access, p.proof(t, "GET", "/idp/userinfo", access)); a.StatusCode != http.StatusOK {
		t.Fatalf("wrong proofs ended the token: %d %s", a.StatusCode, a.body)
	}
	before := len(s.entries(t))
	for name, steal := range map[string]func(access string) answer{
		"as a bearer": func(access string) answer { return p.read(t, "Bearer", access, "") },
		"with another key": func(access string) answer {
			return p.read(t, "DPoP", access, thief.proof(t, "GET", "/idp/userinfo", access))
		},
	} {
		stolen := bound()
		before++
		for range 2 {
			if a := steal(stolen); a.StatusCode != http.StatusUnauthorized || a.json(t)["error"] != "invalid_token" || strings.Contains(a.body, "DUBOIS") {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
			}
		}
		before++
		if got := s.entries(t); len(got) != before || got[before-1].Reason != "wrong_verifier" || got[before-1].Step != "userinfo" {
			t.Errorf("%s: entries %+v", name, got)
		}
		if a := p.read(t, "DPoP", stolen, p.proof(t, "GET", "/idp/userinfo", stolen)); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: the token lives on", name)
		}
	}
	// A token of no key, shown with one.
	free := s.traded(t, direct, v.codeFor(direct, m, fixture.Tax))["access_token"].(string)
	if a := p.read(t, "DPoP", free, p.proof(t, "GET", "/idp/userinfo", free)); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := s.userinfo(t, free); a.StatusCode != http.StatusOK {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// The key that was named when the login began is the only one that the code is good with.
func TestProof_BindsTheCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p, thief := s.prover(t), s.prover(t)
	v, m := s.angela(t)
	code := v.codeFor(direct, m, fixture.Tax, "dpop_jkt", p.jkt)
	if answer := s.traded(t, direct, code, "DPoP", p.proof(t, "POST", "/idp/token", "")); answer["token_type"] != "DPoP" {
		t.Errorf("%v", answer)
	}
	before := len(s.entries(t))
	for name, headers := range map[string][]string{"none": nil, "another key": {"DPoP", thief.proof(t, "POST", "/idp/token", "")}} {
		code := v.codeFor(direct, m, fixture.Tax, "dpop_jkt", p.jkt)
		if a := s.trade(t, direct, code, headers...); a.json(t)["error"] != "invalid_grant" {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
		before++
		if got := s.entries(t); len(got) != before || got[before-1].Reason != "wrong_verifier" || got[before-1].Step != "token" {
			t.Errorf("%s: entries %+v", name, got)
		}
	}
}

// A proof that is wrong leaves the code as it is: the service may try again.
func TestProof_AtTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	s := newSite(t, publicService("bound", func(c *client.Client) { c.DPoP = true }))
	p := s.prover(t)
	v, m := s.angela(t)
	code := v.codeFor("bound", m, fixture.Tax)
	for name, proof := range map[string]string{"none": "", "another address": p.proof(t, "POST", "/idp/userinfo", ""), "another method": p.proof(t, "GET", "/idp/token", "")} {
		var headers []string
		if proof != "" {
			headers = []string{"DPoP", proof}
		}
		if a := s.trade(t, "bound", code, headers...); a.StatusCode != http.StatusBadRequest || a.json(t)["error"] != "invalid_dpop_proof" {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	if answer := s.traded(t, "bound", code, "DPoP", p.proof(t, "POST", "/idp/token", "")); answer["token_type"] != "DPoP" {
		t.Errorf("%v", answer)
	}
}

// FranceConnect's tokens are bearers' and nothing else. One that is shown with a key is not used up.
func TestProof_IsNotForFranceConnect(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.prover(t)
	v, m := s.angela(t)
	access := s.token(t, v.code(m, fixture.Tax))["access_token"].(string)
	if a := p.read(t, "DPoP", access, p.proof(t, "GET", "/idp/userinfo", access)); a.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "DPoP ") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := s.userinfo(t, access); a.StatusCode != http.StatusOK {
		t.Errorf("as a bearer's: %d %s", a.StatusCode, a.body)
	}
}

func TestAPIToken_IsForWhoMayAskAndBoundToAKey(t *testing.T) {
	t.Parallel()
	s := newSite(t, publicService("asks", func(c *client.Client) { c.Decision = true }), publicService("asks-not", nil))
	p := s.prover(t)
	ask := func(id, scope string, proved bool) answer {
		form := url.Values{"grant_type": {"client_credentials"}}
		if scope != "" {
			form.Set("scope", scope)
		}
		if !proved {
			return s.call(t, id, "/idp/token", form)
		}
		return s.call(t, id, "/idp/token", form, "DPoP", p.proof(t, "POST", "/idp/token", ""))
	}
	for name, c := range map[string]struct {
		a    answer
		want string
	}{
		"may not ask":   {ask("asks-not", "decision", true), "unauthorized_client"},
		"another scope": {ask("asks", "openid", true), "invalid_scope"},
		"more":          {ask("asks", "decision openid", true), "invalid_scope"},
		"no proof":      {ask("asks", "decision", false), "invalid_dpop_proof"},
		"FranceConnect": {s.stranger(t).post("/idp/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {fc}, "client_secret": {secret + fc}}), "unauthorized_client"},
	} {
		if c.a.StatusCode != http.StatusBadRequest || c.a.json(t)["error"] != c.want || c.a.json(t)["access_token"] != nil {
			t.Errorf("%s: %d %s, want %s", name, c.a.StatusCode, c.a.body, c.want)
		}
	}
	got := ask("asks", "", true).json(t)
	access := got["access_token"].(string)
	delete(got, "access_token")
	same(t, "answer", got, map[string]any{"token_type": "DPoP", "expires_in": 600.0, "scope": "decision"})
	told := s.introspect(t, "asks", access)
	if told["active"] != true || told["scope"] != "decision" || told["sub"] != nil || told["cnf"].(map[string]any)["jkt"] != p.jkt {
		t.Errorf("introspection %v", told)
	}
	same(t, "another's introspection", s.introspect(t, "asks-not", access), map[string]any{"active": false})
	if a := p.read(t, "DPoP", access, p.proof(t, "GET", "/idp/userinfo", access)); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("userinfo: %d %s", a.StatusCode, a.body)
	}
	for _, id := range []string{"asks-not", "asks"} {
		if a := s.call(t, id, "/idp/revoke", url.Values{"token": {access}}); a.StatusCode != http.StatusOK {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
		if told := s.introspect(t, "asks", access); told["active"] != (id == "asks-not") {
			t.Errorf("after a revocation by %s: %v", id, told)
		}
	}
}
