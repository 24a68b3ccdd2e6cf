package login_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/citizen"
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

// two is two tabs of one browser, each on the page that asks Léa for her factor for a citizen of its own: the second was asked last.
type two struct {
	*desk.Desk
	lea      uuid.UUID
	code     func() string
	key      *softkey.Key
	tabs     [2]*browse.Browser
	paths    [2]string
	citizens [2]uuid.UUID
	names    [2]string
}

func twoTabs(t *testing.T) *two {
	t.Helper()
	d, lea, code, key, b := stale(t)
	fixture.Certify(t, d.Database, d.Clock.Now(), lea.Person)
	get(t, b, d.URL+"/ailleurs") // with a certificate comes another cookie
	d.Jeanne.FactorAt = d.Clock.Now()
	w := &two{Desk: d, lea: lea.Person, code: code, key: key, names: [2]string{"DUBOIS", "FICTIF-7"}}
	for i, who := range []citizen.Identity{fixture.Angela(), fixture.Citizen(7)} {
		w.citizens[i] = d.Sign(t, d.Jeanne, who, fixture.Tax).Citizen
		w.tabs[i] = browse.New()
		w.sync(b, i)
		w.paths[i] = d.Login(t, w.tabs[i], w.citizens[i])
		press(t, w.tabs[i], "Confirmer que c’est moi")
		expect(t, d, w.tabs[i], 200, "login.confirm.title")
		if !w.tabs[i].Has("Pour la connexion de") || !w.tabs[i].Has(w.names[i]) || w.tabs[i].Has(w.names[1-i]) {
			t.Fatalf("tab %d says %s", i, w.tabs[i].Text())
		}
	}
	return w
}

// sync gives a tab the cookies that the browser has by now.
func (w *two) sync(from *browse.Browser, to int) { w.tabs[to].SetCookies(from.Cookies()) }

