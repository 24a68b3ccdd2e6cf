package franceconnect_test

import (
	"net/http"
	"testing"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/draft"
	"mandat/internal/franceconnect"
	"mandat/internal/proconnect"
	"mandat/internal/rogue"
	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
)

// beside is open with the FranceConnect of the stand-ins.
func beside(t *testing.T) (*counter, *twin.Twin, string) {
	t.Helper()
	tw, name := twintest.Shared(t), twintest.Name("mandat")
	c := &counter{pc: rogue.New(t, "RS256", client)}
	c.Desk = desk.Open(t, func(address string) (proconnect.Config, franceconnect.Config) {
		registered := twin.Client{ID: name, Secret: name + "-secret-of-thirty-two-characters", Name: "Mandat", RedirectURIs: []string{address + "/connexion/franceconnect/retour"},
			PostLogoutRedirectURIs: []string{address + "/connexion/franceconnect/fin"}}
		if err := tw.PutClient(t.Context(), twin.FranceConnect, registered); err != nil {
			t.Fatal(err)
		}
		return proconnect.Config{Issuer: c.pc.Issuer, ClientID: client.ID, ClientSecret: client.Secret},
			franceconnect.Config{Issuer: tw.FranceConnect, ClientID: name, ClientSecret: registered.Secret}
	})
	c.jeanne = c.Person(t, c.pc.Issuer, "Jeanne-sub", c.Here, "aidant")
	c.browser = c.signIn(t, "Jeanne-sub", "21750001600019")
	c.draft = c.Draft(t, c.jeanne, c.Here)
	return c, tw, name
}

func (c *counter) press(t *testing.T, button string) {
	t.Helper()
	if err := c.browser.Press(button, nil); err != nil {
		t.Fatal(err)
	}
}

// as identifies as one of FranceConnect's test identities, as far as it gets.
func (c *counter) as(t *testing.T, login string) {
	t.Helper()
	c.identify(t)
	c.press(t, "login="+login)
	for _, button := range []string{"continue=1", "return=1", "#continue"} { // consent, or the page of a refusal; then the way out
		if c.browser.HasButton(button) {
			c.press(t, button)
		}
	}
}

// The awkward test identities come through whole, and each leaves no session behind at FranceConnect.
func TestTwin_Identities(t *testing.T) {
	t.Parallel()
	c, _, _ := beside(t)
	for login, want := range map[string]struct{ name, birthdate, birthplace, birthcountry string }{
		"test":                             {"Angela Claire Louise DUBOIS", "1962-08-24", "75107", "99100"},
		"avec_nom_dusage":                  {"Angela Claire Louise MARTIN (DUBOIS)", "1962-08-24", "75107", "99100"},
		"caractères_spéciaux":              {"Zoé Françoise D'AŸ-LÉGLISE", "1979-12-03", "29019", "99100"},
		"nom_50+_caractères":               {"Hippolyte DE VILLENEUVE-LA-GUYARD DE SAINT-BARTHÉLEMY-LE-PLAIN", "1944-06-17", "35238", "99100"},
		"naissance_Algérie":                {"Samira HADDAD", "1957-01-21", "", "99352"},
		"test_CLEMENT":                     {"Ange CLEMENT", "1971-05-19", "2A115", "99100"},
		"étranger_présumé_né_jour":         {"Moussa CAMARA", "1963-05-00", "", "99330"},
		"étranger_présumé_né_jour_et_mois": {"Aïssata BARRY", "1958-00-00", "", "99330"},
	} {
		t.Run(login, func(t *testing.T) {
			c.draft = c.Draft(t, c.jeanne, c.Here)
			c.as(t, login)
			if c.browser.H1() != "recapitulatif" {
				t.Fatalf("%v: %s", c.browser.URL(), c.browser.Text())
			}
			i := c.state(t).Identity
			if i.FullName() != want.name || i.Birthdate != want.birthdate || i.Birthplace != want.birthplace || i.Birthcountry != want.birthcountry || len(i.Sub) != 66 {
				t.Errorf("%q born %s at %q %s", i.FullName(), i.Birthdate, i.Birthplace, i.Birthcountry)
			}
		})
	}
}

// FranceConnect's refusals come back to the draft with words, and the next try works.
func TestTwin_Refusals(t *testing.T) {
	t.Parallel()
	c, _, _ := beside(t)
	for _, test := range []struct{ login, want string }{
		{"moins_18_ans", "minor"}, {"test_doublon", "refused"}, {"test_inconnu", "refused"}, {"test_décédé", "refused"},
		{"registre_indisponible", "register_down"}, {"appareil_suspect", "suspicious"}, {"sans_nom_naissance", "technical"},
	} {
		t.Run(test.login, func(t *testing.T) {
			c.as(t, test.login)
			c.refused(t, test.want)
		})
	}
	c.identify(t)
	c.press(t, "cancel=1")
	c.refused(t, "cancelled")
	c.as(t, "test")
	if d := c.state(t); d.State != draft.Identified {
		t.Errorf("the draft is %s", d.State)
	}
}

