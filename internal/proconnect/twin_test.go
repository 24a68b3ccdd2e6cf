package proconnect_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/franceconnect"
	"mandat/internal/proconnect"
	"mandat/internal/session"
	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
)

// beside starts a desk registered at the ProConnect of the stand-ins, and a professional there whom it knows.
func beside(t *testing.T, change func(*twin.Client)) (*desk.Desk, twin.Professional, string) {
	t.Helper()
	tw, name := twintest.Shared(t), twintest.Name("mandat")
	d := desk.Open(t, func(address string) (proconnect.Config, franceconnect.Config) {
		c := twin.Client{ID: name, Secret: name + "-secret-of-thirty-two-characters", Name: "Mandat", RedirectURIs: []string{address + "/connexion/proconnect/retour"},
			PostLogoutRedirectURIs: []string{address + "/"}}
		if change != nil {
			change(&c)
		}
		if err := tw.PutClient(t.Context(), twin.ProConnect, c); err != nil {
			t.Fatal(err)
		}
		return proconnect.Config{Issuer: tw.ProConnect, ClientID: c.ID, ClientSecret: c.Secret},
			franceconnect.Config{Issuer: "https://franceconnect.invalid", ClientID: "mandat", ClientSecret: "secret"}
	})
	p := twin.Professional{ID: name, Sub: name + "-sub", GivenName: "Jeanne", UsualName: "Fictif", Email: name + "@exemple.invalid", SIRET: "21750001600019", IDPID: "fia1",
		OrganizationLabel: "Maison", ACR: []string{"eidas1", "eidas1-mfa"}, Clients: []string{name}}
	if err := tw.PutProfessional(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return d, p, tw.ProConnect
}

func press(t *testing.T, b *browse.Browser, button string, values url.Values) {
	t.Helper()
	if err := b.Press(button, values); err != nil {
		t.Fatal(err)
	}
}

// A day with the libraries that nobody here wrote: sign in, come back for the second factor, sign out.
func TestTwin_SignInStepUpSignOut(t *testing.T) {
	t.Parallel()
	d, p, issuer := beside(t, nil)
	id := d.Person(t, issuer, p.Sub, d.Here, "aidant")
	b := browse.New()
	get(t, b, d.URL+"/ailleurs")
	press(t, b, "ProConnect", nil)
	press(t, b, "login="+p.ID, nil) // the page offers the best level that was asked for
	if b.H1() != "ailleurs" || b.TextByID("who") != "aidant "+id.String()+" "+d.Here.String() {
		t.Fatalf("%v: %s", b.URL(), b.Text())
	}
	get(t, b, d.URL+"/fort")
	press(t, b, "ProConnect", nil)
	press(t, b, "login="+p.ID, nil) // prompt=login: asked again, in spite of the session there
	if b.H1() != "ailleurs" {
		t.Fatalf("%v: %s", b.URL(), b.Text())
	}
	get(t, b, d.URL+"/espace")
	press(t, b, "quitter", nil)
	press(t, b, "#continue", nil)
	if b.H1() != "accueil" || b.TextByID("who") != "nobody" {
		t.Fatalf("%v: %s", b.URL(), b.Text())
	}
	// ProConnect's own session has ended too: it asks who is there.
	d.SignIn(t, b)
	if !b.HasButton("login=" + p.ID) {
		t.Errorf("%v: %s", b.URL(), b.Text())
	}
}

func TestTwin_Refusals(t *testing.T) {
	t.Parallel()
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		d, _, _ := beside(t, nil)
		b := browse.New()
		d.SignIn(t, b)
		press(t, b, "cancel=1", nil)
		expect(t, d, b, "cancelled")
	})
	t.Run("unknown, then another account", func(t *testing.T) {
		t.Parallel()
		d, p, _ := beside(t, nil)
		b := browse.New()
		d.SignIn(t, b)
		press(t, b, "login="+p.ID, nil)
		expect(t, d, b, "unknown")
		d.SignIn(t, b) // single sign-on would bring the same refusal for twelve hours
		if !b.HasButton("login=" + p.ID) {
			t.Errorf("%v: %s", b.URL(), b.Text())
		}
	})
	t.Run("without second factor", func(t *testing.T) {
		t.Parallel()
		d, p, issuer := beside(t, nil)
		d.Person(t, issuer, p.Sub, d.Here, "aidant")
		b := browse.New()
		d.SignIn(t, b)
		press(t, b, "login="+p.ID, url.Values{"acr": {"eidas1"}})
		expect(t, d, b, "weak")
	})
	t.Run("plain userinfo", func(t *testing.T) {
		t.Parallel()
		d, p, issuer := beside(t, func(c *twin.Client) { c.UserinfoAlg = "none" })
		d.Person(t, issuer, p.Sub, d.Here, "aidant")
		b := browse.New()
		d.SignIn(t, b)
		press(t, b, "login="+p.ID, nil)
		expect(t, d, b, "wrong_answer")
	})
	t.Run("another algorithm", func(t *testing.T) {
		t.Parallel()
		d, p, issuer := beside(t, func(c *twin.Client) { c.IDTokenAlg = "ES256" })
		d.Person(t, issuer, p.Sub, d.Here, "aidant")
		b := browse.New()
		d.SignIn(t, b)
		press(t, b, "login="+p.ID, nil)
		expect(t, d, b, "wrong_answer")
	})
	t.Run("broken token endpoint", func(t *testing.T) {
		t.Parallel()
		d, p, issuer := beside(t, nil)
		d.Person(t, issuer, p.Sub, d.Here, "aidant")
		if err := twintest.Shared(t).SetFault(t.Context(), p.ID, twin.Fault{Role: twin.ProConnect, Client: p.ID, Endpoint: "token", Status: http.StatusServiceUnavailable, Times: 1}); err != nil {
			t.Fatal(err)
		}
		b := browse.New()
		d.SignIn(t, b)
		press(t, b, "login="+p.ID, nil)
		expect(t, d, b, "down")
		d.SignIn(t, b)
		if b.URL().Path == session.SignInPath || b.H1() != "espace" {
			t.Errorf("%v: %s", b.URL(), b.Text())
		}
	})
	t.Run("auditor", func(t *testing.T) {
		t.Parallel()
		d, p, issuer := beside(t, nil)
		d.Person(t, issuer, p.Sub, uuid.Nil)
		b := browse.New()
		d.SignIn(t, b)
		press(t, b, "login="+p.ID, nil)
		if b.H1() != "audit" {
			t.Errorf("%v: %s", b.URL(), b.Text())
		}
	})
}

