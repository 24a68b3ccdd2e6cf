package idp

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"mandat/internal/client"
	"mandat/internal/oidc"
)

const (
	testIssuer    = "https://mandat.exemple.test/idp"
	testCallback  = "https://fc.exemple.test/oidc-callback"
	testChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func testClients(id string) *client.Client {
	return map[string]*client.Client{
		"fc":     {ID: "fc", Kind: client.FranceConnect, RedirectURIs: []string{testCallback}},
		"direct": {ID: "direct", Kind: client.Service, RedirectURIs: []string{testCallback}, Scopes: []string{"openid", "email"}, Procedures: []string{"impots", "logement"}},
		"pushes": {ID: "pushes", Kind: client.Service, RedirectURIs: []string{testCallback}, Procedures: []string{"impots"}, PushedOnly: true},
	}[id]
}

func sound(changes ...string) url.Values {
	q := url.Values{"response_type": {"code"}, "client_id": {"fc"}, "redirect_uri": {testCallback}, "scope": {"openid profile email birth"}, "state": {"s"}, "nonce": {"n"}}
	for i := 0; i < len(changes); i += 2 {
		if q.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			q.Del(changes[i])
		}
	}
	return q
}

func TestParseAuthRequest_Refuses(t *testing.T) {
	t.Parallel()
	direct := []string{"client_id", "direct", "scope", "openid email"}
	asks := func(details string) []string {
		return append(slices.Clone(direct), "code_challenge", testChallenge, "code_challenge_method", "S256", "authorization_details", details)
	}
	const kind = `"type":"` + testIssuer + `/types/mandate"`
	for name, c := range map[string]struct {
		changes []string
		want    oidc.Code
	}{
		"response_type missing":            {[]string{"response_type", ""}, oidc.InvalidRequest},
		"implicit flow":                    {[]string{"response_type", "id_token"}, oidc.UnsupportedResponseType},
		"hybrid flow":                      {[]string{"response_type", "code id_token"}, oidc.UnsupportedResponseType},
		"response mode":                    {[]string{"response_mode", "fragment"}, oidc.InvalidRequest},
		"request object":                   {[]string{"request", "eyJ"}, oidc.RequestNotSupported},
		"request_uri":                      {[]string{"request_uri", "https://fc.exemple.test/r"}, oidc.RequestURINotSupported},
		"no scope":                         {[]string{"scope", ""}, oidc.InvalidScope},
		"scope without openid":             {[]string{"scope", "profile"}, oidc.InvalidScope},
		"scope that the client lacks":      {[]string{"client_id", "direct", "code_challenge", testChallenge, "code_challenge_method", "S256", "scope", "openid birth"}, oidc.InvalidScope},
		"neither PKCE nor nonce":           {[]string{"nonce", ""}, oidc.InvalidRequest},
		"PKCE missing":                     {direct, oidc.InvalidRequest},
		"PKCE plain":                       {append(direct, "code_challenge", testChallenge, "code_challenge_method", "plain"), oidc.InvalidRequest},
		"PKCE without method":              {append(direct, "code_challenge", testChallenge), oidc.InvalidRequest},
		"PKCE method alone":                {[]string{"code_challenge_method", "S256"}, oidc.InvalidRequest},
		"PKCE plain where it is not asked": {[]string{"code_challenge", testChallenge, "code_challenge_method", "plain"}, oidc.InvalidRequest},
		"challenge too short":              {append(direct, "code_challenge", testChallenge[:42], "code_challenge_method", "S256"), oidc.InvalidRequest},
		"challenge not base64url":          {append(direct, "code_challenge", testChallenge[:42]+"+", "code_challenge_method", "S256"), oidc.InvalidRequest},
		"a key of FranceConnect's":         {[]string{"dpop_jkt", testChallenge}, oidc.InvalidRequest},
		"prompt none and login":            {[]string{"prompt", "none login"}, oidc.InvalidRequest},
		"unknown prompt":                   {[]string{"prompt", "create"}, oidc.InvalidRequest},
		"max_age not a number":             {[]string{"max_age", "-1"}, oidc.InvalidRequest},
		"acr above ours":                   {[]string{"acr_values", "eidas2 eidas3"}, oidc.UnmetAuthentication},
		"essential acr above ours":         {[]string{"claims", `{"id_token":{"acr":{"essential":true,"values":["eidas2"]}}}`}, oidc.UnmetAuthentication},
		"claims not JSON":                  {[]string{"claims", `{"id_token":`}, oidc.InvalidRequest},
		"claims a list":                    {[]string{"claims", `[]`}, oidc.InvalidRequest},
		"claims null":                      {[]string{"claims", `null`}, oidc.InvalidRequest},
		"rep_scope of numbers":             {[]string{"claims", `{"id_token":{"rep_scope":{"values":[1]}}}`}, oidc.InvalidRequest},
		"rep_scope of 33 values":           {[]string{"claims", `{"id_token":{"rep_scope":{"values":["a"` + strings.Repeat(`,"a"`, 32) + `]}}}`}, oidc.InvalidRequest},
		"a long value of rep_scope":        {[]string{"claims", `{"id_token":{"rep_scope":{"values":["` + strings.Repeat("a", 129) + `"]}}}`}, oidc.InvalidRequest},
		"a zero byte in claims":            {[]string{"claims", `{"id_token":{"rep_scope":{"values":["\u0000"]}}}`}, oidc.InvalidRequest},
		"long state":                       {[]string{"state", strings.Repeat("s", 1025)}, oidc.InvalidRequest},
		"long nonce":                       {[]string{"nonce", strings.Repeat("n", 257)}, oidc.InvalidRequest},
		"long scope":                       {[]string{"scope", "openid " + strings.Repeat("s", 512)}, oidc.InvalidRequest},
		"long in all":                      {[]string{"state", strings.Repeat("é", 500)}, oidc.InvalidRequest},
		"state that is not UTF-8":          {[]string{"state", "\xff"}, oidc.InvalidRequest},
		"not pushed":                       {[]string{"client_id", "pushes", "code_challenge", testChallenge, "code_challenge_method", "S256"}, oidc.InvalidRequest},
		"details by FranceConnect":         {[]string{"authorization_details", `[{` + kind + `}]`}, oidc.InvalidAuthorizationDetails},
		"details not JSON":                 {asks(`[`), oidc.InvalidAuthorizationDetails},
		"details of another type":          {asks(`[{"type":"payment"}]`), oidc.InvalidAuthorizationDetails},
		"details with another member":      {asks(`[{` + kind + `,"locations":["x"]}]`), oidc.InvalidAuthorizationDetails},
		"a procedure that is not served":   {asks(`[{` + kind + `,"actions":["impots","sante"]}]`), oidc.InvalidAuthorizationDetails},
		"dpop_jkt":                         {append(asks(`[{`+kind+`}]`), "dpop_jkt", "x"), oidc.InvalidRequest},
		"max_age with a fraction":          {[]string{"max_age", "1.5"}, oidc.InvalidRequest},
		"zero byte in the nonce":           {[]string{"nonce", "a\x00b"}, oidc.InvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, err := parseAuthRequest(testClients, testIssuer, sound(c.changes...))
			refusal, ok := errors.AsType[*oidc.Error](err)
			if !ok || refusal.Code != c.want {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if req.Client == nil || req.RedirectURI != testCallback {
				t.Error("no client to send the error to")
			}
		})
	}
}

