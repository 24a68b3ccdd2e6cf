package proconnect_test

import (
	"bytes"
	"testing"
	"time"

	"mandat/internal/browse"
	"mandat/internal/journal"
	"mandat/internal/rogue"
	"mandat/internal/session"
)

func TestStepUp(t *testing.T) {
	t.Parallel()
	d, p, jeanne := open(t)
	b := browse.New()
	d.SignIn(t, b)
	before := b.Cookies()
	var id []byte
	row := func() (found []byte, factorAt, expiresAt time.Time) {
		if err := d.Connect(t, d.Superuser).QueryRow(t.Context(), `select id, factor_at, expires_at from session where person_id = $1`, jeanne).Scan(&found, &factorAt, &expiresAt); err != nil {
			t.Fatal(err)
		}
		return found, factorAt, expiresAt
	}
	id, factorAt, ends := row()
	d.Clock.Advance(20 * time.Minute)
	get(t, b, d.URL+"/fort")
	if b.URL().Path != session.ConfirmPath {
		t.Fatal(b.URL())
	}
	if err := b.Press("ProConnect", nil); err != nil || b.H1() != "ailleurs" {
		t.Fatalf("%s, %v", b.H1(), err)
	}
	if p.Asked().Get("prompt") != "login" {
		t.Errorf("asked %v", p.Asked())
	}
	after, renewed, until := row()
	if !bytes.Equal(after, id) || !renewed.After(factorAt.Add(19*time.Minute)) || !until.Equal(ends) {
		t.Errorf("session %x → %x, factor %v → %v, until %v → %v", id, after, factorAt, renewed, ends, until)
	}
	if n := d.Number(t, `select count(*) from journal_entry where action = 'session.stepped_up' and person_id = $1`, jeanne); n != 1 {
		t.Errorf("%d entries", n)
	}
	old := browse.New()
	old.SetCookies(before)
	get(t, old, d.URL+"/espace")
	if old.H1() == "espace" {
		t.Error("the secret of before the step-up still works")
	}
}

func TestStepUp_Refuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]wrong{
		"another person": {func(p *rogue.Plan) { p.Subject = "Paul-sub" }, "other_person"},
		"nobody we know": {func(p *rogue.Plan) { p.Subject = "Nobody-sub" }, "other_person"},
		"lower acr":      {func(p *rogue.Plan) { p.ACR = "eidas1" }, "weak"},
		"the old factor": {func(p *rogue.Plan) {
			p.IDToken = func(c map[string]any) { c["auth_time"] = time.Now().Add(-time.Hour).Unix() }
		}, "not_again"},
		"the factor of just before": {func(p *rogue.Plan) {
			p.IDToken = func(c map[string]any) { c["auth_time"] = time.Now().Add(-time.Minute).Unix() }
		}, "not_again"},
		"a factor without a time": {func(p *rogue.Plan) { p.IDToken = func(c map[string]any) { delete(c, "auth_time") } }, "wrong_answer"},
		"a factor of tomorrow": {func(p *rogue.Plan) {
			p.IDToken = func(c map[string]any) { c["auth_time"] = time.Now().Add(24 * time.Hour).Unix() }
		}, "wrong_answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, p, jeanne := open(t)
			d.Person(t, p.Issuer, "Paul-sub", d.Here, "aidant")
			b := browse.New()
			d.SignIn(t, b)
			session := `select count(*) from session where person_id = $1 and factor_at < now() + interval '10 seconds'`
			d.Clock.Advance(20 * time.Minute)
			plan := sound()
			test.plan(&plan)
			p.Play(plan)
			get(t, b, d.URL+"/fort")
			if err := b.Press("ProConnect", nil); err != nil {
				t.Fatal(err)
			}
			expect(t, d, b, test.want)
			if n := d.Number(t, session, jeanne); n != 1 {
				t.Error("the session was touched")
			}
			get(t, b, d.URL+"/espace")
			if b.H1() != "espace" || b.TextByID("who") != "aidant "+jeanne.String()+" "+d.Here.String() {
				t.Errorf("%s: %s", b.H1(), b.TextByID("who"))
			}
		})
	}
}

