package twin_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
)

// newService is a client of FranceConnect that offers one identity provider.
func newService(t *testing.T, p *identityProvider, perimeters ...string) *rp {
	t.Helper()
	return newRP(t, twintest.Shared(t), twin.FranceConnect, func(c *twin.Client) {
		c.Scope, c.Perimeters, c.Providers = fcScope+" idp_id", perimeters, []string{p.uid}
	})
}

func TestBrokerUsesAnIdentityProvider(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"ES256", ""} {
		t.Run("userinfo "+alg, func(t *testing.T) {
			t.Parallel()
			p := newIdentityProvider(t, twintest.Shared(t), alg)
			r := newService(t, p, "Argent-Impots-Consommation", "Social-Santé")
			r.conf.Scopes = append(r.conf.Scopes, "idp_id")
			r.open(eidas1)
			r.press("idp=" + p.uid)
			if got := r.TextByID("person"); got != "Rose Marie VASSEUR" {
				t.Fatalf("FranceConnect sees %q: %s", got, r.Text())
			}
			r.press("continue=1")
			a := r.finish()
			if a.info["family_name"] != "VASSEUR" || a.info["idp_id"] != p.uid || a.info["shoe_size"] != nil {
				t.Errorf("%v", a.info)
			}
			checkCalls(t, p)
			if p.discovered < 2 {
				t.Errorf("discovery read %d times, not anew for each use", p.discovered)
			}
			if e := r.event("FC_VALID_REP_SCOPE"); e.Client != r.client.ID {
				t.Errorf("%+v", e)
			}
			r.logout(a)
			if p.logout.Get("id_token_hint") == "" || p.logout.Get("client_id") != "" || len(p.logout.Get("state")) != 64 {
				t.Errorf("logout at the provider: %v", p.logout)
			}
		})
	}
}

// checkCalls compares what the provider received with protocols.md §2.2 and §2.3.
func checkCalls(t *testing.T, p *identityProvider) {
	t.Helper()
	q := p.request
	if len(q.Get("state")) != 64 || len(q.Get("nonce")) != 64 || q.Get("redirect_uri") == "" {
		t.Errorf("%v", q)
	}
	for _, name := range []string{"state", "nonce", "redirect_uri"} {
		q.Del(name)
	}
	want := url.Values{
		"client_id": {"franceconnect"}, "response_type": {"code"}, "scope": {"openid profile email birth"}, "prompt": {"login"}, "acr_values": {"eidas1"},
		"claims": {`{"id_token":{"rep_scope":{"essential":true,"values":["Argent-Impots-Consommation","Social-Santé"]}}}`},
	}
	if diff := cmp.Diff(want, q); diff != "" {
		t.Errorf("authorization request: %s", diff)
	}
	call := p.tokenCall
	if call.Get("client_secret") != p.secret || call.Get("code_verifier") != "" || call.Get("grant_type") != "authorization_code" {
		t.Errorf("token request: %v", call)
	}
}

func TestBrokerRefuses(t *testing.T) {
	t.Parallel()
	set := func(name string, value any) func(map[string]any) { return func(m map[string]any) { m[name] = value } }
	now := time.Now().Unix()
	tests := map[string]struct {
		code, failure string
		spoil         func(*identityProvider)
	}{
		"no perimeter in common":  {"rep_scope", "access_denied", func(p *identityProvider) { p.spoilID = set("rep_scope", []string{"Social-Santé"}) }},
		"no rep_scope":            {"rep_scope", "access_denied", func(p *identityProvider) { p.spoilID = func(m map[string]any) { delete(m, "rep_scope") } }},
		"rep_scope not a list":    {"Y020030", "server_error", func(p *identityProvider) { p.spoilID = set("rep_scope", "Social-Santé") }},
		"acr missing":             {"Y020030", "server_error", func(p *identityProvider) { p.spoilID = set("acr", "") }},
		"acr too low":             {"Y100001", "access_denied", func(p *identityProvider) { p.spoilID = set("acr", "eidas0") }},
		"token over by a second":  {"Y020026", "server_error", func(p *identityProvider) { p.spoilID = set("exp", now-1) }},
		"token of the future":     {"Y020026", "server_error", func(p *identityProvider) { p.spoilID = func(m map[string]any) { m["nbf"] = time.Now().Unix() + 30 } }},
		"wrong nonce":             {"Y020026", "server_error", func(p *identityProvider) { p.spoilID = set("nonce", "other") }},
		"wrong audience":          {"Y020026", "server_error", func(p *identityProvider) { p.spoilID = set("aud", "other") }},
		"wrong issuer":            {"Y020026", "server_error", func(p *identityProvider) { p.spoilID = set("iss", "http://localhost:1") }},
		"no e-mail":               {"Y020029", "server_error", func(p *identityProvider) { p.spoilInfo = func(m map[string]any) { delete(m, "email") } }},
		"birthplace None":         {"Y020029", "server_error", func(p *identityProvider) { p.spoilInfo = set("birthplace", "None") }},
		"sub not ASCII":           {"Y020029", "server_error", func(p *identityProvider) { p.spoilInfo = set("sub", "aïe") }},
		"31 February":             {"Y020029", "server_error", func(p *identityProvider) { p.spoilInfo = set("birthdate", "1939-02-31") }},
		"other state":             {"Y020022", "invalid_request", func(p *identityProvider) { p.spoilAnswer = func(q url.Values) { q.Set("state", "other") } }},
		"no state":                {"Y020021", "invalid_request", func(p *identityProvider) { p.spoilAnswer = func(q url.Values) { q.Del("state") } }},
		"no code":                 {"Y020025", "server_error", func(p *identityProvider) { p.spoilAnswer = func(q url.Values) { q.Del("code") } }},
		"no iss":                  {"Y020026", "server_error", func(p *identityProvider) { p.spoilAnswer = func(q url.Values) { q.Del("iss") } }},
		"slower than six seconds": {"Y020026", "server_error", func(p *identityProvider) { p.hold = 8 * time.Second }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newIdentityProvider(t, twintest.Shared(t), "ES256")
			tt.spoil(p)
			r := newService(t, p, "Argent-Impots-Consommation")
			r.open(eidas1)
			r.press("idp=" + p.uid)
			if r.TextByID("code") != tt.code {
				t.Fatalf("want %s: %d %s", tt.code, r.Status(), r.Text())
			}
			r.press("return=1")
			if _, failure, _ := r.back(); failure != tt.failure {
				t.Errorf("service hears %s, want %s", failure, tt.failure)
			}
		})
	}
}