func TestParseAuthRequest_RefusesRepeatedParameters(t *testing.T) {
	t.Parallel()
	for _, name := range heeded {
		q := sound(name, "x")
		if name == "client_id" || name == "redirect_uri" {
			q = sound()
		}
		q.Add(name, q.Get(name))
		req, err := parseAuthRequest(testClients, testIssuer, q)
		refusal, ok := errors.AsType[*oidc.Error](err)
		switch {
		case name == "client_id" || name == "redirect_uri":
			if !errors.Is(err, errUntrusted) {
				t.Errorf("%s twice: %v", name, err)
			}
		case !ok || refusal.Code != oidc.InvalidRequest:
			t.Errorf("%s twice: %v", name, err)
		case name == "state" && req.State != "":
			t.Error("one of two states was echoed")
		}
	}
	if _, err := parseAuthRequest(testClients, testIssuer, url.Values{"client_id": sound()["client_id"], "redirect_uri": sound()["redirect_uri"], "response_type": {"code"}, "scope": {"openid"},
		"nonce": {"n"}, "resource": {"a", "b"}}); err != nil {
		t.Errorf("an unknown parameter, twice: %v", err)
	}
}

func TestParseAuthRequest_SendsNobodyToAnUnknownAddress(t *testing.T) {
	t.Parallel()
	for _, changes := range [][]string{
		{"client_id", "other"}, {"client_id", ""}, {"redirect_uri", ""}, {"redirect_uri", testCallback + "/"}, {"redirect_uri", testCallback + "?x=1"},
		{"redirect_uri", "https://FC.exemple.test/oidc-callback"}, {"redirect_uri", "https://fc.exemple.test.evil.test/oidc-callback"}, {"redirect_uri", testCallback + "#"},
	} {
		if _, err := parseAuthRequest(testClients, testIssuer, sound(changes...)); !errors.Is(err, errUntrusted) {
			t.Errorf("%v: %v", changes, err)
		}
	}
}

