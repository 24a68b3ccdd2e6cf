package e2e

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"mandat/internal/charter"
	"mandat/internal/cluster"
	"mandat/internal/demo"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/twin"
)

// TestTheft: a cookie that somebody copied opens nothing once its person has signed out, or has ended all their sessions from
// another browser.
func TestTheft(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		if !spoken(lang) {
			continue
		}
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			owner := arrive(t, habits{lang: lang, album: "theft"})
			sub, _ := owner.enlist("volee-"+lang, org.RoleAidant)
			thief := arrive(t, habits{lang: lang, album: "theft-thief"})
			owner.signInAs(sub)
			thief.about("use a stolen cookie")
			thief.steal(owner.cookies())
			thief.open("/compte")
			thief.page("account.title")
			owner.about("sign out")
			owner.open("/compte")
			owner.press(`form[action="/deconnexion"] button`)
			owner.page("login.out.title")
			thief.about("use it after its person has signed out")
			thief.open("/compte")
			thief.page("login.title")
			owner.endsAll(sub)
		})
	}
}

// endsAll signs in, and ends what goes on elsewhere with a cookie that was copied.
func (p *person) endsAll(professional string) {
	desk := arrive(p.t, habits{lang: p.lang, album: p.album})
	desk.signInAs(professional)
	thief := arrive(p.t, habits{lang: p.lang, album: p.album})
	thief.steal(desk.cookies())
	thief.open("/compte")
	thief.page("account.title")
	p.signInAs(professional)
	p.about("end all other sessions")
	p.open("/compte/sessions")
	p.page("account.sessions.title")
	p.look("sessions")
	p.press(`form[action="/compte/sessions/autres"] button`)
	p.says("account.done.ended_all")
	p.look("sessions-ended")
	for _, other := range []*person{desk, thief} {
		other.about("go on after all sessions were ended")
		other.open("/compte")
		other.page("login.title")
	}
	p.open("/compte")
	p.page("account.title")
}

// enlist makes somebody known to Mandat and to ProConnect who is in no other story, in the first organisation, with these roles; or
// an administrator, with none. It returns their button at ProConnect and their address.
func (p *person) enlist(name string, roles ...string) (sub, email string) {
	p.t.Helper()
	kind := journal.Aidant
	if len(roles) == 0 {
		kind = journal.Administrator
	}
	return p.joins(name, kind, roles...)
}

// joins makes a person of a kind known, as enlist does. All but auditors have accepted the charter.
func (p *person) joins(name string, kind journal.Kind, roles ...string) (sub, email string) {
	p.t.Helper()
	sub, email = "recit-"+name, name+"@tilleuls.exemple.invalid"
	d := p.App.Directory()
	colleague, err := d.FindByEmail(p.ctx, "jeanne.morel@tilleuls.exemple.invalid")
	if err != nil {
		p.fatalf("%v", err)
	}
	there := colleague.Memberships[0].Organisation
	who := org.Person{Issuer: p.Twin.ProConnect, Sub: sub, Email: email, EmailVerified: true, GivenName: "Camille", UsualName: name, Lang: p.lang, Administrator: kind == journal.Administrator, Auditor: kind == journal.Auditor}
	by := journal.Actor{Kind: kind}
	if kind == journal.Aidant {
		by.Organisation = there.ID
	}
	if by.Person, err = d.AddPerson(p.ctx, journal.Program(), who, by.Organisation, roles...); err != nil {
		p.fatalf("%v", err)
	}
	if kind != journal.Auditor {
		if err := p.App.Charter().Accept(p.ctx, by, charter.Version, charter.Sum()); err != nil {
			p.fatalf("%v", err)
		}
	}
	if err := p.Twin.PutProfessional(p.ctx, twin.Professional{ID: sub, Sub: sub, UID: sub, GivenName: who.GivenName, UsualName: who.UsualName, Email: email, SIRET: there.SIRET,
		IDPID: "demonstration", ACR: []string{"eidas1", "eidas1-mfa"}, OrganizationLabel: there.Name}); err != nil {
		p.fatalf("%v", err)
	}
	return sub, email
}

// outsider adds an aidant of the first organisation who does not sign in with ProConnect, and returns their address.
func (p *person) outsider(name string) string {
	p.t.Helper()
	d, email := p.App.Directory(), name+"@tilleuls.exemple.invalid"
	colleague, err := d.FindByEmail(p.ctx, "jeanne.morel@tilleuls.exemple.invalid")
	if err == nil {
		_, err = d.AddPerson(p.ctx, journal.Program(), org.Person{Email: email, EmailVerified: true, GivenName: "Camille", UsualName: name, Lang: p.lang}, colleague.Memberships[0].Organisation.ID, org.RoleAidant)
	}
	if err != nil {
		p.fatalf("%v", err)
	}
	return email
}

// row reads one value behind the program's back.
func row[T any](p *person, sql string, args ...any) T {
	p.t.Helper()
	var out T
	conn, err := pgx.Connect(p.ctx, p.Cluster.DSN(cluster.Superuser, demo.Database))
	if err != nil {
		p.fatalf("%v", err)
	}
	defer func() { _ = conn.Close(p.ctx) }()
	if err := conn.QueryRow(p.ctx, sql, args...).Scan(&out); err != nil {
		p.fatalf("%v", err)
	}
	return out
}
