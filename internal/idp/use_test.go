package idp_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	gooidc "github.com/coreos/go-oidc/v3/oidc"

	"mandat/internal/fixture"
	"mandat/internal/mandate"
)

// relyingParty is an OpenID client that nobody here wrote.
func (s *site) relyingParty(t testing.TB, clientID string) (*gooidc.Provider, *gooidc.IDTokenVerifier) {
	t.Helper()
	p, err := gooidc.NewProvider(t.Context(), s.url+"/idp")
	if err != nil {
		t.Fatal(err)
	}
	return p, p.VerifierContext(t.Context(), &gooidc.Config{ClientID: clientID, SupportedSigningAlgs: []string{"ES256"}, Now: s.Clock.Now})
}

func TestUse_TellsFranceConnectWhoTheCitizenIs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	path := v.begin("claims", `{"id_token":{"rep_scope":{"essential":true,"values":["Argent-Impots-Consommation","Logement"]}}}`)
	if a := v.post(path+"/usager", url.Values{"recherche": {"dub"}}); !strings.Contains(a.body, "Angela Claire Louise DUBOIS") || !strings.Contains(a.body, "24 août 1962") {
		t.Errorf("search: %d %s", a.StatusCode, a.body)
	}
	v.choose(path, m)
	if a := v.get(path + "/demarche"); !strings.Contains(a.body, `value="argent-impots-declaration"`) || strings.Contains(a.body, "logement-aide-caf") {
		t.Errorf("procedures: %d %s", a.StatusCode, a.body)
	}
	back := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}}).at()
	if q := back.Query(); back.Host != "fc.exemple.test" || q.Get("platform") != "low" || q.Get("state") != state || q.Get("iss") != s.url+"/idp" {
		t.Fatalf("back at the client: %s", back)
	}
	if len(s.entries(t)) != 0 {
		t.Error("an entry before the identity left")
	}
	answer := s.token(t, back.Query().Get("code"))
	if answer["token_type"] != "Bearer" || answer["expires_in"] != 60.0 || answer["scope"] != "openid profile email birth" || answer["refresh_token"] != nil {
		t.Errorf("token answer %v", answer)
	}
	access := answer["access_token"].(string)

	_, verify := s.relyingParty(t, fc)
	id, err := verify.Verify(t.Context(), answer["id_token"].(string))
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	now := s.Clock.Now().Unix()
	if iat := int64(claims["iat"].(float64)); iat > now || iat < now-30 || int64(claims["exp"].(float64)) != iat+60 || claims["nbf"] != nil {
		t.Errorf("iat, exp, nbf of %v at %d", claims, now)
	}
	same(t, "rep_scope", claims["rep_scope"], []any{"Argent-Impots-Consommation"})
	if id.Nonce != nonce || claims["acr"] != "eidas1" || int64(claims["auth_time"].(float64)) != v.by.FactorAt.Unix() || "/idp/logins/"+claims["sid"].(string) != path ||
		id.VerifyAccessToken(access) != nil || len(id.Subject) != 43 {
		t.Errorf("ID token %v", claims)
	}

	got := s.userinfo(t, access)
	if got.StatusCode != 200 || got.Header.Get("Content-Type") != "application/jwt" || got.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("userinfo: %d %v %s", got.StatusCode, got.Header, got.body)
	}
	jwt, err := verify.Verify(t.Context(), got.body)
	if err != nil {
		t.Fatal(err)
	}
	userinfo := map[string]any{}
	if err := jwt.Claims(&userinfo); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"iat", "exp"} {
		delete(userinfo, name)
	}
	same(t, "userinfo", userinfo, map[string]any{"iss": s.url + "/idp", "aud": fc, "sub": id.Subject, "given_name": "Angela Claire Louise", "family_name": "DUBOIS",
		"birthdate": "1962-08-24", "gender": "female", "birthplace": "75107", "birthcountry": "99100", "email": "angela@exemple.invalid"})
	same(t, "entries", s.entries(t), []entry{{Action: "power.used", Person: s.Jeanne.Person, Citizen: m.Citizen, Mandate: m.ID, Procedure: fixture.Tax, Rest: "unknowndeclared"}})
	s.Content(t)
}

func TestUse_PlainUserInfoAndSameSubjectEachTime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	someoneElse := s.Sign(t, s.Jeanne, fixture.Citizen(1), fixture.Tax)
	sub := func(m mandate.Mandate, clientID string, body func(answer) string) string {
		answer := s.token(t, v.code(m, fixture.Tax, "client_id", clientID), "client_id", clientID, "client_secret", secret+clientID)
		got := s.userinfo(t, answer["access_token"])
		if got.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", clientID, got.StatusCode, got.body)
		}
		_, verify := s.relyingParty(t, clientID)
		id, err := verify.Verify(t.Context(), answer["id_token"].(string))
		if err != nil || id.Subject != body(got) {
			t.Fatalf("%s: sub %s of the ID token is not that of userinfo: %v", clientID, id.Subject, err)
		}
		return id.Subject
	}
	inClear := func(a answer) string {
		if a.Header.Get("Content-Type") != "application/json" || a.json(t)["iss"] != nil {
			t.Errorf("plain userinfo: %v %s", a.Header, a.body)
		}
		return a.json(t)["sub"].(string)
	}
	signed := func(a answer) string {
		payload := map[string]any{}
		if err := json.Unmarshal(decode(t, strings.Split(a.body, ".")[1]), &payload); err != nil {
			t.Fatal(err)
		}
		return payload["sub"].(string)
	}
	one, two, other := sub(m, plain, inClear), sub(m, plain, inClear), sub(m, fc, signed)
	if sub(someoneElse, plain, inClear) == one {
		t.Error("two citizens have one name")
	}
	if one != two {
		t.Error("the same citizen has two names towards one sector")
	}
	if one == other {
		t.Error("two sectors know the citizen by one name")
	}
	if n := count(t, s, `select count(*) from idp_subject`); n != 3 {
		t.Errorf("%d subjects", n)
	}
}
