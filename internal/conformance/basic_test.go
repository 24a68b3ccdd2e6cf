package conformance

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"mandat/internal/fixture"
)

// provider runs the plans for providers, in the order of the suite.
func provider(t *testing.T, b *book) {
	t.Helper()
	o := startOP(t)
	try(t, b, "Basic OP", "oidcc-basic-certification-test-plan", o, o.metadata, basic)
	try(t, b, "Config OP", "oidcc-config-certification-test-plan", o, o.metadata, config)
	try(t, b, "RP-Initiated Logout OP", "oidcc-rp-initiated-logout-certification-test-plan", o, o.metadata, rpInitiatedLogout)
	try(t, b, "Back-Channel Logout OP", "oidcc-backchannel-rp-initiated-logout-certification-test-plan", o, o.metadata, backchannelOP)
}

const (
	pkce      = "with PKCE, which every service sends"
	chosen    = "the citizen and the procedure are chosen each time"
	noneSaid  = "the suite sends it with prompt=none; without, it changes nothing"
	noAddress = "an unknown scope is ignored"
)

var basic = []trial[*op]{
	{name: "oidcc-server", run: server, note: pkce},
	{name: "oidcc-response-type-missing", run: responseTypeMissing},
	{name: "oidcc-idtoken-signature", run: idTokenSignature},
	{name: "oidcc-idtoken-unsigned", member: "id_token_signing_alg_values_supported", value: "none"},
	{name: "oidcc-userinfo-get", run: userinfo(http.MethodGet, false)},
	{name: "oidcc-userinfo-post-header", run: userinfo(http.MethodPost, false)},
	{name: "oidcc-userinfo-post-body", run: userinfo(http.MethodPost, true)},
	{name: "oidcc-ensure-request-without-nonce-succeeds-for-code-flow", run: withoutNonce},
	{name: "oidcc-scope-profile", run: scope("profile", "given_name", "family_name", "birthdate", "gender")},
	{name: "oidcc-scope-email", run: scope("email", "email")},
	{name: "oidcc-scope-address", run: scope("address"), member: "scopes_supported", value: "address", note: noAddress},
	{name: "oidcc-scope-phone", run: scope("phone"), member: "scopes_supported", value: "phone", note: noAddress},
	{name: "oidcc-scope-all", run: scope("profile email address phone", "given_name", "family_name", "birthdate", "gender", "email"), member: "scopes_supported", value: "address",
		note: "profile and email together are answered"},
	{name: "oidcc-ensure-other-scope-order-succeeds", run: otherOrder},
	{name: "oidcc-display-page", run: still("display", "page")},
	{name: "oidcc-display-popup", run: still("display", "popup")},
	{name: "oidcc-prompt-login", run: promptLogin},
	{name: "oidcc-prompt-none-not-logged-in", run: promptNone(false, "login_required")},
	{name: "oidcc-prompt-none-logged-in", run: promptNone(true, "interaction_required"), member: "prompt_values_supported", value: "none", note: chosen},
	{name: "oidcc-max-age-1", run: maxAge1},
	{name: "oidcc-max-age-10000", run: maxAge10000},
	{name: "oidcc-ensure-request-with-unknown-parameter-succeeds", run: still("extra", "foobar")},
	{name: "oidcc-id-token-hint", run: idTokenHint, member: "prompt_values_supported", value: "none", note: noneSaid},
	{name: "oidcc-login-hint", run: still("login_hint", "buffy@umea.exemple.invalid")},
	{name: "oidcc-ui-locales", run: still("ui_locales", "se")},
	{name: "oidcc-claims-locales", run: still("claims_locales", "se")},
	{name: "oidcc-ensure-request-with-acr-values-succeeds", run: acrValues},
	{name: "oidcc-codereuse", run: codeReuse},
	{name: "oidcc-codereuse-30seconds", run: codeReuseLater, last: true},
	{name: "oidcc-ensure-registered-redirect-uri", run: unregisteredURI},
	{name: "oidcc-ensure-post-request-succeeds", run: postRequest},
	{name: "oidcc-server-client-secret-post", run: secretPost, note: pkce},
	{name: "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", run: rejected("request_uri", "https://service.exemple.invalid/request.jwt", "request_uri_not_supported")},
	{name: "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", run: rejected("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported")},
	{name: "oidcc-claims-essential", run: claimsEssential},
	{name: "oidcc-ensure-request-object-with-redirect-uri", member: "request_parameter_supported"},
	{name: "oidcc-refresh-token", member: "grant_types_supported", value: "refresh_token"},
	{name: "oidcc-ensure-request-with-valid-pkce-succeeds", run: validPKCE},
}