// counts is for whom Léa's factor counts.
func (w *two) counts(t *testing.T) (citizen uuid.UUID) {
	t.Helper()
	if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select coalesce(factor_citizen, '00000000-0000-0000-0000-000000000000') from session where person_id = $1`, w.lea).Scan(&citizen); err != nil {
		t.Fatal(err)
	}
	return citizen
}

// A factor counts for the citizen whose name stood on its page, whichever was asked for last, and leads back to that login.
func TestConfirm_ForTheCitizenOnThePage(t *testing.T) {
	t.Parallel()
	for name, give := range map[string]func(t *testing.T, w *two, i int){
		"code": func(t *testing.T, w *two, i int) {
			t.Helper()
			press(t, w.tabs[i], "Valider le code", "code", "000000") // the page again, and still for them
			if !w.tabs[i].Has(w.names[i]) {
				t.Errorf("after a wrong code: %s", w.tabs[i].Text())
			}
			press(t, w.tabs[i], "Valider le code", "code", w.code())
		},
		"passkey": func(t *testing.T, w *two, i int) {
			t.Helper()
			status, answer := w.UseKey(t, w.tabs[i], w.key)
			if status != 200 {
				t.Fatalf("%d %v", status, answer)
			}
			get(t, w.tabs[i], w.URL+answer["location"].(string))
		},
	} {
		for _, first := range []int{0, 1} {
			t.Run(fmt.Sprint(name, " ", first), func(t *testing.T) {
				t.Parallel()
				w := twoTabs(t)
				for _, i := range []int{first, 1 - first} {
					give(t, w, i)
					if got := w.counts(t); got != w.citizens[i] {
						t.Errorf("given for %s, counts for %s", w.citizens[i], got)
					}
					if b := w.tabs[i]; b.URL().Path != w.paths[i]+"/demarche" || !b.Has(w.names[i]) || b.HasButton("Confirmer que c’est moi") {
						t.Errorf("at %v: %s", b.URL(), b.Text())
					}
					w.sync(w.tabs[i], 1-i)
					w.Clock.Advance(time.Minute)
				}
			})
		}
	}
}

// A page that asks for somebody for whom its login is no more is told so; the factor is noted for nobody, and the code still works.
func TestConfirm_RefusesForSomebodyElse(t *testing.T) {
	t.Parallel()
	w := twoTabs(t)
	page, other := w.tabs[0], browse.New()
	before := signed(t, w.key, w.Question(t, page))
	other.SetCookies(page.Cookies())
	other.StopAt("https://service.exemple.test/")
	w.Choose(t, other, w.paths[0], w.citizens[1])
	code := w.code()
	if status, answer := w.Answer(t, page, before); status != 409 || answer["problem"] != "changed" {
		t.Errorf("a passkey asked for the one before: %d %v", status, answer)
	}
	if status, answer := w.Script(t, page, keyBegin(t, w, 0, w.citizens[0]), map[string]any{}); status != 409 || answer["problem"] != "changed" {
		t.Errorf("asking a passkey for the one before: %d %v", status, answer)
	}
	press(t, page, "Valider le code", "code", code)
	expect(t, w.Desk, page, 409, "login.problem.other_citizen.title")
	if got := w.counts(t); got != uuid.Nil {
		t.Errorf("noted for %s", got)
	}
	if err := page.Follow("Revenir à la connexion"); err != nil || page.URL().Path != w.paths[0]+"/demarche" || !page.Has(w.names[1]) {
		t.Fatalf("at %v, %v: %s", page.URL(), err, page.Text())
	}
	press(t, page, "Confirmer que c’est moi")
	press(t, page, "Valider le code", "code", code)
	if got := w.counts(t); got != w.citizens[1] {
		t.Errorf("counts for %s: %s", got, page.Text())
	}
}

func keyBegin(t *testing.T, w *two, i int, citizen uuid.UUID) string {
	t.Helper()
	return "/connexion/cle?" + url.Values{"connexion": {path.Base(w.paths[i])}, "usager": {citizen.String()}}.Encode()
}

// ProConnect's factor, of who has none of their own, counts for the citizen whose page left for it.
func TestConfirm_ByProConnectForTheCitizenOnThePage(t *testing.T) {
	t.Parallel()
	d, p := open(t)
	jeanne := d.Person(t, p.Issuer, "Jeanne-sub", d.Here, org.RoleAidant)
	p.Play(naming("Jeanne-sub", "jeanne-sub@exemple.invalid"))
	first, second := browse.New(), browse.New()
	d.SignIn(t, first)
	second.SetCookies(first.Cookies())
	d.Jeanne.FactorAt = d.Clock.Now()
	here, there := d.Sign(t, d.Jeanne, fixture.Angela(), fixture.Tax), d.Sign(t, d.Jeanne, fixture.Citizen(7), fixture.Tax)
	path := d.Login(t, first, here.Citizen)
	press(t, first, "Confirmer que c’est moi")
	d.Login(t, second, there.Citizen)
	press(t, second, "Confirmer que c’est moi")
	p.Play(naming("Nobody-sub", "nobody@exemple.invalid"))
	press(t, first, "ProConnect")
	expect(t, d, first, 403, "login.problem.other_person.title")
	if err := first.Follow("Confirmer que c’est bien vous"); err != nil || first.URL().Path != path+"/demarche" {
		t.Fatalf("refused, and back at %v, %v", first.URL(), err)
	}
	press(t, first, "Confirmer que c’est moi")
	p.Play(naming("Jeanne-sub", "jeanne-sub@exemple.invalid"))
	press(t, first, "ProConnect")
	if first.URL().Path != path+"/demarche" || first.HasButton("Confirmer que c’est moi") {
		t.Errorf("at %v: %s", first.URL(), first.Text())
	}
	if n := d.Number(t, `select count(*) from session where person_id = $1 and factor_citizen = $2`, jeanne, here.Citizen); n != 1 {
		t.Error("it does not count for whom it was given")
	}
}

// A login that is somebody else's, or is none, has no page; a factor that is asked for nobody in particular counts for nobody.
func TestConfirm_ForNobodyElsesLogin(t *testing.T) {
	t.Parallel()
	w := twoTabs(t)
	max, key := keyed(t, w.Desk, "max")
	b := browse.New()
	get(t, b, w.URL+"/connexion")
	if status, answer := w.UseKey(t, b, key); status != 200 {
		t.Fatalf("%s: %d %v", max.Person, status, answer)
	}
	for _, query := range []string{"connexion=" + path.Base(w.paths[0]), "connexion=x", "connexion=" + uuid.NewString()} {
		get(t, b, w.URL+"/connexion/confirmation?"+query)
		expect(t, w.Desk, b, 404, "idp.problem.gone.title")
		if b.Has("DUBOIS") {
			t.Error("it names somebody else's citizen")
		}
	}
	w.code()
	get(t, w.tabs[0], w.URL+"/fort")
	if w.tabs[0].Has("Pour la connexion de") {
		t.Error("the next one is asked for them too")
	}
	press(t, w.tabs[0], "Valider le code", "code", w.code())
	if got := w.counts(t); got != uuid.Nil || w.tabs[0].H1() != "ailleurs" {
		t.Errorf("counts for %s, at %v", got, w.tabs[0].URL())
	}
}
