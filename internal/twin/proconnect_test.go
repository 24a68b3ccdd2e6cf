package twin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
)

const mfa = `{"id_token":{"amr":null,"acr":{"essential":true,"values":["eidas1-mfa","eidas2","eidas3"]}}}`

// newAgent registers a professional and a client that sees them.
func newAgent(t *testing.T, change func(*twin.Professional)) (*rp, twin.Professional) {
	t.Helper()
	r := newRP(t, twintest.Shared(t), twin.ProConnect, func(c *twin.Client) { c.IDTokenAlg, c.UserinfoAlg = "", "" })
	r.alg = "RS256" // what a new application gets
	p := twin.Professional{
		ID: twintest.Name("agent"), GivenName: "Aline", UsualName: "Robert", Email: "aline.robert@ccas.example", UID: "arobert", SIRET: "21750001600019", IDPID: "fia1",
		OrganizationLabel: "CCAS de démonstration", Roles: []string{"agent_public"}, ACR: []string{"eidas1", "eidas1-mfa"}, Clients: []string{r.client.ID},
	}
	if change != nil {
		change(&p)
	}
	r.must(r.twin.PutProfessional(t.Context(), p))
	return r, p
}

func TestProConnectSignsAProfessionalIn(t *testing.T) {
	t.Parallel()
	sub := twintest.Name("sub")
	r, p := newAgent(t, func(p *twin.Professional) { p.Sub = sub })
	verifier := oauth2.GenerateVerifier()
	r.open(with("claims", mfa), oauth2.S256ChallengeOption(verifier))
	r.press("login=" + p.ID)
	a := r.finish(oauth2.VerifierOption(verifier))
	var c struct {
		ACR string   `json:"acr"`
		AMR []string `json:"amr"`
	}
	r.must(a.id.Claims(&c))
	if a.id.Subject != sub || c.ACR != "eidas1-mfa" || strings.Join(c.AMR, " ") != "pwd otp mfa" {
		t.Errorf("sub %s, acr %s, amr %v", a.id.Subject, c.ACR, c.AMR)
	}
	for name, want := range map[string]any{"given_name": "Aline", "usual_name": "Robert", "email": p.Email, "uid": "arobert", "siret": p.SIRET, "idp_id": "fia1", "organization_label": p.OrganizationLabel, "sub": sub} {
		if a.info[name] != want {
			t.Errorf("%s is %v, want %v", name, a.info[name], want)
		}
	}
	if a.info["family_name"] != nil {
		t.Error("ProConnect has no family_name")
	}
	if a.token.ExpiresIn != 3600 || a.token.RefreshToken == "" {
		t.Errorf("expires_in %d, refresh token %q", a.token.ExpiresIn, a.token.RefreshToken)
	}
	next, err := r.conf.TokenSource(t.Context(), &oauth2.Token{RefreshToken: a.token.RefreshToken}).Token()
	r.must(err)
	if next.RefreshToken == a.token.RefreshToken {
		t.Error("the refresh token does not rotate")
	}
}

func TestProConnectHoldsToPKCE(t *testing.T) {
	t.Parallel()
	r, p := newAgent(t, nil)
	verifier := oauth2.GenerateVerifier()
	for name, options := range map[string][]oauth2.AuthCodeOption{"wrong": {oauth2.VerifierOption(strings.Repeat("x", 43))}, "none": nil} {
		r.open(with("prompt", "login"), oauth2.S256ChallengeOption(verifier))
		r.press("login=" + p.ID)
		code, _, _ := r.back()
		if _, err := r.conf.Exchange(t.Context(), code, options...); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
			t.Errorf("%s verifier: %v", name, err)
		}
	}
}

func TestProConnectAnswersALowerLevel(t *testing.T) {
	t.Parallel()
	r, p := newAgent(t, nil)
	r.open(with("claims", mfa))
	r.must(r.Press("login="+p.ID, url.Values{"acr": {"eidas1"}}))
	var c struct {
		ACR string   `json:"acr"`
		AMR []string `json:"amr"`
	}
	a := r.finish()
	r.must(a.id.Claims(&c))
	if c.ACR != "eidas1" || strings.Join(c.AMR, " ") != "pwd" {
		t.Errorf("acr %s, amr %v", c.ACR, c.AMR)
	}
}

