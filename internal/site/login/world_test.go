package login_test

import (
	"net/http"
	"strings"
	"testing"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/franceconnect"
	"mandat/internal/org"
	"mandat/internal/proconnect"
	"mandat/internal/rogue"
)

var client = rogue.Client{ID: "mandat", Secret: "a-secret-of-at-least-thirty-two-characters"}

// open starts a site whose ProConnect names nobody we know, unless a test says whom.
func open(t *testing.T) (*desk.Desk, *rogue.Provider) {
	t.Helper()
	p := rogue.New(t, "RS256", client)
	p.Play(naming("Nobody-sub", "nobody@exemple.invalid"))
	d := desk.Open(t, func(string) (proconnect.Config, franceconnect.Config) {
		return proconnect.Config{Issuer: p.Issuer, ClientID: client.ID, ClientSecret: client.Secret},
			franceconnect.Config{Issuer: "https://franceconnect.invalid", ClientID: "mandat", ClientSecret: "secret"}
	})
	return d, p
}

// asked is a site where Léa, who has an application, has asked for a link, in a browser.
func asked(t *testing.T) (*desk.Desk, *browse.Browser) {
	t.Helper()
	d, _ := open(t)
	d.App(t, d.Newcomer(t, "lea", org.RoleAidant))
	b := browse.New()
	d.AskLink(t, b, "lea@exemple.invalid")
	return d, b
}

func naming(sub, email string) rogue.Plan {
	return rogue.Plan{Subject: sub, ACR: "eidas1-mfa", Info: map[string]any{"email": email, "siret": "21750001600019", "idp_id": "fia1"}}
}

func get(t *testing.T, b *browse.Browser, address string) {
	t.Helper()
	if err := b.Get(address); err != nil {
		t.Fatal(err)
	}
}

func press(t *testing.T, b *browse.Browser, button string, pairs ...string) {
	t.Helper()
	values := map[string][]string{}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = []string{pairs[i+1]}
	}
	if err := b.Press(button, values); err != nil {
		t.Fatal(err)
	}
}

// expect is the page with a title, by its key.
func expect(t *testing.T, d *desk.Desk, b *browse.Browser, status int, key string) {
	t.Helper()
	title, err := d.Pages.Text("fr", key)
	if err != nil {
		t.Fatal(err)
	}
	if b.Status() != status || b.H1() != title {
		t.Errorf("%d %q at %v, want %d %q: %s", b.Status(), b.H1(), b.URL(), status, title, b.Text())
	}
}

// noted counts the lines of the security log of a kind, about a person if one is given.
func noted(t *testing.T, d *desk.Desk, kind string, person any) int {
	t.Helper()
	return d.Number(t, `select count(*) from security_event where kind = $1 and person_id is not distinct from $2::uuid`, "sign_in."+kind, person)
}

// closed asks every page that is not for everybody, and fails if one opens: somebody who is not signed in, or only by half, is sent to
// sign in or refused; who is here to add a first factor comes to the pages in except.
func closed(t *testing.T, d *desk.Desk, b *browse.Browser, except ...string) {
	t.Helper()
	secret, _ := b.Cookie("mandat")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	asked := 0
	for _, route := range d.Router.Routes() {
		if route.Audience == "public" || route.Audience == "browser" || route.Audience == "probe" || opens(route.Pattern, except) {
			continue
		}
		asked++
		path := strings.NewReplacer("{draft}", d.Here.String(), "{factor}", d.Here.String(), "{browser}", "0a", "{invitation}", d.Here.String()).Replace(route.Pattern)
		req, err := http.NewRequestWithContext(t.Context(), route.Method, d.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(&http.Cookie{Name: "mandat", Value: secret})
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		to := res.Header.Get("Location")
		if res.StatusCode < 400 && !(res.StatusCode == http.StatusSeeOther && (to == "/connexion" || to == "/compte/facteurs/premier")) {
			t.Errorf("%s %s: %d to %q", route.Method, path, res.StatusCode, to)
		}
	}
	if asked < 20 {
		t.Errorf("only %d routes were asked", asked)
	}
}

func opens(pattern string, except []string) bool {
	for _, beginning := range except {
		if strings.HasPrefix(pattern, beginning) {
			return true
		}
	}
	return false
}
