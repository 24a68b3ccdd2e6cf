package proconnect_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/franceconnect"
	"mandat/internal/proconnect"
	"mandat/internal/rogue"
	"mandat/internal/session"
)

var client = rogue.Client{ID: "mandat", Secret: "a-secret-of-at-least-thirty-two-characters"}

// Time that a call to the rogue may take: what works is not hurried, however busy the machine is.
const (
	patient = 30 * time.Second
	hasty   = 5 * time.Second
)

// open starts a desk whose ProConnect is a rogue that names Jeanne.
func open(t *testing.T) (*desk.Desk, *rogue.Provider, uuid.UUID) {
	t.Helper()
	return openWithin(t, patient)
}

func openWithin(t *testing.T, timeout time.Duration) (*desk.Desk, *rogue.Provider, uuid.UUID) {
	t.Helper()
	p := rogue.New(t, "RS256", client)
	p.Play(sound())
	d := desk.Open(t, func(string) (proconnect.Config, franceconnect.Config) {
		return proconnect.Config{Issuer: p.Issuer, ClientID: client.ID, ClientSecret: client.Secret, Timeout: timeout},
			franceconnect.Config{Issuer: "https://franceconnect.invalid", ClientID: "mandat", ClientSecret: "secret"}
	})
	return d, p, d.Person(t, p.Issuer, "Jeanne-sub", d.Here, "aidant")
}

func sound() rogue.Plan {
	return rogue.Plan{Subject: "Jeanne-sub", ACR: "eidas1-mfa", Info: map[string]any{"email": "jeanne-sub@exemple.invalid", "siret": "21750001600019", "idp_id": "fia1"}}
}

func TestSignIn_Sound(t *testing.T) {
	t.Parallel()
	d, p, jeanne := open(t)
	b := browse.New()
	d.SignIn(t, b)
	if b.H1() != "espace" || b.TextByID("who") != "aidant "+jeanne.String()+" "+d.Here.String() {
		t.Fatalf("%d %s: %s", b.Status(), b.H1(), b.Text())
	}
	q := p.Asked()
	if len(q.Get("state")) != 64 || len(q.Get("nonce")) != 64 || q.Get("code_challenge_method") != "S256" || q.Has("prompt") ||
		q.Get("claims") != `{"id_token":{"acr":{"essential":true,"values":["eidas1-mfa","eidas2","eidas3"]},"auth_time":{"essential":true}}}` {
		t.Errorf("asked %v", q)
	}
	if n := d.Number(t, `select count(*) from journal_entry where action = 'session.opened' and person_id = $1 and organisation_id = $2 and body::jsonb->'detail' = '{"acr": "eidas1-mfa", "idp": "fia1", "method": "proconnect", "factor": "proconnect"}'`, jeanne, d.Here); n != 1 {
		t.Errorf("%d entries", n)
	}
}

// Every way in which an answer can be wrong is refused: with its page, without a session, and noted.
func TestSignIn_RefusesWrongAnswers(t *testing.T) {
	t.Parallel()
	d, p, _ := open(t)
	hurried, late, _ := openWithin(t, hasty)
	every, waits := map[string]wrong{
		"no auth_time":             {func(p *rogue.Plan) { p.IDToken = rogue.Drop("auth_time") }, "wrong_answer"},
		"callback with two states": {func(p *rogue.Plan) { p.Callback = func(q url.Values) { q.Add("state", q.Get("state")) } }, "used"},
		"callback without state":   {func(p *rogue.Plan) { p.Callback = func(q url.Values) { q.Del("state") } }, "used"},
		"unknown state":            {func(p *rogue.Plan) { p.Callback = func(q url.Values) { q.Set("state", strings.Repeat("0", 64)) } }, "used"},
		"cancelled":                {rogue.Failing("access_denied", ""), "cancelled"},
		"broken":                   {rogue.Failing("server_error", ""), "down"},
		"lower acr":                {func(p *rogue.Plan) { p.ACR = "eidas1" }, "weak"},
		"weak identity":            {func(p *rogue.Plan) { p.ACR = "eidas0-mfa" }, "weak"},
		"no acr":                   {func(p *rogue.Plan) { p.IDToken = rogue.Drop("acr") }, "weak"},
	}, map[string]bool{}
	for name, lie := range rogue.Lies(time.Now()) {
		every[name], waits[name] = wrong{lie.Tell, "wrong_answer"}, lie.Late
		if lie.Down {
			every[name] = wrong{lie.Tell, "down"}
		}
	}
	for name, test := range every {
		t.Run(name, func(t *testing.T) {
			d, p := d, p
			if waits[name] {
				d, p = hurried, late
			}
			plan := sound()
			test.plan(&plan)
			p.Play(plan)
			refused(t, d, test.want)
		})
	}
}

// wrong is a way to be wrong, and the page it gets.
type wrong struct {
	plan func(*rogue.Plan)
	want string
}

// A provider that is down when it is first needed stops that sign-in and nothing else.
func TestSignIn_RefusesWithoutDiscoveryOrKeys(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]wrong{
		"no keys":        {rogue.Instead(rogue.JWKS, rogue.Status(http.StatusInternalServerError)), "down"},
		"no discovery":   {rogue.Instead(rogue.Discovery, rogue.Status(http.StatusInternalServerError)), "down"},
		"slow discovery": {rogue.Instead(rogue.Discovery, rogue.Slow), "down"},
		"discovery of another": {rogue.Instead(rogue.Discovery, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"issuer":"https://elsewhere.invalid"}`))
		}), "down"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, p, _ := openWithin(t, hasty)
			plan := sound()
			test.plan(&plan)
			p.Play(plan)
			refused(t, d, test.want)
			p.Play(sound())
			b := browse.New()
			browsing(t, func() error {
				d.SignIn(t, b)
				if b.H1() != "espace" {
					return errors.New(b.H1())
				}
				return nil
			})
		})
	}
}

// browsing tries until it works, for what the program remembers for a moment.
func browsing(t *testing.T, try func() error) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// refused signs in, and expects the page of a refusal, no session and a line in the security log.
func refused(t *testing.T, d *desk.Desk, want string) *browse.Browser {
	t.Helper()
	const events = `select count(*) from security_event where kind = $1 and network = '127.0.0.0/24'`
	before := d.Number(t, events, "sign_in."+want)
	b := browse.New()
	d.SignIn(t, b)
	title := titled(t, d, want)
	if b.H1() != title || b.Status() < 400 {
		t.Errorf("status %d, %q, want the page %q", b.Status(), b.H1(), title)
	}
	if n := d.Number(t, `select count(*) from session where person_id is not null`); n != 0 {
		t.Errorf("%d sessions", n)
	}
	if n := d.Number(t, `select count(*) from journal_entry where action = 'session.opened'`); n != 0 {
		t.Errorf("%d entries", n)
	}
	if n := d.Number(t, events, "sign_in."+want) - before; n != 1 {
		t.Errorf("%d security events", n)
	}
	if err := b.Get(d.URL + "/espace"); err != nil || !strings.HasSuffix(b.URL().Path, session.SignInPath) {
		t.Errorf("at %v, %v", b.URL(), err)
	}
	return b
}

// titled returns the title of a refusal's page, which has all its texts in both languages.
func titled(t *testing.T, d *desk.Desk, name string) (title string) {
	t.Helper()
	for _, lang := range []string{"en", "fr"} {
		for _, part := range []string{".what", ".safe", ".next", ".title"} {
			var err error
			if title, err = d.Pages.Text(lang, "login.problem."+name+part); err != nil {
				t.Fatal(err)
			}
		}
	}
	return title
}