// A citizen who is refused here is signed out there as well: nobody at this computer finds their session.
func TestTwin_EndsTheSessionOfARefused(t *testing.T) {
	t.Parallel()
	c, tw, name := beside(t)
	c.identify(t)
	c.press(t, "login=moins_18_ans")
	c.press(t, "continue=1")
	if c.browser.URL().Host == "" || !c.browser.HasButton("#continue") {
		t.Fatalf("not at FranceConnect's way out: %v", c.browser.URL())
	}
	c.press(t, "#continue")
	c.refused(t, "minor")
	// Another service of the same FranceConnect, in the same browser, finds nobody.
	other := twin.Client{ID: name + "-other", Secret: name + "-secret-of-thirty-two-characters", RedirectURIs: []string{c.URL + "/nowhere"}}
	if err := tw.PutClient(t.Context(), twin.FranceConnect, other); err != nil {
		t.Fatal(err)
	}
	get(t, c.browser, tw.FranceConnect+"/authorize?response_type=code&client_id="+other.ID+"&redirect_uri="+c.URL+"/nowhere&scope=openid&acr_values=eidas1&state="+subject+"&nonce="+subject)
	if !c.browser.HasButton("login=test") {
		t.Errorf("somebody is signed in at FranceConnect: %v %s", c.browser.URL(), c.browser.Text())
	}
}

// A breakdown at each endpoint comes back to the draft, and the next try works.
func TestTwin_Breakdowns(t *testing.T) {
	t.Parallel()
	c, tw, name := beside(t)
	for _, endpoint := range []string{"token", "userinfo"} {
		if err := tw.SetFault(t.Context(), name+endpoint, twin.Fault{Role: twin.FranceConnect, Client: name, Endpoint: endpoint, Status: http.StatusServiceUnavailable, Times: 1}); err != nil {
			t.Fatal(err)
		}
		c.as(t, "test")
		c.refused(t, "unavailable")
	}
	c.as(t, "test")
	if d := c.state(t); d.State != draft.Identified {
		t.Errorf("the draft is %s", d.State)
	}
}

// The citizen's act in a second browser counts for nothing, with the real journey too.
func TestTwin_LinkSentToTheCitizen(t *testing.T) {
	t.Parallel()
	c, _, _ := beside(t)
	c.browser.StopAt("http://127.0.0.2")
	c.identify(t)
	citizen := browse.New()
	get(t, citizen, c.browser.URL().String())
	for _, button := range []string{"login=test", "continue=1"} {
		if err := citizen.Press(button, nil); err != nil {
			t.Fatal(err)
		}
	}
	title, err := c.Pages.Text("fr", "login.problem.state_other_browser.title")
	if err != nil {
		t.Fatal(err)
	}
	if citizen.H1() != title || c.state(t).State != draft.Open {
		t.Errorf("%s; the draft is %s", citizen.H1(), c.state(t).State)
	}
}

// The citizen's own phone, with the real journey: nothing of theirs is left there or on the aidant's screen but the draft.
func TestTwin_Phone(t *testing.T) {
	t.Parallel()
	c, _, _ := beside(t)
	phone := browse.New()
	get(t, phone, c.link(t))
	for _, button := range []string{"FranceConnect", "login=étranger_présumé_né_jour_et_mois", "continue=1", "#continue"} {
		press(t, phone, button)
	}
	c.shows(t, phone, http.StatusOK, "franceconnect.end.done")
	if d := c.state(t); d.State != draft.Identified || d.Identity.FamilyName != "BARRY" || d.Identity.Birthdate != "1958-00-00" {
		t.Errorf("the draft is %s, of %v", d.State, d.Identity)
	}
	get(t, phone, c.link(t))
	press(t, phone, "FranceConnect")
	if !phone.HasButton("login=test") || phone.URL().Scheme+"://"+phone.URL().Host != c.FranceConnect.Origin() {
		t.Errorf("somebody is signed in at FranceConnect: %v %s", phone.URL(), phone.Text())
	}
	press(t, phone, "cancel=1")
	if phone.HasButton("return=1") {
		press(t, phone, "return=1")
	}
	c.shows(t, phone, http.StatusOK, "franceconnect.end.not_done")
	get(t, c.browser, c.waiting())
	title, err := c.Pages.Text("fr", "login.identity.cancelled.title")
	if err != nil || !c.browser.Has(title) {
		t.Errorf("%v: the aidant's page says %s", err, c.browser.Text())
	}
}
