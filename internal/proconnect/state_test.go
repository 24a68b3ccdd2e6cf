package proconnect_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/session"
)

// leave walks to ProConnect and stops before the answer is followed. It returns the answer's address.
func leave(t *testing.T, d *desk.Desk, b *browse.Browser) string {
	t.Helper()
	b.StopAt(d.URL + "/connexion/proconnect/retour")
	d.SignIn(t, b)
	b.StopAt()
	if !b.Stopped() {
		t.Fatalf("not at the callback: %v", b.URL())
	}
	return b.URL().String()
}

func expect(t *testing.T, d *desk.Desk, b *browse.Browser, want string) {
	t.Helper()
	title := titled(t, d, want)
	if b.H1() != title {
		t.Errorf("%q, want the page %q", b.H1(), title)
	}
}

func get(t *testing.T, b *browse.Browser, address string) {
	t.Helper()
	if err := b.Get(address); err != nil {
		t.Fatal(err)
	}
}

func TestCallback_RefusesAnotherBrowser(t *testing.T) {
	t.Parallel()
	d, _, _ := open(t)
	mine, other, without := browse.New(), browse.New(), browse.New()
	answer := leave(t, d, mine)
	leave(t, d, other)
	get(t, other, answer)
	expect(t, d, other, "other_browser")
	// Seen by a second browser, the answer is spoilt for the first.
	get(t, mine, answer)
	expect(t, d, mine, "used")
	answer = leave(t, d, mine)
	get(t, without, answer)
	expect(t, d, without, "other_browser")
	if n := d.Number(t, `select count(*) from session where person_id is not null`); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

func TestCallback_RefusesReplay(t *testing.T) {
	t.Parallel()
	d, _, _ := open(t)
	b := browse.New()
	answer := leave(t, d, b)
	get(t, b, answer)
	if b.H1() != "espace" {
		t.Fatal(b.H1())
	}
	get(t, b, answer)
	expect(t, d, b, "used")
	get(t, b, d.URL+"/espace")
	if b.H1() != "espace" {
		t.Error("the replay ended the session")
	}
}

func TestCallback_RefusesAfterTenMinutes(t *testing.T) {
	t.Parallel()
	d, _, _ := open(t)
	b := browse.New()
	answer := leave(t, d, b)
	d.Clock.Advance(session.AttemptLife + time.Second)
	get(t, b, answer)
	expect(t, d, b, "late")
}

// The same answer opened many times at once signs in once.
func TestCallback_OnceWhateverHappens(t *testing.T) {
	t.Parallel()
	d, p, jeanne := open(t)
	b := browse.New()
	answer := leave(t, d, b)
	status := d.AtOnce(t, b, answer, 12)
	if status[0] != http.StatusSeeOther || status[1] != http.StatusBadRequest || status[11] != http.StatusBadRequest || p.Count("/token") != 1 {
		t.Errorf("answers %v, %d codes exchanged", status, p.Count("/token"))
	}
	if n := d.Number(t, `select count(*) from session where person_id = $1`, jeanne); n != 1 {
		t.Errorf("%d sessions", n)
	}
	if n := d.Number(t, `select count(*) from journal_entry where action = 'session.opened'`); n != 1 {
		t.Errorf("%d entries", n)
	}
}

// Somebody who asks for a page comes to it after signing in, and no link chooses where that is.
func TestSignIn_ComesBack(t *testing.T) {
	t.Parallel()
	d, _, _ := open(t)
	b := browse.New()
	get(t, b, d.URL+"/ailleurs")
	if b.URL().Path != session.SignInPath || b.URL().RawQuery != "" || !b.Has("Connectez-vous pour continuer") {
		t.Fatalf("%v: %s", b.URL(), b.Text())
	}
	if err := b.Press("ProConnect", nil); err != nil || b.H1() != "ailleurs" {
		t.Errorf("%s, %v", b.H1(), err)
	}
}

// The secret of before the sign-in is worth nothing after it: whoever planted it in the browser has no session.
func TestSignIn_ChangesTheSecret(t *testing.T) {
	t.Parallel()
	d, _, _ := open(t)
	b := browse.New()
	answer := leave(t, d, b)
	before := b.Cookies()
	get(t, b, answer)
	planted := browse.New()
	planted.SetCookies(before)
	get(t, planted, d.URL+"/espace")
	if planted.URL().Path != session.SignInPath {
		t.Errorf("the planted secret is signed in at %v", planted.URL())
	}
	if n := d.Number(t, `select count(*) from session`); n != 1 { // the signed-in one: a secret that was replaced a moment ago brings no empty one
		t.Errorf("%d sessions", n)
	}
	if strings.Contains(b.Text(), before[0].Value) {
		t.Error("the secret is on a page")
	}
}

// A flood of sign-ins from one address is slowed, in words, and forgiven by the clock.
func TestStart_SlowsAFlood(t *testing.T) {
	t.Parallel()
	d, p, _ := open(t)
	from := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	from.RemoteAddr = "127.0.0.1:1"
	asked := time.Duration(0)
	for ok := true; ok; asked++ {
		d.Clock.Advance(-time.Second) // the allowance does not come back, however slow the machine
		var err error
		if ok, err = d.Sessions.Allow(from); err != nil {
			t.Fatal(err)
		}
	}
	b := browse.New()
	get(t, b, d.URL+session.SignInPath)
	if err := b.Press("ProConnect", nil); err != nil || b.Status() != http.StatusTooManyRequests || p.Count("/authorize") != 0 {
		t.Errorf("status %d, %v", b.Status(), err)
	}
	expect(t, d, b, "too_many")
	if n := d.Number(t, `select count(*) from security_event`); n != 0 {
		t.Errorf("the flood is written down: %d lines", n)
	}
	d.Clock.Advance((asked + 120) * time.Second)
	d.SignIn(t, b)
	if b.H1() != "espace" {
		t.Errorf("%s: %s", b.H1(), b.Text())
	}
}