func TestParseAuthRequest_Understands(t *testing.T) {
	t.Parallel()
	req, err := parseAuthRequest(testClients, testIssuer, sound("prompt", "login consent", "max_age", "300", "acr_values", "eidas1 eidas2", "scope", "openid email address email whatever",
		"claims", `{"userinfo":{"birthplace":null,"name":{"essential":true}},"id_token":{"rep_scope":{"essential":true,"values":["Logement"]},"acr":{"values":["eidas2"]},"amr":null}}`,
		"ui_locales", "fr", "login_hint", "x", "nonce", ""))
	if err == nil {
		t.Fatal("a request without nonce")
	}
	req, err = parseAuthRequest(testClients, testIssuer, sound("prompt", "login consent", "max_age", "300", "acr_values", "eidas1 eidas2", "scope", "openid email address email whatever",
		"claims", `{"userinfo":{"birthplace":null,"name":{"essential":true}},"id_token":{"rep_scope":{"essential":true,"values":["Logement"]},"acr":{"values":["eidas2"]},"amr":null}}`,
		"ui_locales", "fr", "login_hint", "x"))
	if err != nil {
		t.Fatal(err)
	}
	if !req.Login || req.None || req.MaxAge == nil || *req.MaxAge != 5*time.Minute || !slices.Equal(req.Scopes, []string{"openid", "email"}) || !slices.Equal(req.releases(), []string{"birthplace", "email"}) ||
		!req.Claims.RepScopeAsked || !slices.Equal(req.Claims.RepScope, []string{"Logement"}) {
		t.Errorf("%+v", req)
	}
	if req.known.Has("login_hint") || req.known.Has("ui_locales") {
		t.Error("parameters that are ignored come back after sign-in")
	}
	again, err := parseAuthRequest(testClients, testIssuer, req.known)
	if err != nil || !slices.Equal(again.Scopes, req.Scopes) {
		t.Errorf("what comes back after sign-in is another request: %v", err)
	}
	if req, err := parseAuthRequest(testClients, testIssuer, sound("client_id", "direct", "scope", "openid", "nonce", "", "code_challenge", testChallenge, "code_challenge_method", "S256",
		"claims", `{"userinfo":{"birthplace":null,"email":null}}`)); err != nil || !slices.Equal(req.releases(), []string{"email"}) {
		t.Errorf("claims by name go beyond what the client may have: %v %v", req.releases(), err)
	}
}

func TestParseAuthRequest_UnderstandsWhatAServiceAsks(t *testing.T) {
	t.Parallel()
	const kind = `"type":"` + testIssuer + `/types/mandate"`
	q := func(changes ...string) url.Values {
		return sound(append([]string{"client_id", "direct", "scope", "openid", "nonce", "", "code_challenge", testChallenge, "code_challenge_method", "S256"}, changes...)...)
	}
	req, err := parseAuthRequest(testClients, testIssuer, q("authorization_details", `[{`+kind+`,"actions":["logement"]}]`, "dpop_jkt", testChallenge, "max_age", "0"))
	if err != nil || req.Details == nil || req.Details.All || !slices.Equal(req.Details.Actions, []string{"logement"}) || req.KeyHash != testChallenge || req.MaxAge == nil || *req.MaxAge != 0 {
		t.Errorf("%+v %v", req, err)
	}
	if req, err = parseAuthRequest(testClients, testIssuer, q()); err != nil || req.Details != nil || req.MaxAge != nil || req.KeyHash != "" {
		t.Errorf("nothing of it asked: %+v %v", req, err)
	}
}