// Whoever is let in from their session at ProConnect has given no new factor.
func TestTwin_ASessionThereIsNoNewFactor(t *testing.T) {
	t.Parallel()
	d, p, issuer := beside(t, nil)
	id := d.Person(t, issuer, p.Sub, d.Here, "aidant")
	first, later := browse.New(), browse.New()
	d.SignIn(t, first)
	press(t, first, "login="+p.ID, nil)
	later.SetCookies(slices.DeleteFunc(first.Cookies(), func(c browse.Cookie) bool { return c.Name == "mandat" }))
	d.SignIn(t, later)
	if later.H1() != "espace" {
		t.Fatalf("%v: %s", later.URL(), later.Text())
	}
	if n := d.Number(t, `select 10 * count(*) + count(distinct factor_at) from session where person_id = $1`, id); n != 21 {
		t.Errorf("sessions and factors: %d", n)
	}
}

// Somebody who is new accepts an invitation with the account that they have there, and signs in with it from then on.
func TestTwin_Invitation(t *testing.T) {
	t.Parallel()
	d, p, _ := beside(t, nil)
	link := d.Invite(t, d.Robin(t), "nora@exemple.invalid", "aidant")
	b := browse.New()
	get(t, b, link)
	press(t, b, "ProConnect", nil)
	press(t, b, "login="+p.ID, nil)
	nora := d.Member(t, "nora@exemple.invalid").Person
	if b.Status() != http.StatusOK || d.Who(t, b) != nora {
		t.Fatalf("%v: %s", b.URL(), b.Text())
	}
	press(t, b, "Accepter et continuer", url.Values{"accepted": {"on"}})
	if b.TextByID("who") != "aidant "+nora.String()+" "+d.Here.String() {
		t.Errorf("%v: %s", b.URL(), b.Text())
	}
	later := browse.New()
	d.SignIn(t, later)
	press(t, later, "login="+p.ID, nil)
	if d.Who(t, later) != nora {
		t.Errorf("%v: %s", later.URL(), later.Text())
	}
	get(t, later, link)
	expect(t, d, later, "invitation_over")
}
