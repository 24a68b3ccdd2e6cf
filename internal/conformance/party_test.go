package conformance

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
	"mandat/internal/walk"
)

// The public services of the tests: one authenticates with Basic, as the suite's first plan wants, the other in the body.
const (
	basicID  = "service-essai"
	postID   = "service-essai-post"
	secret   = "conformance-secret-4b8d2f6a0c1e3957"
	callback = "https://service.exemple.invalid/retour"
	left     = "https://service.exemple.invalid/au-revoir"
)

const allScopes = "openid profile email birth"

var clients = []map[string]any{
	{"client_id": basicID, "client_name": "Service d’essai", "kind": "service", "client_secret": secret, "token_endpoint_auth_method": "client_secret_basic",
		"redirect_uris": []string{callback}, "post_logout_redirect_uris": []string{left}, "procedures": []string{fixture.Tax}, "scope": allScopes},
	{"client_id": postID, "client_name": "Service d’essai", "kind": "service", "client_secret": secret, "token_endpoint_auth_method": "client_secret_post",
		"redirect_uris": []string{callback}, "procedures": []string{fixture.Tax}, "scope": allScopes},
}

// op is the provider under test, with somebody who may act for somebody.
type op struct {
	*apptest.Site
	provider *oidc.Provider
	metadata map[string]any
	mandate  mandate.Mandate

	neighbour neighbour // a service of the stand-in that takes logout tokens
}

func startOP(t *testing.T) *op {
	t.Helper()
	n := newNeighbour(twintest.Shared(t), twin.DirectService{Auth: "client_secret_basic"})
	o := &op{neighbour: n, Site: apptest.Start(t, func(o *apptest.Options) { o.Clients = append(slices.Clone(clients), n.client) })}
	o.mandate = o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	var err error
	if o.provider, err = oidc.NewProvider(t.Context(), o.URL+"/idp"); err != nil {
		t.Fatal(err)
	}
	if err := o.provider.Claims(&o.metadata); err != nil {
		t.Fatal(err)
	}
	return o
}

// endpoint is an address of the metadata.
func (o *op) endpoint(t *testing.T, name string) string {
	t.Helper()
	address, _ := o.metadata[name].(string)
	if address == "" {
		t.Fatalf("no %s in the metadata", name)
	}
	return address
}

// party is a relying party, with the browser of whoever uses it.
type party struct {
	t       *testing.T
	op      *op
	config  oauth2.Config
	browser *walk.Walker
	nonce   string
	verify  string // the PKCE verifier of the last request
}

// newParty returns a relying party that asks for openid, profile and birth, and the browser of Jeanne, who is signed in.
func (o *op) newParty(t *testing.T) *party {
	t.Helper()
	p := o.stranger(t)
	p.browser = o.Walker(t, o.Jeanne)
	return p
}

// stranger is newParty with a browser in which nobody is signed in.
func (o *op) stranger(t *testing.T) *party {
	t.Helper()
	endpoint := o.provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	return &party{t: t, op: o, browser: o.Browser(t), nonce: "n-0S6_WzA2Mj-conformance",
		config: oauth2.Config{ClientID: basicID, ClientSecret: secret, Endpoint: endpoint, RedirectURL: callback, Scopes: []string{"openid", "profile", "birth"}}}
}

