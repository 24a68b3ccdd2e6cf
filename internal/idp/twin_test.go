package idp_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"mandat/internal/browse"
	"mandat/internal/citizen"
	"mandat/internal/client"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
)

// counter is an aidant's browser in front of a public service behind FranceConnect, which offers Mandat. FranceConnect
// runs on the very libraries that the real one pins (package twin).
type counter struct {
	*browse.Browser
	*site
	t       *testing.T
	twin    *twin.Twin
	uid     string
	service string
	by      *visitor

	provider twin.Provider // how FranceConnect has us registered
}

func newCounter(t *testing.T, plainUserInfo bool, perimeters ...string) *counter {
	t.Helper()
	c := &counter{Browser: browse.New(), t: t, twin: twintest.Shared(t), uid: twintest.Name("mandat"), service: twintest.Name("service")}
	clientID, userInfoAlg := twintest.Name("fc"), "ES256"
	if plainUserInfo {
		userInfoAlg = ""
	}
	c.site = newSite(t, client.Client{ID: clientID, Name: "FranceConnect", Kind: client.FranceConnect, Secret: client.NewSecret(secret + clientID), Auth: client.SecretPost, UserInfoAlg: userInfoAlg,
		RedirectURIs: []string{c.twin.FranceConnect + "/oidc-callback"}, PostLogoutRedirectURIs: []string{c.twin.FranceConnect + "/client/logout-callback"}})
	c.provider = twin.Provider{UID: c.uid, Title: "Mandat", Issuer: c.url + "/idp", ClientID: clientID, Secret: secret + clientID, IDTokenAlg: "ES256", UserinfoAlg: userInfoAlg, AidantsConnect: true}
	if err := c.twin.PutProvider(t.Context(), c.provider); err != nil {
		t.Fatal(err)
	}
	err := c.twin.PutService(t.Context(), twin.Service{ID: c.service, Name: "Impôts de démonstration", Perimeters: perimeters, Providers: []string{c.uid}, Hidden: true})
	if err != nil {
		t.Fatal(err)
	}
	c.by = c.visit(t, c.Jeanne)
	c.Bind(t.Context())
	c.SetCookies([]browse.Cookie{{Host: "127.0.0.1", Path: "/", Name: "mandat", Value: c.by.cookie, HTTPOnly: true, SameSite: http.SameSiteLaxMode}})
	return c
}

func (c *counter) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// open goes from the service to our search page.
func (c *counter) open() {
	c.t.Helper()
	c.must(c.Get(c.twin.Service + "/" + c.service))
	c.must(c.Press("#login-"+c.service, nil))
	c.must(c.Press("idp="+c.uid, nil))
	if c.H1() != "Pour qui faites-vous la démarche ?" {
		c.t.Fatalf("at %s: %s", c.URL(), c.Text())
	}
}

// find takes the first citizen of a name, and gives the second factor for them, as the page that asks for it leaves the session.
func (c *counter) find(name string) {
	c.t.Helper()
	c.must(c.Press("Chercher", url.Values{"recherche": {name}}))
	c.must(c.Press("Choisir", nil))
	c.exec(c.t, `update session s set factor_citizen = (select l.citizen_id from idp_login l where l.session_id = s.id order by l.id desc limit 1) where s.id = $1`, c.by.by.Session)
	c.must(c.Get(c.URL().String()))
}

func (c *counter) events(what string) []twin.Event {
	c.t.Helper()
	all, err := c.twin.Events(c.t.Context(), "service-"+c.service, 0)
	c.must(err)
	return slices.DeleteFunc(all, func(e twin.Event) bool { return e.What != what })
}

