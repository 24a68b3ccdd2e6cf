package login_test

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/softkey"
)

// stale is somebody with an application and a passkey who was signed in twenty minutes ago, and is asked for a factor again.
func stale(t *testing.T) (d *desk.Desk, lea journal.Actor, code func() string, key *softkey.Key, b *browse.Browser) {
	t.Helper()
	d, _, code, b = halfLea(t)
	lea, key = d.Member(t, "lea@exemple.invalid"), d.Key(t)
	press(t, b, "Valider le code", "code", code())
	if status, answer := d.AddKey(t, b, key, "Clé"); status != 200 {
		t.Fatalf("adding a passkey: %d %v", status, answer)
	}
	d.Clock.Advance(20 * time.Minute)
	get(t, b, d.URL+"/fort")
	expect(t, d, b, 200, "login.confirm.title")
	return d, lea, code, key, b
}

// Who has factors of their own gives one of them, and comes back to where they were.
func TestConfirm_WithAFactorOfOnesOwn(t *testing.T) {
	t.Parallel()
	for name, give := range map[string]func(t *testing.T, d *desk.Desk, code func() string, key *softkey.Key, b *browse.Browser){
		"app": func(t *testing.T, _ *desk.Desk, code func() string, _ *softkey.Key, b *browse.Browser) {
			t.Helper()
			press(t, b, "Valider le code", "code", code())
			if b.H1() != "ailleurs" {
				t.Errorf("at %v: %s", b.URL(), b.Text())
			}
		},
		"passkey": func(t *testing.T, d *desk.Desk, _ func() string, key *softkey.Key, b *browse.Browser) {
			t.Helper()
			if status, answer := d.UseKey(t, b, key); status != 200 || answer["location"] != "/ailleurs" {
				t.Errorf("%d %v", status, answer)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, lea, code, key, b := stale(t)
			if b.HasButton("ProConnect") {
				t.Error("ProConnect is offered")
			}
			before, _ := b.Cookie("mandat")
			ends := `select count(*) from session where person_id = $1 and expires_at = created_at + interval '12 hours' and factor_kind = $2 and factor_at > $3`
			give(t, d, code, key, b)
			if n := d.Number(t, ends, lea.Person, name, d.Clock.Now().Add(-time.Minute)); n != 1 {
				t.Errorf("%d sessions with this factor, of the same length", n)
			}
			if after, _ := b.Cookie("mandat"); after == before {
				t.Error("the secret is the same as before")
			}
			if n := d.Number(t, `select count(*) from journal_entry where action = 'session.stepped_up' and person_id = $1 and body::jsonb->'detail'->>'factor' = $2`, lea.Person, name); n < 1 {
				t.Error("no entry")
			}
		})
	}
}

// What does not show that it is them changes nothing.
func TestConfirm_Refuses(t *testing.T) {
	t.Parallel()
	d, lea, _, _, b := stale(t)
	_, other := keyed(t, d, "max")
	get(t, b, d.URL+"/fort")
	press(t, b, "Valider le code", "code", "000000")
	expect(t, d, b, 422, "login.confirm.title")
	press(t, b, "Valider le code", "code", "")
	expect(t, d, b, 422, "login.confirm.title")
	other.Forced = true
	if status, _ := send(t, d, b, signed(t, other, d.Question(t, b))); status != 403 {
		t.Errorf("another person's key: %d", status)
	}
	// A post that would go to ProConnect for somebody without factors is no way around.
	if err := b.Post("/connexion/confirmation", url.Values{}); err != nil || b.Status() != 422 {
		t.Errorf("without a code: %d, %v", b.Status(), err)
	}
	if n := d.Number(t, `select count(*) from session where person_id = $1 and factor_at > $2`, lea.Person, d.Clock.Now().Add(-15*time.Minute)); n != 0 {
		t.Error("a factor was noted")
	}
	if n := noted(t, d, "code_wrong", lea.Person) + noted(t, d, "passkey_wrong", lea.Person); n != 2 {
		t.Errorf("%d lines in the security log", n)
	}
}

// A question that was asked to sign in is not answered to step up, nor the other way round.
func TestConfirm_AnswersToItsOwnQuestion(t *testing.T) {
	t.Parallel()
	d, _, code, key, b := stale(t)
	stepUp := signed(t, key, d.Question(t, b))
	press(t, b, "Valider le code", "code", code())
	press(t, at(t, d, b), "quitter")
	fresh := browse.New()
	d.Question(t, fresh)
	if status, _ := d.Script(t, fresh, "/connexion/cle/reponse", map[string]any{"response": json.RawMessage(stepUp)}); status != 403 {
		t.Errorf("an answer of stepping up signs in: %d", status)
	}
}

