package twin_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/browse"
	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
)

func TestFranceConnectTellsWhoTheCitizenIs(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"ES256", "RS256"} {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			r := newRP(t, twintest.Shared(t), twin.FranceConnect, func(c *twin.Client) { c.IDTokenAlg, c.UserinfoAlg = alg, alg })
			r.citizen("test")
			a := r.finish()
			if !regexp.MustCompile(`^[0-9a-f]{64}v1$`).MatchString(a.id.Subject) {
				t.Errorf("sub %q", a.id.Subject)
			}
			var c struct {
				ACR string `json:"acr"`
				AMR any    `json:"amr"`
			}
			r.must(a.id.Claims(&c))
			if c.ACR != "eidas1" || c.AMR != nil {
				t.Errorf("acr %q, amr %v without being asked", c.ACR, c.AMR)
			}
			if life := a.id.Expiry.Sub(a.id.IssuedAt); life != time.Minute {
				t.Errorf("ID token lives %v", life)
			}
			if a.token.ExpiresIn != 60 || a.token.RefreshToken != "" {
				t.Errorf("expires_in %d, refresh token %q", a.token.ExpiresIn, a.token.RefreshToken)
			}
			for _, envelope := range []string{"sub", "iss", "aud", "iat", "exp"} {
				if a.info[envelope] == nil {
					t.Errorf("userinfo has no %s", envelope)
				}
				delete(a.info, envelope)
			}
			want := map[string]any{
				"given_name": "Angela Claire Louise", "given_name_array": []any{"Angela", "Claire", "Louise"}, "family_name": "DUBOIS", "gender": "female",
				"birthdate": "1962-08-24", "birthplace": "75107", "birthcountry": "99100", "email": "personne.de.test@example.org",
			}
			if diff := cmp.Diff(want, a.info); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whoever takes Mandat's words for given must also meet these people.
func TestFranceConnectAwkwardIdentities(t *testing.T) {
	t.Parallel()
	tests := map[string]map[string]any{
		"avec_nom_dusage":                  {"family_name": "DUBOIS", "preferred_username": "MARTIN"},
		"naissance_Algérie":                {"birthplace": "", "birthcountry": "99352", "preferred_username": nil},
		"test_CLEMENT":                     {"birthplace": "2A115"},
		"insee_ancien":                     {"birthplace": "75012"},
		"étranger_présumé_né_jour":         {"birthdate": "1963-05-01"},
		"étranger_présumé_né_jour_et_mois": {"birthdate": "1958-01-01"},
		"caractères_spéciaux":              {"family_name": "D'AŸ-LÉGLISE"},
		"moins_18_ans":                     {"birthdate": "2013-04-09"},
	}
	for login, want := range tests {
		t.Run(login, func(t *testing.T) {
			t.Parallel()
			r := newRP(t, twintest.Shared(t), twin.FranceConnect, nil)
			r.citizen(login)
			info := r.finish().info
			for name, value := range want {
				if info[name] != value {
					t.Errorf("%s is %v, want %v", name, info[name], value)
				}
			}
		})
	}
}

func TestFranceConnectSubIsPairwise(t *testing.T) {
	t.Parallel()
	sub := func(entity, login string) string {
		r := newRP(t, twintest.Shared(t), twin.FranceConnect, func(c *twin.Client) { c.Entity = entity })
		r.citizen(login)
		return r.finish().id.Subject
	}
	mairie, impots := twintest.Name("mairie"), twintest.Name("impots")
	first := sub(mairie, "test")
	if first != sub(mairie, "test") {
		t.Error("one person has two subs at one entity")
	}
	if first != sub(mairie, "avec_nom_dusage") {
		t.Error("the usage name, which is no part of the pivot identity, changes the sub")
	}
	if first == sub(impots, "test") || first == sub(mairie, "test_CLEMENT") {
		t.Error("two entities, or two people, share a sub")
	}
}

func TestFranceConnectCodeWorksOnce(t *testing.T) {
	t.Parallel()
	r := newRP(t, twintest.Shared(t), twin.FranceConnect, nil)
	r.citizen("test")
	code, _, _ := r.back()
	a := r.finish()
	if _, err := r.conf.Exchange(t.Context(), code); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("second exchange: %v", err)
	}
	if r.userinfo(a) == nil {
		t.Error("the token outlives the replay of its code")
	}
}

func TestFranceConnectLifetimes(t *testing.T) {
	t.Parallel()
	late := newRP(t, twintest.Shared(t), twin.FranceConnect, func(c *twin.Client) { c.TTL.Code = 1 })
	late.citizen("test")
	code, _, _ := late.back()
	short := newRP(t, twintest.Shared(t), twin.FranceConnect, func(c *twin.Client) { c.TTL.AccessToken = 5 })
	short.citizen("test")
	a := short.finish()
	if a.token.ExpiresIn != 5 {
		t.Errorf("expires_in %d", a.token.ExpiresIn)
	}
	deadline := time.Now().Add(30 * time.Second)
	for short.userinfo(a) == nil && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
	}
	if short.userinfo(a) == nil {
		t.Error("a token of five seconds lives after thirty")
	}
	// By now the code of one second is over too.
	if _, err := late.conf.Exchange(t.Context(), code); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("late code: %v", err)
	}
}