func TestFranceConnect_GreetsTheCitizen(t *testing.T) {
	t.Parallel()
	abroad, presumed, married, long := fixture.Citizen(1), fixture.Citizen(2), fixture.Citizen(3), fixture.Citizen(4)
	abroad.Birthplace, abroad.Birthcountry = "", "99352"
	presumed.Birthdate = "1950-00-00"
	married.PreferredUsername = "MARTIN"
	long.FamilyName = strings.Repeat("É", 50)
	for name, c := range map[string]struct {
		who        citizen.Identity
		plain      bool
		perimeters []string
		hello      string
	}{
		"signed userinfo":     {fixture.Angela(), false, nil, "Bonjour Angela Claire Louise DUBOIS"},
		"plain userinfo":      {fixture.Angela(), true, nil, "Bonjour Angela Claire Louise DUBOIS"},
		"rep_scope of labels": {fixture.Angela(), false, []string{"Logement", "Argent-Impots-Consommation"}, "Bonjour Angela Claire Louise DUBOIS"},
		"rep_scope of keys":   {fixture.Angela(), false, []string{"argent"}, "Bonjour Angela Claire Louise DUBOIS"},
		"born abroad":         {abroad, false, nil, "Bonjour Camille FICTIF-1"},
		"presumed date":       {presumed, false, nil, "Bonjour Camille FICTIF-2"},
		"usage name":          {married, false, nil, "Bonjour Camille MARTIN"},
		"long name":           {long, true, nil, "Bonjour Camille " + strings.Repeat("É", 50)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := newCounter(t, c.plain, c.perimeters...)
			m := at.Sign(t, at.Jeanne, c.who, fixture.Tax, fixture.Housing)
			at.open()
			at.find(c.who.GivenName)
			at.must(at.Press("Continuer vers FranceConnect", url.Values{"demarche": {fixture.Tax}}))
			at.must(at.Press("continue=1", nil))
			if at.TextByID("greeting") != c.hello {
				t.Fatalf("at %s: %s; %+v", at.URL(), at.Text(), at.events("FC_IDP_FAILED"))
			}
			if c.perimeters != nil && len(at.events("FC_VALID_REP_SCOPE")) != 1 {
				t.Error("FranceConnect did not see the perimeter")
			}
			if got := at.entries(t); len(got) != 1 || got[0].Action != "power.used" || got[0].Mandate != m.ID {
				t.Errorf("entries %+v", got)
			}
			at.must(at.Press("logout="+at.service, nil)) // through FranceConnect and our end_session
			if !strings.Contains(at.URL().String(), "/client/logout-callback?state=") {
				t.Fatalf("FranceConnect did not get the browser back: at %s: %s", at.URL(), at.Text())
			}
			at.must(at.Press("Continuer", nil))
			if !strings.HasPrefix(at.URL().String(), at.twin.Service) {
				t.Errorf("after the logout at %s: %s", at.URL(), at.Text())
			}
			at.by.begin("prompt", "") // the aidant is still signed in
		})
	}
}

// FranceConnect can be given our addresses one by one, instead of where they are published.
func TestFranceConnect_StaticRegistration(t *testing.T) {
	t.Parallel()
	at := newCounter(t, false, "argent")
	published := at.stranger(t).get("/idp/.well-known/openid-configuration").json(t)
	address := func(name string) string { return published[name].(string) }
	at.provider.Endpoints = &twin.Endpoints{Issuer: address("issuer"), Authorization: address("authorization_endpoint"), Token: address("token_endpoint"), Userinfo: address("userinfo_endpoint"),
		JWKS: address("jwks_uri"), EndSession: address("end_session_endpoint")}
	at.provider.Issuer = ""
	at.must(at.twin.PutProvider(t.Context(), at.provider))
	at.Sign(t, at.Jeanne, fixture.Angela(), fixture.Tax)
	at.open()
	at.find("dubois")
	at.must(at.Press("Continuer vers FranceConnect", url.Values{"demarche": {fixture.Tax}}))
	at.must(at.Press("continue=1", nil))
	if at.TextByID("greeting") != "Bonjour Angela Claire Louise DUBOIS" {
		t.Fatalf("at %s: %s; %+v", at.URL(), at.Text(), at.events("FC_IDP_FAILED"))
	}
	at.must(at.Press("logout="+at.service, nil))
	if !strings.Contains(at.URL().String(), "/client/logout-callback?state=") {
		t.Errorf("FranceConnect did not get the browser back: at %s", at.URL())
	}
}

// Whatever goes wrong on our side comes back to the service as the error it knows, or stays on a page of ours.
func TestFranceConnect_IsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		walk func(at *counter, m mandate.Mandate)
		code string // FranceConnect's
	}{
		"cancelled at the search": {func(at *counter, _ mandate.Mandate) {
			at.must(at.Press("Annuler", nil))
		}, "access_denied"},
		"cancelled at the procedure": {func(at *counter, _ mandate.Mandate) {
			at.find("dubois")
			at.must(at.Press("Annuler", nil))
		}, "access_denied"},
		"mandate ended before the token": {func(at *counter, m mandate.Mandate) {
			at.find("dubois")
			at.StopAt(at.twin.FranceConnect)
			at.must(at.Press("Continuer vers FranceConnect", url.Values{"demarche": {fixture.Tax}}))
			back := at.URL().String()
			at.StopAt()
			at.must(at.Mandates.End(at.t.Context(), at.Jeanne, m.ID, "citizen"))
			at.must(at.Get(back))
		}, "server_error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := newCounter(t, false)
			m := at.Sign(t, at.Jeanne, fixture.Angela(), fixture.Tax)
			at.open()
			c.walk(at, m)
			failed := at.events("FC_IDP_FAILED")
			if len(failed) != 1 || failed[0].Error != c.code {
				t.Errorf("FranceConnect saw %+v; at %s: %s", failed, at.URL(), at.Text())
			}
			if at.TextByID("greeting") != "" {
				t.Error("the service greets somebody")
			}
		})
	}
}