// The cookie that a thief has copied dies when its owner signs out, or steps up.
func TestSignOut_AStolenCookieDies(t *testing.T) {
	t.Parallel()
	d, lea, code, _, b := stale(t)
	thief := browse.New()
	thief.SetCookies(b.Cookies())
	get(t, thief, d.URL+"/espace")
	if thief.H1() != "espace" || d.Who(t, thief) != lea.Person {
		t.Fatalf("the thief is not in: %s", thief.H1())
	}
	press(t, b, "Valider le code", "code", code())
	get(t, thief, d.URL+"/espace")
	expect(t, d, thief, 200, "login.title")
	later := browse.New()
	later.SetCookies(b.Cookies())
	get(t, later, d.URL+"/espace")
	press(t, at(t, d, b), "quitter")
	expect(t, d, b, 200, "login.out.title")
	for _, path := range []string{"/espace", "/compte", "/compte/facteurs"} {
		get(t, later, d.URL+path)
		expect(t, d, later, 200, "login.title")
	}
	if n := d.Number(t, `select count(*) from session where person_id = $1`, lea.Person); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

// Without a factor of one's own it is ProConnect that is asked; with one, what ProConnect says does not count any more.
func TestConfirm_ProConnectOnlyWithoutAFactorOfOnesOwn(t *testing.T) {
	t.Parallel()
	d, p := open(t)
	jeanne := d.Person(t, p.Issuer, "Jeanne-sub", d.Here, org.RoleAidant)
	p.Play(naming("Jeanne-sub", "jeanne-sub@exemple.invalid"))
	b := browse.New()
	d.SignIn(t, b)
	d.Clock.Advance(20 * time.Minute)
	get(t, b, d.URL+"/fort")
	if b.HasButton("Valider le code") || !b.HasButton("ProConnect") {
		t.Error("a code is asked for, or ProConnect is not")
	}
	b.StopAt(d.URL + "/connexion/proconnect/retour")
	press(t, b, "ProConnect")
	b.StopAt()
	answer := b.URL().String()
	code := d.App(t, journal.Actor{Kind: journal.Aidant, Person: jeanne, Organisation: d.Here}) // meanwhile, in another tab
	get(t, b, answer)
	expect(t, d, b, 403, "login.problem.own_factor.title")
	if n := d.Number(t, `select count(*) from session where person_id = $1 and factor_at > $2`, jeanne, d.Clock.Now().Add(-15*time.Minute)); n != 0 {
		t.Error("ProConnect's factor was noted")
	}
	get(t, b, d.URL+"/connexion/confirmation")
	press(t, b, "Valider le code", "code", code())
	if b.H1() != "ailleurs" {
		t.Errorf("at %v: %s", b.URL(), b.Text())
	}
}

// A factor that is asked for a citizen says for whom, to who works for that citizen's organisation, and counts for them.
func TestConfirm_ForACitizen(t *testing.T) {
	t.Parallel()
	d, lea, code, _, b := stale(t)
	d.Jeanne.FactorAt, d.Ines.FactorAt = d.Clock.Now(), d.Clock.Now()
	here, there := d.Sign(t, d.Jeanne, fixture.Angela(), fixture.Tax), d.Sign(t, d.Ines, fixture.Citizen(7), fixture.Tax)
	get(t, b, d.URL+"/pour/"+there.Citizen.String())
	expect(t, d, b, 200, "login.confirm.title")
	if b.Has("FICTIF-7") {
		t.Error("it names a citizen of another organisation")
	}
	get(t, b, d.URL+"/pour/"+here.Citizen.String())
	if !b.Has("Pour la connexion de") || !b.Has("DUBOIS") {
		t.Errorf("the page says %s", b.Text())
	}
	press(t, b, "Valider le code", "code", code())
	if n := d.Number(t, `select count(*) from session where person_id = $1 and factor_citizen = $2`, lea.Person, here.Citizen); n != 1 {
		t.Error("it does not count for them")
	}
	get(t, b, d.URL+"/fort")
	if b.Has("Pour la connexion de") {
		t.Error("the next one is asked for them too")
	}
}
