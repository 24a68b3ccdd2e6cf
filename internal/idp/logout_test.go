package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/oidc"
)

func TestEndSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	given := s.token(t, v.code(m, fixture.Tax))
	userinfo := s.userinfo(t, given["access_token"]).body
	hint := given["id_token"].(string)
	s.Clock.Advance(24 * time.Hour) // FranceConnect sends it when it has long expired
	const back = "https://fc.exemple.test/client/logout-callback"
	foreign, err := fixture.KeySet(t).Sign(oidc.ES256, oidc.TypeJWT, oidc.IDToken{Issuer: s.url + "/idp", Audience: fc, AccessTokenHash: "x", Session: "x"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		q    url.Values
		want string // where it leads; "" is a page
		code int
	}{
		"as FranceConnect asks": {url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {back}, "state": {"a b&c"}}, back + "?state=a+b%26c", 303},
		"without state":         {url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {back}}, back, 303},
		"with client_id":        {url.Values{"id_token_hint": {hint}, "client_id": {fc}, "post_logout_redirect_uri": {back}, "state": {"s"}}, back + "?state=s", 303},
		"client_id alone":       {url.Values{"client_id": {fc}, "post_logout_redirect_uri": {back}, "state": {"s"}}, back + "?state=s", 303},
		"nothing":               {url.Values{}, "", 200},
		"hint alone":            {url.Values{"id_token_hint": {hint}}, "", 200},
		"only a state":          {url.Values{"state": {"s"}}, "", 200},
		"other client_id":       {url.Values{"id_token_hint": {hint}, "client_id": {plain}, "post_logout_redirect_uri": {back}}, "", 400},
		"unknown client_id":     {url.Values{"client_id": {"nobody"}, "post_logout_redirect_uri": {back}}, "", 400},
		"no client":             {url.Values{"post_logout_redirect_uri": {back}}, "", 400},
		"other address":         {url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {"https://evil.test/"}}, "", 400},
		"query added":           {url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {back + "?x=1"}}, "", 400},
		"modified hint":         {url.Values{"id_token_hint": {hint[:len(hint)-4] + "AAAA"}, "post_logout_redirect_uri": {back}}, "", 400},
		"garbage":               {url.Values{"id_token_hint": {"x"}, "post_logout_redirect_uri": {back}}, "", 400},
		"signed by another":     {url.Values{"id_token_hint": {foreign}, "post_logout_redirect_uri": {back}}, "", 400},
		"userinfo as hint":      {url.Values{"id_token_hint": {userinfo}, "post_logout_redirect_uri": {back}}, "", 400},
		"hint twice":            {url.Values{"id_token_hint": {hint, hint}, "post_logout_redirect_uri": {back}}, "", 400},
	} {
		for _, who := range []*visitor{s.stranger(t), s.visit(t, s.Jeanne)} {
			for _, a := range []answer{who.get("/idp/end_session?" + c.q.Encode()), who.post("/idp/end_session", c.q)} {
				if a.StatusCode != c.code || a.Header.Get("Location") != c.want || strings.Contains(a.body, "evil") || a.Header.Get("Set-Cookie") != "" {
					t.Errorf("%s: %d %s", name, a.StatusCode, a.Header.Get("Location"))
				}
			}
			if who.cookie != "" {
				if a := who.get("/idp/authorize?" + request().Encode()); !strings.HasSuffix(a.at().Path, "/usager") { // still signed in
					t.Errorf("%s: afterwards %d %s", name, a.StatusCode, a.at())
				}
			}
		}
	}
}