// A second factor that ProConnect remembers from the morning is as old as it is.
func TestSignIn_BelievesTheTimeOfTheFactor(t *testing.T) {
	t.Parallel()
	d, p, jeanne := open(t)
	plan := sound()
	plan.IDToken = func(c map[string]any) { c["auth_time"] = time.Now().Add(-3 * time.Hour).Unix() }
	p.Play(plan)
	b := browse.New()
	d.SignIn(t, b)
	if n := d.Number(t, `select count(*) from session where person_id = $1 and factor_at between now() - interval '181 minutes' and now() - interval '179 minutes'`, jeanne); n != 1 {
		t.Error("the factor is not three hours old")
	}
}

// Who has a factor of their own comes in by ProConnect, and has given none that counts: the first act that matters asks for theirs.
func TestSignIn_CountsNoFactorBesideOnesOwn(t *testing.T) {
	t.Parallel()
	d, _, jeanne := open(t)
	code := d.App(t, journal.Actor{Kind: journal.Aidant, Person: jeanne, Organisation: d.Here})
	b := browse.New()
	d.SignIn(t, b)
	if n := d.Number(t, `select count(*) from session where person_id = $1 and factor_at is null and not enrolling`, jeanne); n != 1 {
		t.Error("ProConnect's factor counts")
	}
	get(t, b, d.URL+"/espace")
	if b.H1() != "espace" {
		t.Errorf("reads %s", b.H1())
	}
	get(t, b, d.URL+"/fort")
	if b.URL().Path != session.ConfirmPath {
		t.Fatal(b.URL())
	}
	if err := b.Press("Valider le code", map[string][]string{"code": {code()}}); err != nil || b.H1() != "ailleurs" {
		t.Fatalf("%s, %v", b.H1(), err)
	}
	if n := d.Number(t, `select count(*) from session where person_id = $1 and factor_kind = 'app'`, jeanne); n != 1 {
		t.Error("the own factor does not count")
	}
}

// A clock that is a little ahead of ours dates no factor into the future.
func TestSignIn_DatesNoFactorIntoTheFuture(t *testing.T) {
	t.Parallel()
	d, p, jeanne := open(t)
	plan := sound()
	plan.IDToken = func(c map[string]any) { c["auth_time"] = time.Now().Add(20 * time.Second).Unix() }
	p.Play(plan)
	d.SignIn(t, browse.New())
	if n := d.Number(t, `select count(*) from session where person_id = $1 and factor_at <= now()`, jeanne); n != 1 {
		t.Error("the factor is of the future")
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	d, p, jeanne := open(t)
	b := browse.New()
	d.SignIn(t, b)
	cookies := b.Cookies()
	if err := b.Press("quitter", nil); err != nil || b.H1() != "accueil" || b.TextByID("who") != "nobody" {
		t.Fatalf("%v %s %v", b.URL(), b.TextByID("who"), err)
	}
	if _, ok := b.Cookie("mandat"); ok {
		t.Error("the browser still has its cookie")
	}
	left := p.Left()
	if left.Get("client_id") != client.ID || left.Get("post_logout_redirect_uri") != d.URL+"/" || len(left.Get("state")) != 64 || left.Has("id_token_hint") {
		t.Errorf("left %v", left)
	}
	if n := d.Number(t, `select count(*) from session`) + d.Number(t, `select count(*) from journal_entry where action = 'session.closed' and person_id = $1`, jeanne); n != 1 {
		t.Errorf("sessions and entries: %d", n)
	}
	b.SetCookies(cookies)
	get(t, b, d.URL+"/espace")
	if b.H1() == "espace" {
		t.Error("the secret still works")
	}
}

// A ProConnect that is down cannot keep anybody signed in here.
func TestSignOut_WithoutProConnect(t *testing.T) {
	t.Parallel()
	d, p, _ := open(t)
	b := browse.New()
	d.SignIn(t, b)
	p.Close()
	b.StopAt(p.Issuer)
	if err := b.Press("quitter", nil); err != nil {
		t.Fatal(err)
	}
	if n := d.Number(t, `select count(*) from session`); n != 0 {
		t.Errorf("%d sessions", n)
	}
}
