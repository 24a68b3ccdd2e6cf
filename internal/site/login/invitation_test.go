package login_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/rogue"
)

// invited is a site with a link for Nora, who is new.
func invited(t *testing.T, roles ...string) (*desk.Desk, *rogue.Provider, string) {
	t.Helper()
	d, p := open(t)
	if len(roles) == 0 {
		roles = []string{org.RoleAidant}
	}
	return d, p, d.Invite(t, d.Robin(t), "nora@exemple.invalid", roles...)
}

// Without ProConnect: the link shows the address, the session that opens is for adding a first factor and nothing else, and after that
// the charter comes.
func TestInvitation_WithoutProConnect(t *testing.T) {
	t.Parallel()
	d, _, link := invited(t)
	b := browse.New()
	get(t, b, link)
	expect(t, d, b, 200, "login.invitation.title")
	if !b.Has("Maison France Services de démonstration") || !b.Has("aidant") || strings.Contains(string(b.Body()), link[strings.LastIndex(link, "/")+1:]) {
		t.Errorf("the page says %s", b.Text())
	}
	press(t, b, "Accepter et ajouter un second facteur")
	expect(t, d, b, 200, "account.first.title")
	nora := d.Member(t, "nora@exemple.invalid").Person
	if d.Who(t, b) != nora {
		t.Fatal("nobody is signed in")
	}
	closed(t, d, b, "/compte/facteurs")
	for _, path := range []string{"/compte/facteurs", "/compte/facteurs/carte/heure", "/compte/facteurs/" + d.Here.String()} {
		get(t, b, d.URL+path)
		expect(t, d, b, 200, "account.first.title")
	}
	if err := b.Post("/ailleurs", nil); err != nil {
		t.Fatal(err)
	}
	expect(t, d, b, 403, "login.gate.factor.title")
	if status, answer := d.AddKey(t, b, d.Key(t), "Mon téléphone"); status != 200 || answer["location"] != "/compte/facteurs" {
		t.Fatalf("%d %v", status, answer)
	}
	get(t, b, d.URL+"/compte/facteurs")
	if !b.Has("Mon téléphone") || !b.Has("Votre clé d’accès est ajoutée") {
		t.Errorf("the list says %s", b.Text())
	}
	get(t, b, d.URL+"/espace")
	expect(t, d, b, 200, "login.charter.title")
	press(t, b, "Accepter et continuer", "accepted", "on")
	if b.TextByID("who") != "aidant "+nora.String()+" "+d.Here.String() {
		t.Errorf("at %v: %s", b.URL(), b.Text())
	}
	if n := d.Number(t, `select count(*) from session where person_id = $1 and method = 'invitation' and factor_kind = 'passkey' and not enrolling`, nora); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// Whose browser was closed before they had a second factor comes back by the same link, in another one, and is in no other page; once
// they have a factor, the link opens nothing.
func TestInvitation_GoesOnAfterTheBrowserWasClosed(t *testing.T) {
	t.Parallel()
	d, _, link := invited(t)
	b := browse.New()
	get(t, b, link)
	press(t, b, "Accepter et ajouter un second facteur")
	nora := d.Member(t, "nora@exemple.invalid").Person

	again := browse.New()
	get(t, again, link)
	expect(t, d, again, 200, "login.invitation.title")
	if err := again.Post(strings.TrimPrefix(link, d.URL), url.Values{"how": {"own"}}); err != nil {
		t.Fatal(err)
	}
	expect(t, d, again, 409, "login.invitation.title") // what they accept by the page of before was accepted
	press(t, again, "Ajouter mon second facteur")
	expect(t, d, again, 200, "account.first.title")
	if d.Who(t, again) != nora {
		t.Fatal("nobody is signed in")
	}
	closed(t, d, again, "/compte/facteurs")
	if status, _ := d.AddKey(t, again, d.Key(t), "Mon téléphone"); status != 200 {
		t.Fatal(status)
	}
	if status, _ := d.AddKey(t, b, d.Key(t), "Une autre"); status == 200 {
		t.Error("the session of before adds a factor too")
	}
	late := browse.New()
	get(t, late, link)
	expect(t, d, late, 410, "login.problem.invitation_over.title")
	if err := late.Post(strings.TrimPrefix(link, d.URL), url.Values{"how": {"own"}}); err != nil {
		t.Fatal(err)
	}
	expect(t, d, late, 410, "login.problem.invitation_over.title")
}

// Their time is that of the link, and it is only for who accepted without ProConnect.
func TestInvitation_GoesOnForThreeDays(t *testing.T) {
	t.Parallel()
	d, _, link := invited(t)
	b := browse.New()
	get(t, b, link)
	press(t, b, "Accepter et ajouter un second facteur")
	late := browse.New()
	d.Clock.Advance(72*time.Hour - time.Minute)
	get(t, late, link)
	expect(t, d, late, 200, "login.invitation.title")
	d.Clock.Advance(time.Minute)
	get(t, late, link)
	expect(t, d, late, 410, "login.problem.invitation_over.title")

	d, p, link := invited(t)
	p.Play(naming("Nora-sub", "nora@exemple.invalid"))
	b = browse.New()
	get(t, b, link)
	press(t, b, "ProConnect")
	get(t, late, link)
	expect(t, d, late, 410, "login.problem.invitation_over.title")
}

// With ProConnect: one act adds the person with that identity and signs them in.
func TestInvitation_WithProConnect(t *testing.T) {
	t.Parallel()
	d, p, link := invited(t, org.RoleReferent, org.RoleAidant)
	p.Play(naming("Nora-sub", "nora.autrement@exemple.invalid"))
	b := browse.New()
	get(t, b, link)
	press(t, b, "ProConnect")
	expect(t, d, b, 200, "login.charter.title")
	nora := d.Member(t, "nora@exemple.invalid").Person
	if d.Who(t, b) != nora {
		t.Fatal("nobody is signed in")
	}
	if n := d.Number(t, `select count(*) from person_identity where person_id = $1 and sub = 'Nora-sub' and state = 'confirmed'`, nora); n != 1 {
		t.Errorf("%d names", n)
	}
	again := browse.New()
	d.SignIn(t, again)
	if d.Who(t, again) != nora {
		t.Errorf("signing in: %s", again.Text())
	}
}

// refusedAt comes back from ProConnect and expects a refusal that leaves the invitation as it was.
func refusedAt(t *testing.T, d *desk.Desk, p *rogue.Provider, link string, plan rogue.Plan, want string) {
	t.Helper()
	p.Play(plan)
	b := browse.New()
	get(t, b, link)
	press(t, b, "ProConnect")
	title, err := d.Pages.Text("fr", "login.problem."+want+".title")
	if err != nil || b.H1() != title {
		t.Errorf("%q, want %q", b.H1(), title)
	}
	if d.Who(t, b) != uuid.Nil || d.Number(t, `select count(*) from invitation where state = 'open'`) != 1 {
		t.Errorf("%s: somebody is signed in, or the invitation is spent", want)
	}
	if n := d.Number(t, `select count(*) from security_event where kind = $1`, "sign_in."+want); n != 1 {
		t.Errorf("%s: %d lines in the security log", want, n)
	}
}

func TestInvitation_RefusesAtProConnect(t *testing.T) {
	t.Parallel()
	d, p, link := invited(t)
	elsewhere := naming("Nora-sub", "nora@exemple.invalid")
	elsewhere.Info["siret"] = "35600000000048"
	refusedAt(t, d, p, link, elsewhere, "wrong_organisation")
	weak := naming("Nora-sub", "nora@exemple.invalid")
	weak.ACR = "eidas1"
	refusedAt(t, d, p, link, weak, "weak")
	paul := d.Person(t, p.Issuer, "Paul-sub", uuid.Nil)
	refusedAt(t, d, p, link, naming("Paul-sub", "x@exemple.invalid"), "invitation_office") // an auditor
	d.World.Behind(t, `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`, paul)
	refusedAt(t, d, p, link, naming("Paul-sub", "x@exemple.invalid"), "suspended")
	// The address got an account between the page and the way back.
	late := browse.New()
	get(t, late, link)
	d.Newcomer(t, "nora", org.RoleReferent)
	p.Play(naming("Nora-sub", "nora@exemple.invalid"))
	press(t, late, "ProConnect")
	expect(t, d, late, 409, "login.invitation.title")
	if !late.HasButton("Se connecter pour accepter") {
		t.Errorf("the page says %s", late.Text())
	}
}

// An invitation that was sent again while its person was at ProConnect is accepted by the new link only.
func TestInvitation_SentAgainWhileAtProConnect(t *testing.T) {
	t.Parallel()
	d, p, link := invited(t)
	i, err := d.Invitations.Read(t.Context(), link[strings.LastIndex(link, "/")+1:])
	if err != nil {
		t.Fatal(err)
	}
	plan := naming("Nora-sub", "nora@exemple.invalid")
	plan.Callback = func(url.Values) {
		if err := d.Invitations.Resend(t.Context(), journal.Program(), i.ID); err != nil {
			t.Error(err)
		}
	}
	refusedAt(t, d, p, link, plan, "invitation_over")
}

// A link works once, for 72 hours, until it is withdrawn; looking at it changes nothing.
func TestInvitation_Over(t *testing.T) {
	t.Parallel()
	for name, spend := range map[string]func(t *testing.T, d *desk.Desk, link string){
		"used": func(t *testing.T, d *desk.Desk, link string) {
			t.Helper()
			b := browse.New()
			get(t, b, link)
			press(t, b, "Accepter et ajouter un second facteur")
			d.AddKey(t, b, d.Key(t), "Clé")
		},
		"late": func(_ *testing.T, d *desk.Desk, _ string) { d.Clock.Advance(72*time.Hour + time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _, link := invited(t)
			for range 3 {
				for _, method := range []string{http.MethodGet, http.MethodHead} {
					req, err := http.NewRequestWithContext(t.Context(), method, link, nil)
					if err != nil {
						t.Fatal(err)
					}
					res, err := http.DefaultClient.Do(req)
					if err != nil || res.StatusCode != 200 {
						t.Fatalf("%d, %v", res.StatusCode, err)
					}
					_ = res.Body.Close()
				}
			}
			late := browse.New()
			get(t, late, link)
			spend(t, d, link)
			press(t, late, "Accepter et ajouter un second facteur")
			expect(t, d, late, 410, "login.problem.invitation_over.title")
			get(t, late, link)
			expect(t, d, late, 410, "login.problem.invitation_over.title")
			if n := noted(t, d, "invitation_over", nil); n != 2 {
				t.Errorf("%d lines in the security log", n)
			}
		})
	}
}

// Whoever is known accepts as themselves, signed in, with a factor of just now, and has the new organisation at once.
func TestInvitation_OfSomebodyKnown(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	lea := d.Newcomer(t, "lea", org.RoleReferent)
	code, b := d.App(t, lea), browse.New()
	there := journal.Actor{Kind: journal.Referent, Person: d.Person(t, "https://proconnect.invalid", "zoe-sub", d.Elsewhere, "referent"), Organisation: d.Elsewhere, FactorAt: d.Clock.Now()}
	link := d.Invite(t, there, "lea@exemple.invalid", org.RoleAidant)
	get(t, b, link)
	if b.HasButton("ProConnect") || b.HasButton("Accepter et ajouter un second facteur") {
		t.Error("a stranger may accept in their place")
	}
	for _, how := range []string{"own", "proconnect", "", "x"} {
		if err := b.Post(link, url.Values{"how": {how}}); err != nil || b.Status() != http.StatusConflict {
			t.Errorf("%q: %d, %v", how, b.Status(), err)
		}
	}
	get(t, b, link)
	press(t, b, "Se connecter pour accepter")
	press(t, b, "Recevoir un lien", "email", "lea@exemple.invalid")
	get(t, b, d.Link(t))
	press(t, b, "Continuer")
	press(t, b, "Valider le code", "code", code())
	if !strings.HasPrefix(b.URL().Path, "/compte/invitations/") || strings.Contains(b.URL().String(), link[strings.LastIndex(link, "/")+1:]) {
		t.Fatalf("at %v", b.URL())
	}
	join := b.URL().String()
	d.Clock.Advance(20 * time.Minute) // too long ago for what gives rights
	press(t, b, "Accepter l’invitation")
	expect(t, d, b, 200, "login.confirm.title")
	press(t, b, "Valider le code", "code", code())
	before, _ := b.Cookie("mandat")
	press(t, b, "Accepter l’invitation")
	if after, _ := b.Cookie("mandat"); after == before || b.Status() != 200 {
		t.Errorf("%d at %v, secret changed: %v", b.Status(), b.URL(), after != before)
	}
	if n := d.Number(t, `select count(*) from session where person_id = $1 and organisation_id = $2 and role = 'aidant'`, lea.Person, d.Elsewhere); n < 1 {
		t.Error("no session for the new organisation")
	}
	get(t, b, join)
	expect(t, d, b, 410, "login.problem.invitation_over.title")
}

// An invitation for somebody else is not there for who is signed in, by its link or by its id.
func TestInvitation_OfSomebodyElse(t *testing.T) {
	t.Parallel()
	d, _, link := invited(t)
	lea := d.Newcomer(t, "lea", org.RoleReferent)
	code, b := d.App(t, lea), browse.New()
	d.HalfIn(t, b, "lea@exemple.invalid")
	press(t, b, "Valider le code", "code", code())
	get(t, b, link)
	if b.HasButton("ProConnect") || b.HasButton("Accepter") {
		t.Errorf("buttons %v", b.Buttons())
	}
	if err := b.Post(link, url.Values{"how": {"own"}}); err != nil || b.Status() != http.StatusConflict {
		t.Errorf("%d, %v", b.Status(), err)
	}
	var id uuid.UUID
	if err := d.Connect(t, d.Superuser).QueryRow(t.Context(), `select id from invitation where email = 'nora@exemple.invalid'`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{id.String(), uuid.NewString(), "x"} {
		get(t, b, d.URL+"/compte/invitations/"+path)
		if b.Status() != http.StatusNotFound && b.Status() != http.StatusGone {
			t.Errorf("GET %s: %d", path, b.Status())
		}
		if err := b.Post("/compte/invitations/"+path, nil); err != nil || b.Status() < 400 {
			t.Errorf("POST %s: %d, %v", path, b.Status(), err)
		}
	}
	if n := d.Number(t, `select count(*) from invitation where state = 'open'`); n != 1 {
		t.Error("it was accepted")
	}
}