func TestPurge_LeavesWhatIsYoung(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, s.Jeanne)
	v.begin()
	if err := s.provider.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, `select count(*) from idp_login`); n != 1 {
		t.Errorf("%d logins left", n)
	}
	s.Clock.Advance(24*time.Hour + time.Second)
	if err := s.provider.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, `select count(*) from idp_login`); n != 0 {
		t.Errorf("%d logins left", n)
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	rp, _ := s.relyingParty(t, fc)
	var m struct {
		AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
		Scopes      []string `json:"scopes_supported"`
		ACR         []string `json:"acr_values_supported"`
		IDAlg       []string `json:"id_token_signing_alg_values_supported"`
		PKCE        []string `json:"code_challenge_methods_supported"`
		RequestURI  *bool    `json:"request_uri_parameter_supported"`
		Request     *bool    `json:"request_parameter_supported"`
		Iss         bool     `json:"authorization_response_iss_parameter_supported"`
		Claims      bool     `json:"claims_parameter_supported"`
		End         string   `json:"end_session_endpoint"`
	}
	if err := rp.Claims(&m); err != nil {
		t.Fatal(err)
	}
	if !m.Iss || !m.Claims || m.RequestURI == nil || *m.RequestURI || m.Request == nil || *m.Request || m.End != s.url+"/idp/end_session" {
		t.Errorf("%+v", m)
	}
	same(t, "lists", [][]string{m.AuthMethods, m.Scopes, m.ACR, m.IDAlg, m.PKCE}, [][]string{{"client_secret_post", "client_secret_basic", "private_key_jwt"},
		{"openid", "profile", "email", "birth"}, {"eidas1"}, {"ES256", "RS256"}, {"S256"}})
	one, two := s.stranger(t).get("/idp/.well-known/openid-configuration"), s.stranger(t).get("/.well-known/oauth-authorization-server/idp")
	keys := s.stranger(t).get("/idp/jwks")
	if one.body != two.body || strings.Count(keys.body, `"kid"`) != 4 || strings.Contains(keys.body, `"d"`) {
		t.Errorf("%s\n%s\n%s", one.body, two.body, keys.body)
	}
	for _, a := range []answer{one, keys} {
		if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Cache-Control"), "public, max-age=") {
			t.Errorf("%d %v", a.StatusCode, a.Header)
		}
	}
}

// The database itself refuses what a step with a missing check would do.
func TestTable_RefusesWhatNoStepMayDo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	code := v.code(m, fixture.Tax)
	v.begin()
	conn := s.Connect(t, s.App)
	do := func(sql string) error {
		_, err := conn.Exec(t.Context(), `begin read write; set local mandat.system = 'on'; `+sql+`; commit`)
		if err != nil {
			_, _ = conn.Exec(t.Context(), `rollback`)
		}
		return err
	}
	for name, c := range map[string]struct{ sql, want string }{
		"release without entry":          {`update idp_login set state = 'released', released_at = now(), token_expires_at = now() where state = 'code_issued'`, "without its entry"},
		"refusal without entry":          {`update idp_login set state = 'refused', refusal = 'no_power', code_hash = null where state = 'code_issued'`, "without its entry"},
		"code without power":             {`update idp_login set state = 'code_issued', code_hash = '\x` + strings.Repeat("00", 32) + `', code_expires_at = now(), citizen_id = id where state = 'requested'`, "violates check"},
		"release without identification": {`update idp_login set state = 'released', released_at = now(), token_expires_at = now(), identified_by = null where state = 'code_issued'`, "violates check"},
		"another redirect_uri":           {`update idp_login set redirect_uri = 'https://evil.test/'`, "permission denied"},
		"another aidant":                 {`update idp_login set person_id = citizen_id where state = 'code_issued'`, "permission denied"},
		"a login that begins released":   {`insert into idp_login (id, state) values (gen_random_uuid(), 'released')`, "permission denied"},
		"another name for a citizen":     {`update idp_subject set sub = sub`, "permission denied"},
	} {
		if err := do(c.sql); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if err := do(`update idp_login set released_at = null where state = 'requested'`); err != nil {
		t.Fatalf("nothing works on this connection: %v", err)
	}
	s.token(t, code)
	// Row security: without its organisation's scope, a login is not there.
	var n int
	if err := conn.QueryRow(t.Context(), `select count(*) from idp_login`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d logins seen without a scope, %v", n, err)
	}
}
