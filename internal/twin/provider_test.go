package twin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
)

// identityProvider is the least that FranceConnect accepts as identity provider; a test spoils one thing of it.
type identityProvider struct {
	t      *testing.T
	uid    string
	secret string
	issuer string
	signer jose.Signer
	public jose.JSONWebKey

	spoilID     func(map[string]any) // changes the ID token's claims
	spoilInfo   func(map[string]any) // changes the userinfo
	spoilAnswer func(url.Values)     // changes what goes back to FranceConnect
	hold        time.Duration        // how late /token answers

	mu         sync.Mutex
	discovered int
	request    url.Values // the last authorization request
	tokenCall  url.Values
	logout     url.Values
}

func newIdentityProvider(t *testing.T, tw *twin.Twin, userinfoAlg string) *identityProvider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	p := &identityProvider{
		t: t, uid: twintest.Name("idp"), secret: randomHex(), signer: signer,
		public: jose.JSONWebKey{Key: &key.PublicKey, KeyID: "k", Algorithm: "ES256", Use: "sig"},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) {
		p.write(w, map[string]any{"keys": []jose.JSONWebKey{p.public}})
	})
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { p.userinfo(w, userinfoAlg) })
	mux.HandleFunc("GET /end", p.end)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p.issuer = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	err = tw.PutProvider(t.Context(), twin.Provider{
		UID: p.uid, Title: "Mandat", Issuer: p.issuer, ClientID: "franceconnect", Secret: p.secret,
		IDTokenAlg: "ES256", UserinfoAlg: userinfoAlg, AidantsConnect: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *identityProvider) write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

func (p *identityProvider) discovery(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	p.discovered++
	p.mu.Unlock()
	p.write(w, map[string]any{
		"issuer": p.issuer, "authorization_endpoint": p.issuer + "/authorize", "token_endpoint": p.issuer + "/token",
		"userinfo_endpoint": p.issuer + "/userinfo", "jwks_uri": p.issuer + "/jwks", "end_session_endpoint": p.issuer + "/end",
		"authorization_response_iss_parameter_supported": true,
	})
}

// authorize says yes at once: which person and procedure is not FranceConnect's business.
func (p *identityProvider) authorize(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.request = r.URL.Query()
	p.mu.Unlock()
	answer := url.Values{"state": {r.FormValue("state")}, "iss": {p.issuer}, "code": {"a-code"}}
	if p.spoilAnswer != nil {
		p.spoilAnswer(answer)
	}
	http.Redirect(w, r, r.FormValue("redirect_uri")+"?"+answer.Encode(), http.StatusSeeOther)
}

func (p *identityProvider) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.t.Error(err)
	}
	if p.hold > 0 { // play a slow server, unless the caller gives up before
		select {
		case <-time.After(p.hold):
		case <-r.Context().Done():
			return
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokenCall = r.PostForm
	now := time.Now().Unix()
	claims := map[string]any{
		"iss": p.issuer, "sub": "someone", "aud": "franceconnect", "iat": now, "exp": now + 60, "nonce": p.request.Get("nonce"), "acr": "eidas1",
		"rep_scope": []string{"Argent-Impots-Consommation"},
	}
	if p.spoilID != nil {
		p.spoilID(claims)
	}
	p.write(w, map[string]any{"access_token": "a-token", "token_type": "Bearer", "expires_in": 60, "id_token": p.sign(claims)})
}

func (p *identityProvider) sign(claims map[string]any) string {
	signed, err := jwt.Signed(p.signer).Claims(claims).Serialize()
	if err != nil {
		p.t.Error(err)
	}
	return signed
}

func (p *identityProvider) userinfo(w http.ResponseWriter, alg string) {
	claims := map[string]any{
		"sub": "someone", "given_name": "Rose Marie", "family_name": "VASSEUR", "birthdate": "1939-02-28", "gender": "female", "birthplace": "2B033", "birthcountry": "99100",
		"email": "rose@example.org", "shoe_size": "38",
	}
	if p.spoilInfo != nil {
		p.spoilInfo(claims)
	}
	if alg == "" {
		p.write(w, claims)
		return
	}
	claims["iss"], claims["aud"] = p.issuer, "franceconnect"
	w.Header().Set("Content-Type", "application/jwt")
	_, _ = w.Write([]byte(p.sign(claims)))
}

func (p *identityProvider) end(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.logout = r.URL.Query()
	p.mu.Unlock()
	http.Redirect(w, r, r.FormValue("post_logout_redirect_uri")+"?"+url.Values{"state": {r.FormValue("state")}}.Encode(), http.StatusSeeOther)
}