func TestParsePush(t *testing.T) {
	t.Parallel()
	base := []string{"client_id", "pushes", "scope", "openid", "code_challenge", testChallenge, "code_challenge_method", "S256"}
	with := func(changes ...string) url.Values { return sound(append(slices.Clone(base), changes...)...) }
	long := strings.Repeat("é", 500) // 3,000 bytes encoded: too long for an address
	for name, form := range map[string]url.Values{"as registered": with(), "without client_id": with("client_id", ""), "with a secret": with("client_secret", "s"), "long": with("state", long)} {
		req, refusal := parsePush(testClients("pushes"), testIssuer, form)
		if refusal != nil || req.known.Has("client_secret") || req.known.Get("client_id") != "pushes" {
			t.Errorf("%s: %+v %v", name, req.known, refusal)
			continue
		}
		if again, err := parsePushed(testClients, testIssuer, req.known); err != nil || again.Nonce != "n" || !again.pushed {
			t.Errorf("%s: taken again it is another one: %v", name, err)
		}
	}
	for name, form := range map[string]url.Values{
		"another's client_id": with("client_id", "direct"), "request_uri": with("request_uri", "urn:ietf:params:oauth:request_uri:x"), "unregistered address": with("redirect_uri", "https://evil.test/"),
		"no address": with("redirect_uri", ""), "no PKCE": with("code_challenge", "", "code_challenge_method", ""), "too long in all": with("state", long[:1000], "claims", `{"x":"`+strings.Repeat("a", 8000)+`"}`),
	} {
		_, err := parsePush(testClients("pushes"), testIssuer, form)
		if refusal, ok := errors.AsType[*oidc.Error](err); !ok || refusal.Code != oidc.InvalidRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := parsePush(testClients("pushes"), testIssuer, with("request", "eyJ"))
	if refusal, ok := errors.AsType[*oidc.Error](err); !ok || refusal.Code != oidc.RequestNotSupported {
		t.Errorf("request object: %v", err)
	}
}

func FuzzParsePush(f *testing.F) {
	f.Add(sound("client_id", "pushes", "scope", "openid", "code_challenge", testChallenge, "code_challenge_method", "S256").Encode())
	f.Add("client_id=pushes&request_uri=urn:ietf:params:oauth:request_uri:x")
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		req, err := parsePush(testClients("pushes"), testIssuer, values)
		if err != nil {
			if _, ok := errors.AsType[*oidc.Error](err); !ok {
				t.Fatalf("no answer to the client: %v", err)
			}
			return
		}
		if req.Challenge == "" || !slices.Contains(req.Client.RedirectURIs, req.RedirectURI) || req.known.Get("client_id") != "pushes" || req.known.Has("request_uri") || len(req.known.Encode()) > maxPushed {
			t.Fatalf("accepted %q", raw)
		}
		if _, err := parsePushed(testClients, testIssuer, req.known); err != nil {
			t.Fatalf("accepted, and refused when its browser comes: %v", err)
		}
	})
}

func FuzzParseAuthRequest(f *testing.F) {
	f.Add(sound().Encode())
	f.Add(sound("claims", `{"id_token":{"rep_scope":{"essential":true,"values":["Papier-Citoyenneté-Elections"]}}}`, "prompt", "login", "acr_values", "eidas1").Encode())
	f.Add(sound("client_id", "direct", "code_challenge", testChallenge, "code_challenge_method", "S256").Encode())
	f.Add("client_id=fc&client_id=fc&state=%ff%00")
	clients := testClients
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		req, err := parseAuthRequest(clients, testIssuer, values)
		if errors.Is(err, errUntrusted) {
			return
		}
		if req.Client == nil || !slices.Contains(req.Client.RedirectURIs, req.RedirectURI) {
			t.Fatal("trusted without a registered address")
		}
		if err != nil {
			if _, ok := errors.AsType[*oidc.Error](err); !ok {
				t.Fatalf("neither an answer to the client nor a page: %v", err)
			}
			return
		}
		if !slices.Contains(req.Scopes, "openid") || (req.Nonce == "" && req.Challenge == "") || (req.Challenge == "" && req.Client.Direct()) || len(req.State) > maxState {
			t.Fatalf("accepted %q", raw)
		}
		if again, err := parseAuthRequest(clients, testIssuer, req.known); err != nil || again.State != req.State || again.Nonce != req.Nonce {
			t.Fatalf("comes back changed: %v", err)
		}
	})
}

func TestLoginOf(t *testing.T) {
	t.Parallel()
	id := [16]byte{1, 2, 3}
	ticket, hash := newTicket(id)
	if got, ok := loginOf(ticket); !ok || got != id || len(hash) != 32 || len(ticket) != ticketLength {
		t.Errorf("%s: %v %v", ticket, got, ok)
	}
	for _, wrong := range []string{"", ticket[:63], ticket + "A", ticket[:63] + "=", ticket[:63] + "+", ticket[:10] + "\n" + ticket[11:], strings.Repeat("é", 32)} {
		if _, ok := loginOf(wrong); ok {
			t.Errorf("%q is taken for a ticket", wrong)
		}
	}
}
