package login_test

import (
	"encoding/hex"
	"net/url"
	"testing"

	"mandat/internal/browse"
	"mandat/internal/charter"
	"mandat/internal/desk"
)

// unread is somebody who is signed in and has not accepted the charter that counts, on their way to a page.
func unread(t *testing.T) (*desk.Desk, *browse.Browser) {
	t.Helper()
	d, p := open(t)
	jeanne := d.Person(t, p.Issuer, "Jeanne-sub", d.Here, "aidant")
	d.World.Behind(t, `delete from charter_acceptance where person_id = $1`, jeanne)
	p.Play(naming("Jeanne-sub", "jeanne-sub@exemple.invalid"))
	b := browse.New()
	get(t, b, d.URL+"/ailleurs")
	press(t, b, "ProConnect")
	expect(t, d, b, 200, "login.charter.title")
	return d, b
}

// The charter is a gate: it is asked for before anything else, and leads on to where the person was going.
func TestCharter_ComesFirstAndLeadsOn(t *testing.T) {
	t.Parallel()
	d, b := unread(t)
	press(t, b, "Accepter et continuer", "accepted", "on")
	if b.H1() != "ailleurs" {
		t.Errorf("at %v: %s", b.URL(), b.Text())
	}
	if n := d.Number(t, `select count(*) from journal_entry where action = 'charter.accepted' and body::jsonb->'detail'->>'sha256' = $1
		and person_id = (select id from person where email = 'jeanne-sub@exemple.invalid') and at > (select max(at) from journal_entry where action = 'session.opened')`,
		hex.EncodeToString(charter.Sum())); n != 1 {
		t.Errorf("%d entries", n)
	}
	get(t, b, d.URL+"/charte")
	if b.HasButton("Accepter et continuer") {
		t.Error("it is asked for again")
	}
}

// A copy of the cookie from before opens nothing of what accepting it opens.
func TestCharter_ChangesTheCookie(t *testing.T) {
	t.Parallel()
	d, b := unread(t)
	thief := browse.New()
	thief.SetCookies(b.Cookies())
	get(t, thief, d.URL+"/compte")
	expect(t, d, thief, 200, "account.title")
	press(t, b, "Accepter et continuer", "accepted", "on")
	for _, path := range []string{"/ailleurs", "/compte"} {
		get(t, thief, d.URL+path)
		expect(t, d, thief, 200, "login.title")
	}
	get(t, b, d.URL+"/ailleurs")
	if b.H1() != "ailleurs" {
		t.Errorf("at %v: %s", b.URL(), b.Text())
	}
}

// What is sent without it is not done, and the page says that nothing is lost.
func TestCharter_HoldsPostsToo(t *testing.T) {
	t.Parallel()
	d, b := unread(t)
	if err := b.Post("/ailleurs", url.Values{"x": {"y"}}); err != nil {
		t.Fatal(err)
	}
	expect(t, d, b, 403, "login.gate.charter.title")
	if d.Acted.Load() != 0 {
		t.Error("it was done")
	}
	get(t, b, d.URL+"/charte")
	press(t, b, "Accepter et continuer", "accepted", "on")
	if err := b.Post("/ailleurs", url.Values{"x": {"y"}}); err != nil || d.Acted.Load() != 1 {
		t.Errorf("done %d times afterwards, %v", d.Acted.Load(), err)
	}
}

// Only the text that was shown is accepted, and only by a tick.
func TestCharter_Refuses(t *testing.T) {
	t.Parallel()
	d, b := unread(t)
	press(t, b, "Accepter et continuer")
	expect(t, d, b, 422, "login.charter.title")
	for name, form := range map[string]url.Values{
		"another version": {"accepted": {"on"}, "version": {"2000-01"}, "sha256": {hex.EncodeToString(charter.Sum())}},
		"another text":    {"accepted": {"on"}, "version": {charter.Version}, "sha256": {hex.EncodeToString(make([]byte, 32))}},
		"no digest":       {"accepted": {"on"}, "version": {charter.Version}, "sha256": {"x"}},
	} {
		if err := b.Post("/charte", form); err != nil {
			t.Fatal(err)
		}
		if b.Status() != 409 {
			t.Errorf("%s: %d", name, b.Status())
		}
	}
	get(t, b, d.URL+"/espace")
	expect(t, d, b, 200, "login.charter.title")
}
