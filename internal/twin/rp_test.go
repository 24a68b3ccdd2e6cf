package twin_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"mandat/internal/browse"
	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
)

const (
	fcScope = "openid identite_pivot preferred_username email"
	pcScope = "openid given_name usual_name email uid siret idp_id roles organization_label"
)

// rp is a relying party nobody here wrote (go-oidc and x/oauth2), with the browser of its user.
type rp struct {
	*browse.Browser
	t        *testing.T
	twin     *twin.Twin
	client   twin.Client
	issuer   string
	provider *oidc.Provider
	conf     oauth2.Config
	alg      string
	state    string
	nonce    string
}

// newRP registers a client of its own at a role. Nothing listens at its redirect_uri: the browser stops there.
func newRP(t *testing.T, tw *twin.Twin, at twin.Role, change func(*twin.Client)) *rp {
	t.Helper()
	name := twintest.Name("rp")
	c := twin.Client{
		ID: name, Secret: randomHex(), Name: "Mandat", IDTokenAlg: "ES256", UserinfoAlg: "ES256",
		RedirectURIs: []string{"http://localhost:1/" + name}, PostLogoutRedirectURIs: []string{"http://localhost:1/" + name + "/out"},
	}
	if change != nil {
		change(&c)
	}
	if err := tw.PutClient(t.Context(), at, c); err != nil {
		t.Fatal(err)
	}
	issuer, scope := tw.FranceConnect, fcScope
	if at == twin.ProConnect {
		issuer, scope = tw.ProConnect, pcScope
	}
	p, err := oidc.NewProvider(t.Context(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := p.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	b := browse.New()
	b.StopAt(c.RedirectURIs[0])
	return &rp{
		Browser: b, t: t, twin: tw, client: c, issuer: issuer, provider: p, alg: c.IDTokenAlg,
		conf: oauth2.Config{ClientID: c.ID, ClientSecret: c.Secret, RedirectURL: c.RedirectURIs[0], Endpoint: endpoint, Scopes: strings.Fields(scope)},
	}
}

func randomHex() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

func with(name, value string) oauth2.AuthCodeOption { return oauth2.SetAuthURLParam(name, value) }

var eidas1 = with("acr_values", "eidas1")

// address begins an attempt.
func (r *rp) address(options ...oauth2.AuthCodeOption) string {
	r.state, r.nonce = randomHex(), randomHex()
	return r.conf.AuthCodeURL(r.state, append([]oauth2.AuthCodeOption{oidc.Nonce(r.nonce)}, options...)...)
}

func (r *rp) open(options ...oauth2.AuthCodeOption) {
	r.t.Helper()
	r.must(r.Get(r.address(options...)))
}

func (r *rp) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rp) press(button string) {
	r.t.Helper()
	r.must(r.Press(button, nil))
}

// back checks what every way back must carry, and gives the code, or the error and its description.
func (r *rp) back() (code, failure, description string) {
	r.t.Helper()
	q := r.URL().Query()
	if !r.Stopped() || q.Get("state") != r.state || q.Get("iss") != r.issuer {
		r.t.Fatalf("not back at the client: %s, status %d: %.300s", r.URL(), r.Status(), r.Text())
	}
	return q.Get("code"), q.Get("error"), q.Get("error_description")
}

// answer is what a client has at the end of a login.
type answer struct {
	token *oauth2.Token
	id    *oidc.IDToken
	raw   string
	info  map[string]any
}

func (r *rp) finish(options ...oauth2.AuthCodeOption) answer {
	r.t.Helper()
	code, failure, description := r.back()
	if failure != "" {
		r.t.Fatalf("%s: %s", failure, description)
	}
	token, err := r.conf.Exchange(r.t.Context(), code, options...)
	r.must(err)
	raw, _ := token.Extra("id_token").(string)
	id, err := r.provider.Verifier(&oidc.Config{ClientID: r.client.ID, SupportedSigningAlgs: []string{r.alg}}).Verify(r.t.Context(), raw)
	r.must(err)
	r.must(id.VerifyAccessToken(token.AccessToken))
	if id.Nonce != r.nonce {
		r.t.Fatalf("nonce %q", id.Nonce)
	}
	info, err := r.provider.UserInfo(r.t.Context(), oauth2.StaticTokenSource(token))
	r.must(err)
	claims := map[string]any{}
	r.must(info.Claims(&claims))
	if claims["sub"] != id.Subject {
		r.t.Fatalf("userinfo is about %v, the ID token about %v", claims["sub"], id.Subject)
	}
	return answer{token, id, raw, claims}
}

// citizen logs someone in at FranceConnect.
func (r *rp) citizen(login string, options ...oauth2.AuthCodeOption) {
	r.t.Helper()
	r.open(append(options, eidas1)...)
	r.press("login=" + login)
	r.press("continue=1")
}

func (r *rp) userinfo(a answer) error {
	_, err := r.provider.UserInfo(r.t.Context(), oauth2.StaticTokenSource(a.token))
	return err
}

// event waits for something to be recorded about this client.
func (r *rp) event(what string) twin.Event {
	r.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		events, err := r.twin.Events(context.Background(), r.client.ID, 0)
		r.must(err)
		for i := len(events) - 1; i >= 0; i-- {
			if events[i].What == what {
				return events[i]
			}
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("no event %s among %+v", what, events)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