func server(t *testing.T, o *op) {
	p := o.newParty(t)
	got := p.login()
	for _, claim := range []string{"iss", "sub", "aud", "exp", "iat"} {
		if _, ok := got.claims[claim]; !ok {
			t.Errorf("no %s in the ID token: %v", claim, got.claims)
		}
	}
	if who := p.claims(got.AccessToken); who["sub"] != got.id.Subject {
		t.Errorf("sub %v of the userinfo is not that of the ID token", who["sub"])
	}
	if !strings.EqualFold(got.TokenType, "Bearer") || got.ExpiresIn <= 0 {
		t.Errorf("%s for %d s", got.TokenType, got.ExpiresIn)
	}
	// Another login is told of the same person under the same name.
	if again := p.login(); again.id.Subject != got.id.Subject {
		t.Error("another sub")
	}
}

func responseTypeMissing(t *testing.T, o *op) {
	p := o.newParty(t)
	p.ask("response_type", "")
	if e := p.answered().Get("error"); e != "invalid_request" {
		t.Errorf("error %q", e)
	}
}

func idTokenSignature(t *testing.T, o *op) {
	got := o.newParty(t).login()
	if got.header["kid"] == nil || got.header["kid"] == "" || !slices.Contains(o.metadata["id_token_signing_alg_values_supported"].([]any), got.header["alg"]) {
		t.Errorf("header %v", got.header)
	}
}

