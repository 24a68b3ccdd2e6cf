package conformance

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// At logout a service's use of the identity ends: its tokens are worth nothing any more. The aidant stays signed in, whoever
// asks: their session is not the citizen's, so prompt=none is answered with interaction_required before and after.
const theUse = "what ends is the service's use; no session of the citizen's is kept"

var rpInitiatedLogout = []trial[*op]{
	{name: "oidcc-rp-initiated-logout-discovery-endpoint-verification", run: logoutMetadata},
	{name: "oidcc-rp-initiated-logout", run: logout, note: theUse},
	{name: "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", run: logoutTo("https://elsewhere.exemple.invalid/")},
	{name: "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", run: logoutTo(left + "?foo=bar")},
	{name: "oidcc-rp-initiated-logout-modified-id-token-hint", run: logoutModified},
	{name: "oidcc-rp-initiated-logout-bad-id-token-hint", run: logoutForged},
	{name: "oidcc-rp-initiated-logout-no-id-token-hint", run: logoutWithoutHint},
	{name: "oidcc-rp-initiated-logout-no-params", run: logoutWithNothing(nil)},
	{name: "oidcc-rp-initiated-logout-no-post-logout-redirect-uri", run: logoutWithoutURI},
	{name: "oidcc-rp-initiated-logout-no-state", run: logoutWithoutState},
	{name: "oidcc-rp-initiated-logout-only-state", run: logoutWithNothing(url.Values{"state": {"x"}})},
}

func logoutMetadata(t *testing.T, o *op) {
	if _, err := url.ParseRequestURI(o.endpoint(t, "end_session_endpoint")); err != nil {
		t.Error(err)
	}
}

// leave sends the browser to the end-session endpoint, by GET and, in another request, by POST, and returns where it came to:
// the address it was sent back to, or "" when it was shown a page.
func (p *party) leave(form url.Values) string {
	p.t.Helper()
	p.browser.StopAt("https://")
	defer p.browser.StopAt()
	var at []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		err := p.browser.Get(p.op.endpoint(p.t, "end_session_endpoint") + "?" + form.Encode())
		if method == http.MethodPost {
			err = p.browser.PostFrom("https://service.exemple.invalid/", p.op.endpoint(p.t, "end_session_endpoint"), form)
		}
		if err != nil {
			p.t.Fatal(err)
		}
		where := ""
		if p.browser.Stopped() {
			where = p.browser.URL().String()
		}
		at = append(at, where)
	}
	if at[0] != at[1] {
		p.t.Errorf("GET leads to %q, POST to %q", at[0], at[1])
	}
	return at[0]
}

func logout(t *testing.T, o *op) {
	p := o.newParty(t)
	got := p.login()
	if at := p.leave(url.Values{"id_token_hint": {got.raw}, "post_logout_redirect_uri": {left}, "state": {"an état"}}); at != left+"?state="+url.QueryEscape("an état") {
		t.Errorf("came to %q", at)
	}
	p.userinfo(p.bearer(http.MethodGet, got.AccessToken), http.StatusUnauthorized)
	p.ask("prompt", "none")
	if p.answered().Get("error") == "" {
		t.Error("the service is let in without anybody doing anything")
	}
}

// logoutTo tries an address that is not registered: the browser stays.
func logoutTo(address string) func(*testing.T, *op) {
	return func(t *testing.T, o *op) {
		p := o.newParty(t)
		if at := p.leave(url.Values{"id_token_hint": {p.login().raw}, "post_logout_redirect_uri": {address}, "state": {"x"}}); at != "" {
			t.Errorf("came to %q", at)
		}
	}
}

func logoutModified(t *testing.T, o *op) {
	p := o.newParty(t)
	raw := p.login().raw
	parts := strings.Split(raw, ".")
	parts[2] = strings.Map(func(r rune) rune {
		if r == 'A' {
			return 'B'
		}
		return 'A'
	}, parts[2])
	if at := p.leave(url.Values{"id_token_hint": {strings.Join(parts, ".")}, "post_logout_redirect_uri": {left}, "state": {"x"}}); at != "" {
		t.Errorf("came to %q", at)
	}
}

func logoutForged(t *testing.T, o *op) {
	p := o.newParty(t)
	got := p.login()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("another's key ", 4))}, nil)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := jwt.Signed(signer).Claims(got.claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	if at := p.leave(url.Values{"id_token_hint": {forged}, "post_logout_redirect_uri": {left}, "state": {"x"}}); at != "" {
		t.Errorf("came to %q", at)
	}
}

func logoutWithoutHint(t *testing.T, o *op) {
	p := o.newParty(t)
	p.login()
	if at := p.leave(url.Values{"post_logout_redirect_uri": {left}, "state": {"x"}}); at != "" {
		t.Errorf("came to %q", at)
	}
}

func logoutWithNothing(form url.Values) func(*testing.T, *op) {
	return func(t *testing.T, o *op) {
		p := o.newParty(t)
		p.login()
		if at := p.leave(form); at != "" || p.browser.Status() != http.StatusOK {
			t.Errorf("came to %q with %d", at, p.browser.Status())
		}
	}
}

func logoutWithoutURI(t *testing.T, o *op) {
	p := o.newParty(t)
	got := p.login()
	if at := p.leave(url.Values{"id_token_hint": {got.raw}, "state": {"x"}}); at != "" || p.browser.Status() != http.StatusOK {
		t.Errorf("came to %q with %d", at, p.browser.Status())
	}
	p.userinfo(p.bearer(http.MethodGet, got.AccessToken), http.StatusUnauthorized)
}

func logoutWithoutState(t *testing.T, o *op) {
	p := o.newParty(t)
	got := p.login()
	if at := p.leave(url.Values{"id_token_hint": {got.raw}, "post_logout_redirect_uri": {left}}); at != left {
		t.Errorf("came to %q", at)
	}
}

// patience is how long a service may have to wait to be told.
const patience = 5 * time.Second