func TestBrokerPassesARefusalOn(t *testing.T) {
	t.Parallel()
	p := newIdentityProvider(t, twintest.Shared(t), "ES256")
	p.spoilAnswer = func(q url.Values) {
		q.Del("code")
		q.Set("error", "access_denied")
		q.Set("error_description", "the aidant gave up")
	}
	r := newService(t, p)
	r.open(eidas1)
	r.press("idp=" + p.uid)
	r.press("return=1")
	if _, failure, description := r.back(); failure != "access_denied" || description != "the aidant gave up" {
		t.Errorf("%q %q", failure, description)
	}
}

func TestBrokerAsksForNoPerimeterWhenThereIsNone(t *testing.T) {
	t.Parallel()
	p := newIdentityProvider(t, twintest.Shared(t), "ES256")
	p.spoilID = func(m map[string]any) { delete(m, "rep_scope") }
	p.spoilInfo = func(m map[string]any) {
		m["birthcountry"], m["birthplace"] = "99352", ""
		m["sub"] = "not that of the ID token" // which FranceConnect does not compare
	}
	r := newService(t, p)
	r.open(eidas1)
	r.press("idp=" + p.uid)
	r.press("continue=1")
	if got := r.finish().info["birthplace"]; got != "" {
		t.Errorf("birthplace %v", got)
	}
	if got, want := p.request.Get("claims"), `{"id_token":{"rep_scope":{"essential":true,"values":[]}}}`; got != want {
		t.Errorf("claims %s", got)
	}
}

func TestBrokerProviderDownOrUnknown(t *testing.T) {
	t.Parallel()
	tw := twintest.Shared(t)
	p := &identityProvider{uid: twintest.Name("idp")}
	if err := tw.PutProvider(t.Context(), twin.Provider{UID: p.uid, Title: "Nobody", Issuer: "http://localhost:1", ClientID: "franceconnect", Secret: randomHex()}); err != nil {
		t.Fatal(err)
	}
	r := newService(t, p)
	r.open(eidas1)
	r.press("idp=" + p.uid)
	if r.TextByID("code") != "Y020026" {
		t.Errorf("provider down: %s", r.Text())
	}
	r.open(eidas1)
	r.must(tw.DeleteProvider(t.Context(), p.uid))
	r.press("idp=" + p.uid)
	if r.TextByID("code") != "Y020019" {
		t.Errorf("provider gone: %s", r.Text())
	}
}

func TestBrokerHoldsToTheServicesList(t *testing.T) {
	t.Parallel()
	tw := twintest.Shared(t)
	offered, other := newIdentityProvider(t, tw, "ES256"), newIdentityProvider(t, tw, "ES256")
	r := newService(t, offered)
	r.open(eidas1)
	if r.HasButton("idp=" + other.uid) {
		t.Error("offers a provider that the service did not choose")
	}
	r.must(r.Post(r.URL().Path+"/choose", url.Values{"idp": {other.uid}}))
	if r.TextByID("code") != "Y020023" {
		t.Errorf("%s", r.Text())
	}
}

// A citizen who died between the mandate and its use: the register says so, whoever identified them.
func TestBrokerAsksTheRegister(t *testing.T) {
	t.Parallel()
	tw := twintest.Shared(t)
	p := newIdentityProvider(t, tw, "ES256")
	p.spoilInfo = func(m map[string]any) { m["given_name"] = p.uid }
	login := twintest.Name("citoyenne")
	err := tw.PutCitizen(t.Context(), twin.Citizen{
		Login: login, GivenName: p.uid, FamilyName: "VASSEUR", Gender: "female", Birthdate: "1939-02-28", Birthplace: "2B033", BirthCountry: "99100",
		Refusal: "Y010015", Clients: []string{"nobody"},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := newService(t, p)
	r.open(eidas1)
	r.press("idp=" + p.uid)
	if r.TextByID("code") != "Y010015" {
		t.Errorf("%s", r.Text())
	}
}
