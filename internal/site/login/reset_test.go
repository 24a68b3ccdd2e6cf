package login_test

import (
	"net/http"
	"testing"

	"mandat/internal/browse"
	"mandat/internal/org"
)

// Whoever has lost everything begins anew: the link opens a session for adding a first factor and nothing else, once.
func TestReset_BeginsAnew(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	lea := d.Newcomer(t, "lea", org.RoleAidant)
	code, signedIn := d.App(t, lea), browse.New()
	d.HalfIn(t, signedIn, "lea@exemple.invalid")
	press(t, signedIn, "Valider le code", "code", code())
	link := d.Reset(t, lea.Person)
	get(t, signedIn, d.URL+"/espace")
	expect(t, d, signedIn, 200, "login.title") // what was open is closed
	b, other := browse.New(), browse.New()
	for range 3 {
		res, err := http.Head(link) // as a mail scanner does
		if err != nil || res.Body.Close() != nil || res.StatusCode != http.StatusOK {
			t.Fatal(res, err)
		}
		get(t, b, link)
	}
	get(t, other, link)
	press(t, b, "Continuer")
	expect(t, d, b, 200, "account.first.title")
	closed(t, d, b, "/compte/facteurs")
	press(t, other, "Continuer")
	expect(t, d, other, 410, "login.problem.reset_over.title")
	if n := noted(t, d, "reset_over", nil); n != 1 {
		t.Errorf("%d lines in the security log", n)
	}
	if status, answer := d.AddKey(t, b, d.Key(t), "Nouvelle"); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	get(t, b, d.URL+"/espace")
	if b.TextByID("who") != "aidant "+lea.Person.String()+" "+d.Here.String() {
		t.Errorf("at %v: %s", b.URL(), b.Text())
	}
	if n := d.Number(t, `select count(*) from session where person_id = $1 and method = 'reset' and factor_kind = 'passkey'`, lea.Person); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// The browsers of who has lost everything may be in somebody else's hands: a reset forgets them, so that whoever signs in there has a stranger's allowance,
// and the person is told. Somebody else's stay known.
func TestReset_ForgetsTheirBrowsers(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	lea, max := d.Newcomer(t, "lea", org.RoleAidant), d.Newcomer(t, "max", org.RoleAidant)
	code, others, laptop := d.App(t, lea), d.App(t, max), browse.New()
	enter := func(name string, code func() string) {
		t.Helper()
		d.HalfIn(t, laptop, name+"@exemple.invalid")
		press(t, laptop, "Valider le code", "code", code())
	}
	enter("max", others)
	press(t, laptop, "quitter")
	enter("lea", code)
	if d.Who(t, laptop) != lea.Person {
		t.Fatal("not signed in")
	}
	d.Reset(t, lea.Person)
	if n := d.Number(t, `select 10 * count(*) filter (where person_id = $1) + count(*) filter (where person_id = $2) from session_device`, lea.Person, max.Person); n != 1 {
		t.Errorf("known are %d", n)
	}
	again, told := d.App(t, lea), len(d.Post.Of("new_device"))
	get(t, laptop, d.URL+"/connexion")
	enter("lea", again)
	if n := len(d.Post.Of("new_device")) - told; n != 1 || d.Who(t, laptop) != lea.Person {
		t.Errorf("told %d times of a sign-in in the browser of before", n)
	}
}

// In a browser where somebody else is signed in the link is not used; nor by who was suspended meanwhile.
func TestReset_Refuses(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	lea, max := d.Newcomer(t, "lea", org.RoleAidant), d.Newcomer(t, "max", org.RoleAidant)
	d.App(t, lea)
	code, b := d.App(t, max), browse.New()
	link := d.Reset(t, lea.Person)
	d.HalfIn(t, b, "max@exemple.invalid")
	press(t, b, "Valider le code", "code", code())
	get(t, b, link)
	if b.HasButton("Continuer") {
		t.Error("the button is there")
	}
	if err := b.Post(link, nil); err != nil || b.HasButton("Continuer") || d.Who(t, b) != max.Person {
		t.Errorf("%d, %v", b.Status(), err)
	}
	d.World.Behind(t, `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`, lea.Person)
	alone := browse.New()
	get(t, alone, link)
	press(t, alone, "Continuer")
	expect(t, d, alone, 403, "login.problem.suspended.title")
	get(t, alone, d.URL+"/connexion/reprise/x")
	expect(t, d, alone, 410, "login.problem.reset_over.title")
}