func TestProConnectSession(t *testing.T) {
	t.Parallel()
	r, p := newAgent(t, nil)
	r.open(with("prompt", "none"))
	if _, failure, _ := r.back(); failure != "login_required" {
		t.Fatalf("silent login without a session: %s", failure)
	}
	r.open()
	r.press("login=" + p.ID)
	a := r.finish()
	r.open(with("prompt", "none"))
	if again := r.finish(); again.id.Subject != a.id.Subject {
		t.Error("silent login as somebody else")
	}
	r.open(with("prompt", "login"))
	if !r.HasButton("login=" + p.ID) {
		t.Fatalf("prompt=login does not ask: %s", r.Text())
	}
	r.logout(a)
	r.open(with("prompt", "none"))
	if _, failure, _ := r.back(); failure != "login_required" {
		t.Errorf("after logout: %s", failure)
	}
}

func TestProConnectSubDependsOnTheIdentityProvider(t *testing.T) {
	t.Parallel()
	sub := func(idp, entity string) string {
		r, p := newAgent(t, func(p *twin.Professional) { p.IDPID = idp })
		r.client.Entity = entity
		r.must(r.twin.PutClient(t.Context(), twin.ProConnect, r.client))
		r.open()
		r.press("login=" + p.ID)
		return r.finish().id.Subject
	}
	entity := twintest.Name("entity")
	first := sub("fia1", entity)
	if first != sub("fia1", entity) {
		t.Error("the same person has two subs")
	}
	if first == sub("fia2", entity) || first == sub("fia1", twintest.Name("entity")) {
		t.Error("another provider or another client sees the same sub")
	}
}

func TestProConnectRefuses(t *testing.T) {
	t.Parallel()
	r, p := newAgent(t, nil)
	for parameter, address := range map[string]string{
		"max_age":    r.address(with("max_age", "0")),
		"nonce":      r.address(with("nonce", "")),
		"state":      r.address(with("state", "")),
		"siret_hint": r.address(with("siret_hint", "123")),
		"ui_locales": r.address(with("ui_locales", "fr")),
	} {
		r.must(r.Get(address))
		if r.Status() != http.StatusBadRequest || r.TextByID("code") != "Y000400" {
			t.Errorf("%s: %d %s", parameter, r.Status(), r.Text())
		}
	}
	r.must(r.Get(r.address(with("redirect_uri", "http://localhost:1/elsewhere"))))
	if r.Stopped() || r.TextByID("code") != "Y030031" {
		t.Errorf("unknown redirect_uri: %s", r.Text())
	}
	r.open()
	r.press("cancel=1")
	if _, failure, _ := r.back(); failure != "access_denied" {
		t.Errorf("cancelled: %s", failure)
	}
	r.open()
	r.press("login=" + p.ID)
	code, _, _ := r.back()
	conf := r.conf
	conf.ClientSecret = "wrong"
	if _, err := conf.Exchange(t.Context(), code); err == nil || !strings.Contains(err.Error(), "invalid_client") {
		t.Errorf("wrong secret: %v", err)
	}
	if err := r.twin.PutProfessional(t.Context(), twin.Professional{ID: "x", Email: "x@example.org", ACR: []string{"eidas9"}}); err == nil {
		t.Error("an unknown acr is taken")
	}
}

func TestProConnectPlainUserinfo(t *testing.T) {
	t.Parallel()
	r, p := newAgent(t, nil)
	r.client.UserinfoAlg = "none"
	r.must(r.twin.PutClient(t.Context(), twin.ProConnect, r.client))
	r.open()
	r.press("login=" + p.ID)
	if a := r.finish(); a.info["iss"] != nil || a.info["siret"] != p.SIRET {
		t.Errorf("%v", a.info)
	}
}
