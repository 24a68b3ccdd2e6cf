package login_test

import (
	"testing"
	"time"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/rogue"
)

// Whose browser has been at ProConnect signs out there too, whatever they gave here since: at a counter that many share, the next one would
// come in as them for as long as ProConnect's session lasts.
func TestSignOut_EndsProConnectsSessionToo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signIn func(t *testing.T) (*desk.Desk, *rogue.Provider, *browse.Browser)
		led    bool
	}{
		"an invitation accepted there, then a key of their own": {func(t *testing.T) (*desk.Desk, *rogue.Provider, *browse.Browser) {
			t.Helper()
			d, p, link := invited(t)
			p.Play(naming("Nora-sub", "nora@exemple.invalid"))
			b, key := browse.New(), d.Key(t)
			get(t, b, link)
			press(t, b, "ProConnect")
			press(t, b, "Accepter et continuer", "accepted", "on")
			if status, answer := d.AddKey(t, b, key, "Clé"); status != 200 {
				t.Fatalf("%d %v", status, answer)
			}
			d.Clock.Advance(20 * time.Minute)
			get(t, b, d.URL+"/fort")
			if status, answer := d.UseKey(t, b, key); status != 200 {
				t.Fatalf("%d %v", status, answer)
			}
			if n := d.Number(t, `select count(*) from session where method = 'invitation' and factor_kind = 'passkey'`); n != 1 {
				t.Fatalf("%d sessions", n)
			}
			return d, p, b
		}, true},
		"refused with what ProConnect said, then by a key": {func(t *testing.T) (*desk.Desk, *rogue.Provider, *browse.Browser) {
			t.Helper()
			d, p := open(t)
			_, key := keyed(t, d, "lea")
			b := browse.New()
			d.SignIn(t, b)
			expect(t, d, b, 403, "login.problem.unknown.title")
			get(t, b, d.URL+"/ailleurs")
			if status, answer := d.UseKey(t, b, key); status != 200 {
				t.Fatalf("%d %v", status, answer)
			}
			return d, p, b
		}, true},
		"never there": {func(t *testing.T) (*desk.Desk, *rogue.Provider, *browse.Browser) {
			t.Helper()
			d, p := open(t)
			_, key := keyed(t, d, "lea")
			b := browse.New()
			get(t, b, d.URL+"/ailleurs")
			if status, answer := d.UseKey(t, b, key); status != 200 {
				t.Fatalf("%d %v", status, answer)
			}
			return d, p, b
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, p, b := c.signIn(t)
			press(t, at(t, d, b), "quitter")
			if led := p.Left().Get("client_id") == client.ID; led != c.led {
				t.Errorf("led to ProConnect's sign-out: %v, at %v", led, b.URL())
			}
			if n := d.Number(t, `select count(*) from session where person_id is not null`); n != 0 {
				t.Errorf("%d sessions", n)
			}
		})
	}
}