// userinfo asks by one way of sending the token.
func userinfo(method string, body bool) func(*testing.T, *op) {
	return func(t *testing.T, o *op) {
		p := o.newParty(t)
		got := p.login()
		r := p.bearer(method, got.AccessToken)
		if body {
			var err error
			if r, err = http.NewRequestWithContext(t.Context(), method, r.URL.String(), strings.NewReader(url.Values{"access_token": {got.AccessToken}}.Encode())); err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if who := p.userinfo(r, http.StatusOK); who["sub"] != got.id.Subject {
			t.Errorf("%v", who)
		}
	}
}

func withoutNonce(t *testing.T, o *op) {
	p := o.newParty(t)
	code := p.code("nonce", "")
	p.nonce = ""
	if got := p.redeem(code); got.claims["nonce"] != nil {
		t.Errorf("nonce %v", got.claims["nonce"])
	}
}

// scope asks for openid and others, and wants these claims from the userinfo, and no others.
func scope(asked string, want ...string) func(*testing.T, *op) {
	return func(t *testing.T, o *op) {
		p := o.newParty(t)
		who := p.claims(p.login("scope", "openid "+asked).AccessToken)
		for claim := range who {
			if claim != "sub" && !slices.Contains(want, claim) {
				t.Errorf("%s was not asked for", claim)
			}
		}
		for _, claim := range want {
			if text, _ := who[claim].(string); text == "" {
				t.Errorf("no %s in %v", claim, who)
			}
		}
	}
}

func otherOrder(t *testing.T, o *op) {
	p := o.newParty(t)
	if who := p.claims(p.login("scope", "profile openid").AccessToken); who["given_name"] == nil {
		t.Errorf("%v", who)
	}
}

// still expects that a parameter changes nothing about a login.
func still(parameter, value string) func(*testing.T, *op) {
	return func(t *testing.T, o *op) {
		p := o.newParty(t)
		if got := p.login(parameter, value); p.claims(got.AccessToken)["sub"] != got.id.Subject {
			t.Error("another sub")
		}
	}
}

func promptLogin(t *testing.T, o *op) {
	p := o.newParty(t)
	first := p.login()
	p.ask("prompt", "login")
	waitLonger()
	second := p.redeem(p.choose()) // the second factor is given on the page that asks for it
	if before, after := authTime(t, first), authTime(t, second); after <= before {
		t.Errorf("auth_time %d after %d", after, before)
	}
}

// waitLonger waits until it is two seconds later for all who take part: times in tokens are in whole seconds.
func waitLonger() {
	for until := time.Now().Unix() + 2; time.Now().Unix() < until; {
		time.Sleep(20 * time.Millisecond)
	}
}

func authTime(t *testing.T, got told) int64 {
	t.Helper()
	at, ok := got.claims["auth_time"].(float64)
	if !ok {
		t.Fatalf("auth_time %v", got.claims["auth_time"])
	}
	return int64(at)
}

func promptNone(signedIn bool, want string) func(*testing.T, *op) {
	return func(t *testing.T, o *op) {
		p := o.stranger(t)
		if signedIn {
			p = o.newParty(t)
			p.login()
		}
		p.ask("prompt", "none")
		if e := p.answered().Get("error"); e != want {
			t.Errorf("error %q", e)
		}
	}
}

func maxAge1(t *testing.T, o *op) {
	p := o.newParty(t)
	first := p.login()
	waitLonger()
	p.ask("max_age", "1")
	if !p.atPage() || !p.browser.HasButton("ProConnect") {
		t.Fatalf("not asked to sign in again, but at %s: %s", p.browser.URL(), p.browser.Text())
	}
	if err := p.browser.Factor(); err != nil {
		t.Fatal(err)
	}
	if second := p.redeem(p.choose()); authTime(t, second) <= authTime(t, first) {
		t.Error("auth_time is not later")
	}
}

func maxAge10000(t *testing.T, o *op) {
	p := o.newParty(t)
	first := p.login("max_age", "15000")
	second := p.login("max_age", "10000")
	if authTime(t, first) != authTime(t, second) || first.id.Subject != second.id.Subject {
		t.Errorf("%v then %v", first.claims, second.claims)
	}
}

func idTokenHint(t *testing.T, o *op) {
	p := o.newParty(t)
	first := p.login()
	if second := p.login("id_token_hint", first.raw); first.id.Subject != second.id.Subject {
		t.Error("another sub")
	}
}

func acrValues(t *testing.T, o *op) {
	p := o.newParty(t)
	level, _ := o.metadata["acr_values_supported"].([]any)
	if len(level) == 0 {
		t.Fatal("no acr_values_supported")
	}
	if got := p.login("acr_values", level[0].(string)); got.claims["acr"] != level[0] {
		t.Errorf("acr %v", got.claims["acr"])
	}
}

func codeReuse(t *testing.T, o *op) {
	p := o.newParty(t)
	code := p.code()
	p.redeem(code)
	if e := p.refusedAt(code, p.verify); e != "invalid_grant" {
		t.Errorf("error %q", e)
	}
}

func codeReuseLater(t *testing.T, o *op) {
	p := o.newParty(t)
	code := p.code()
	got := p.redeem(code)
	p.claims(got.AccessToken)
	o.Clock.Advance(30 * time.Second)
	if e := p.refusedAt(code, p.verify); e != "invalid_grant" {
		t.Errorf("error %q", e)
	}
	p.userinfo(p.bearer(http.MethodGet, got.AccessToken), http.StatusUnauthorized)
}

func unregisteredURI(t *testing.T, o *op) {
	p := o.newParty(t)
	for _, address := range []string{"https://elsewhere.exemple.invalid/", callback + "/", callback + "?a=b"} {
		p.browser.StopAt("https://")
		if err := p.browser.Get(p.request("redirect_uri", address)); err != nil {
			t.Fatal(err)
		}
		if p.browser.Stopped() || p.browser.Status() != http.StatusBadRequest {
			t.Errorf("%s: %d at %s", address, p.browser.Status(), p.browser.URL())
		}
	}
}

func postRequest(t *testing.T, o *op) {
	p := o.newParty(t)
	address, query, _ := strings.Cut(p.request(), "?")
	form, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	p.browser.StopAt(callback)
	if err := p.browser.PostFrom("https://service.exemple.invalid/", address, form); err != nil {
		t.Fatal(err)
	}
	p.redeem(p.choose())
}

func secretPost(t *testing.T, o *op) {
	p := o.newParty(t)
	p.config.ClientID, p.config.Endpoint.AuthStyle = postID, 1 // in the body
	p.redeem(p.code())
	p.config.Endpoint.AuthStyle = 2 // and in no other way
	if e := p.refusedAt(p.code(), p.verify); e != "invalid_client" {
		t.Errorf("error %q", e)
	}
}

// rejected expects a parameter to be refused as not supported.
func rejected(parameter, value, want string) func(*testing.T, *op) {
	return func(t *testing.T, o *op) {
		p := o.newParty(t)
		p.ask(parameter, value)
		if e := p.answered().Get("error"); e != want {
			t.Errorf("error %q", e)
		}
	}
}

func claimsEssential(t *testing.T, o *op) {
	if o.metadata["claims_parameter_supported"] != true {
		t.Fatal("claims are not offered")
	}
	p := o.newParty(t)
	who := p.claims(p.login("scope", "openid", "claims", `{"userinfo":{"given_name":{"essential":true}}}`).AccessToken)
	if who["given_name"] != fixture.Angela().GivenName || who["family_name"] != nil {
		t.Errorf("%v", who)
	}
}

func validPKCE(t *testing.T, o *op) {
	p := o.newParty(t)
	p.redeem(p.code())
	if e := p.refusedAt(p.code(), strings.Repeat("x", 43)); e != "invalid_grant" {
		t.Errorf("error %q for another verifier", e)
	}
	p.ask("code_challenge", "", "code_challenge_method", "")
	if e := p.answered().Get("error"); e != "invalid_request" {
		t.Errorf("error %q without a challenge", e)
	}
}