// request is the address of an authorization request; changes are pairs, "" takes a parameter away.
func (p *party) request(changes ...string) string {
	p.verify = oauth2.GenerateVerifier()
	u, err := url.Parse(p.config.AuthCodeURL("a state with ü & =", oidc.Nonce(p.nonce), oauth2.S256ChallengeOption(p.verify)))
	if err != nil {
		p.t.Fatal(err)
	}
	q := u.Query()
	for i := 0; i+1 < len(changes); i += 2 {
		if q.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			q.Del(changes[i])
		}
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// ask opens an authorization request in the browser, and stops where it would come back to the client.
func (p *party) ask(changes ...string) {
	p.t.Helper()
	p.browser.StopAt(callback)
	if err := p.browser.Get(p.request(changes...)); err != nil {
		p.t.Fatal(err)
	}
}

// atPage says whether the browser was shown a page of the provider's, to do something.
func (p *party) atPage() bool { return !p.browser.Stopped() && p.browser.Status() == http.StatusOK }

// answered returns the parameters with which the browser came back.
func (p *party) answered() url.Values {
	p.t.Helper()
	if !p.browser.Stopped() {
		p.t.Fatalf("the browser did not come back but is at %s: %d %s", p.browser.URL(), p.browser.Status(), p.browser.Text())
	}
	q := p.browser.URL().Query()
	if q.Get("state") != "a state with ü & =" || q.Get("iss") != p.op.URL+"/idp" {
		p.t.Fatalf("state or iss: %v", q)
	}
	return q
}

// choose goes on from the provider's first page to the code: the citizen, the second factor if it is asked for, the procedure.
func (p *party) choose() string {
	p.t.Helper()
	if err := p.browser.Choose("Dubois"); err != nil {
		p.t.Fatal(err)
	}
	return p.procedure()
}

// procedure chooses the procedure, and returns the code with which the browser comes back.
func (p *party) procedure() string {
	p.t.Helper()
	button := slices.IndexFunc(p.browser.Buttons(), func(s string) bool { return strings.HasPrefix(s, "Continuer vers") })
	if button < 0 {
		p.t.Fatalf("no way on at %s: %s", p.browser.URL(), p.browser.Text())
	}
	if err := p.browser.Press(p.browser.Buttons()[button], url.Values{"demarche": {fixture.Tax}}); err != nil {
		p.t.Fatal(err)
	}
	code := p.answered().Get("code")
	if code == "" {
		p.t.Fatalf("no code: %s", p.browser.URL().RawQuery)
	}
	return code
}

// code goes all the way to a code.
func (p *party) code(changes ...string) string {
	p.t.Helper()
	p.ask(changes...)
	return p.choose()
}

// told is what a relying party has after a login.
type told struct {
	*oauth2.Token
	id     *oidc.IDToken
	raw    string
	claims map[string]any
	header map[string]any
}

// redeem trades a code. The ID token is verified, nonce and at_hash included.
func (p *party) redeem(code string) told {
	p.t.Helper()
	token, err := p.config.Exchange(p.t.Context(), code, oauth2.VerifierOption(p.verify))
	if err != nil {
		p.t.Fatal(err)
	}
	out := told{Token: token}
	out.raw, _ = token.Extra("id_token").(string)
	algorithms := []string{}
	for _, a := range p.op.metadata["id_token_signing_alg_values_supported"].([]any) {
		algorithms = append(algorithms, a.(string))
	}
	verifier := p.op.provider.VerifierContext(p.t.Context(), &oidc.Config{ClientID: p.config.ClientID, SupportedSigningAlgs: algorithms})
	if out.id, err = verifier.Verify(p.t.Context(), out.raw); err != nil {
		p.t.Fatal(err)
	}
	if err := errors.Join(out.id.VerifyAccessToken(token.AccessToken), out.id.Claims(&out.claims), part(out.raw, 0, &out.header)); err != nil {
		p.t.Fatal(err)
	}
	if out.id.Nonce != p.nonce {
		p.t.Errorf("nonce %q", out.id.Nonce)
	}
	return out
}

// part decodes a part of a JWT.
func part(jwt string, n int, into any) error {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return fmt.Errorf("%d parts", len(parts))
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[n])
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}

// login goes all the way to tokens.
func (p *party) login(changes ...string) told {
	p.t.Helper()
	return p.redeem(p.code(changes...))
}

// userinfo asks with a request that has the token already, and expects this status.
func (p *party) userinfo(r *http.Request, status int) map[string]any {
	p.t.Helper()
	got, body := p.do(r)
	if got != status {
		p.t.Fatalf("userinfo: %d %s", got, body)
	}
	out := map[string]any{}
	if status == http.StatusOK {
		if err := json.Unmarshal(body, &out); err != nil {
			p.t.Fatal(err)
		}
	}
	return out
}

// bearer is a request with an access token in the header.
func (p *party) bearer(method, access string) *http.Request {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.op.endpoint(p.t, "userinfo_endpoint"), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+access)
	return r
}

// claims reads the userinfo with GET.
func (p *party) claims(access string) map[string]any {
	p.t.Helper()
	return p.userinfo(p.bearer(http.MethodGet, access), http.StatusOK)
}

var direct = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// do sends a request without a browser, and returns status and body.
func (p *party) do(r *http.Request) (int, []byte) {
	p.t.Helper()
	resp, err := direct.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, body
}

// refusedAt is the error with which the token endpoint answers a code.
func (p *party) refusedAt(code, verifier string) string {
	p.t.Helper()
	_, err := p.config.Exchange(p.t.Context(), code, oauth2.VerifierOption(verifier))
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		p.t.Fatalf("the code was taken, or %v", err)
	}
	return refused.ErrorCode
}