func TestFranceConnectDiscovery(t *testing.T) {
	t.Parallel()
	b := browse.New()
	if err := b.Get(twintest.Shared(t).FranceConnect + "/.well-known/openid-configuration"); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b.Body(), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"issuer": twintest.Shared(t).FranceConnect, "acr_values_supported": []any{"eidas1"}, "response_types_supported": []any{"code"}, "subject_types_supported": []any{"pairwise"},
		"code_challenge_methods_supported": []any{"S256"}, "claims_parameter_supported": true, "authorization_response_iss_parameter_supported": true,
		"token_endpoint_auth_methods_supported": []any{"client_secret_post", "private_key_jwt"},
	} {
		if diff := cmp.Diff(want, got[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestFranceConnectSession(t *testing.T) {
	t.Parallel()
	r := newRP(t, twintest.Shared(t), twin.FranceConnect, func(c *twin.Client) { c.Scope = fcScope + " idp_id amr" })
	r.conf.Scopes = append(r.conf.Scopes, "idp_id")
	r.citizen("test", with("claims", `{"id_token":{"amr":{"essential":true}}}`))
	a := r.finish()
	var c struct {
		AMR []string `json:"amr"`
	}
	r.must(a.id.Claims(&c))
	if diff := cmp.Diff([]string{"fc", "pwd"}, c.AMR); diff != "" || a.info["idp_id"] != "demo-eidas-faible" {
		t.Errorf("entitled to amr and idp_id: %v %v", c.AMR, a.info["idp_id"])
	}
	// The session outlives the login: nobody is asked for anything, unless prompt=login.
	r.open(eidas1)
	r.finish()
	r.open(eidas1, with("prompt", "login"))
	if !r.HasButton("login=test") {
		t.Fatalf("prompt=login does not ask: %s", r.Text())
	}
	// Another citizen in the same browser: the library ends the first one's session on a page of its own.
	r.press("login=test_CLEMENT")
	r.press("continue=1")
	r.press("#continue")
	if got := r.finish().info["family_name"]; got != "CLEMENT" {
		t.Errorf("identified %v", got)
	}
	r.logout(a)
	r.open(eidas1)
	if !r.HasButton("login=test") {
		t.Errorf("still signed in after logout: %s", r.Text())
	}
}

// logout ends the session at the provider and expects its state back.
func (r *rp) logout(a answer) {
	r.t.Helper()
	out := r.client.PostLogoutRedirectURIs[0]
	r.StopAt(out, r.client.RedirectURIs[0])
	r.must(r.Get(r.issuer + "/session/end?" + url.Values{"id_token_hint": {a.raw}, "state": {"kept"}, "post_logout_redirect_uri": {out}}.Encode()))
	r.press("#continue")
	if got := r.URL().String(); got != out+"?state=kept" {
		r.t.Fatalf("logged out to %s: %s", got, r.Text())
	}
}

func TestFranceConnectTakesAPostedRequest(t *testing.T) {
	t.Parallel()
	r := newRP(t, twintest.Shared(t), twin.FranceConnect, nil)
	u, err := url.Parse(r.address(eidas1))
	r.must(err)
	r.must(r.PostFrom("http://localhost:1/", r.issuer+"/authorize", u.Query()))
	r.press("login=test")
	r.press("continue=1")
	r.finish()
	// a refused parameter is refused here too
	q := u.Query()
	q.Set("max_age", "1")
	r.must(r.PostFrom("http://localhost:1/", r.issuer+"/authorize", q))
	if r.TextByID("code") != "Y030007" {
		t.Error(r.Text())
	}
}

func TestFranceConnectOneMoreCitizen(t *testing.T) {
	t.Parallel()
	tw := twintest.Shared(t)
	mine, other := newRP(t, tw, twin.FranceConnect, nil), newRP(t, tw, twin.FranceConnect, nil)
	login := twintest.Name("citoyenne")
	c := twin.Citizen{
		Login: login, GivenName: "Rose", FamilyName: "VASSEUR", Gender: "female", Birthdate: "1939-02-28", Birthplace: "2B033", BirthCountry: "99100",
		Email: "rose@example.org", Clients: []string{mine.client.ID},
	}
	mine.must(tw.PutCitizen(t.Context(), c))
	mine.citizen(login)
	if got := mine.finish().info["given_name"]; got != "Rose" {
		t.Error(got)
	}
	other.open(eidas1)
	if other.HasButton("login=" + login) {
		t.Error("shown to another client")
	}
	c.Refusal = "Y010015"
	mine.must(tw.PutCitizen(t.Context(), c))
	mine.open(eidas1, with("prompt", "login"))
	mine.press("login=" + login)
	if mine.TextByID("code") != "Y010015" {
		t.Error(mine.Text())
	}
	mine.must(tw.DeleteCitizen(t.Context(), login))
}
