package app_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/apptest"
	"mandat/internal/certification"
	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/maillink"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/softkey"
	"mandat/internal/throttle"
)

// stage is what a route is about, made anew for each route, and again once somebody has changed it: a mandate, a draft and a login of
// Jeanne's, a colleague whom her referent looks after, an invitation, a reset, and so on. Each is made when it is named.
type stage struct {
	*matrix
	n     int
	route page.Route
	owner *apptest.Visitor // Jeanne; on the pages of an account, somebody new in her place
	made  map[string]string
}

func (m *matrix) stage(route page.Route) *stage {
	m.t.Helper()
	m.n++
	s := &stage{matrix: m, n: m.n, route: route, made: map[string]string{}}
	who := m.site.Jeanne
	if strings.HasPrefix(route.Pattern, "/compte") || strings.HasPrefix(route.Pattern, "/connexion/lien") {
		who = m.site.Aidant(m.t, m.site.Here, fmt.Sprintf("titulaire-%d", s.n))
	}
	s.owner = m.site.Visit(m.t, who)
	return s
}

var placeholder = regexp.MustCompile(`\{[a-z.$]+\}`)

// prepare makes everything that the route names.
func (s *stage) prepare() {
	s.t.Helper()
	s.fill(s.route.Pattern)
	for _, values := range forms[s.route.Method+" "+s.route.Pattern] {
		s.fill(strings.Join(values, " "))
	}
}

// fill puts the stage's things in place of their names in braces.
func (s *stage) fill(text string) string {
	s.t.Helper()
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		if _, there := s.made[name]; !there {
			make := s.maker(name)
			if make == nil {
				s.t.Errorf("%s: nothing makes a %s", s.route.Pattern, name)
				return name
			}
			s.made[name] = make()
		}
		return s.made[name]
	})
}

func (s *stage) id(name string) uuid.UUID { return uuid.MustParse(s.fill(name)) }

func (s *stage) ctx() context.Context { return s.t.Context() }

// maker makes the thing that has a name in patterns and forms.
func (s *stage) maker(name string) func() string {
	return map[string]func() string{
		"{mandate}": s.mandate, "{draft}": s.draft, "{citizen}": s.citizen, "{identified}": s.identified, "{login}": s.login, "{person}": s.person, "{another}": s.another,
		"{organisation}": s.organisation, "{invitation}": s.invitation, "{token}": s.token, "{factor}": s.factor, "{reset}": s.reset, "{identity}": s.identity,
		"{browser}": s.browser, "{job}": s.job, "{here}": s.here, "{siret}": func() string { return siret(50_000 + s.n) }, "{n}": func() string { return strconv.Itoa(s.n) },
		"{role}": func() string { return org.RoleReferent }, "{email}": s.email, "{results}": s.results, "{content}": s.content, "{day}": s.day,
		"{file...}": func() string { return s.static }, "{path...}": func() string { return "0/000.p/1" }, "{$}": func() string { return "" },
	}[name]
}

func (s *stage) mandate() string {
	m := s.site.Sign(s.t, s.owner.By, fixture.Citizen(s.n), fixture.Tax)
	s.made["{citizen}"] = m.Citizen.String()
	return m.ID.String()
}

func (s *stage) draft() string {
	return s.site.Draft(s.t, s.owner.By, fixture.Citizen(s.n), fixture.Housing).String()
}

func (s *stage) citizen() string { s.fill("{mandate}"); return s.made["{citizen}"] }

func (s *stage) identified() string {
	form, err := s.owner.Agreement(s.ctx(), s.id("{draft}"))
	must(s.t, err)
	return form.Get("identified")
}

// login is of the state that the route wants.
func (s *stage) login() string {
	citizen := s.id("{citizen}")
	path, err := s.owner.Begin(s.ctx())
	must(s.t, err)
	if strings.HasSuffix(s.route.Pattern, "/demarche") {
		s.owner.Confirm(citizen)
	}
	if strings.HasSuffix(s.route.Pattern, "/demarche") || strings.HasSuffix(s.route.Pattern, "/confirmation") {
		must(s.t, s.owner.Choose(s.ctx(), path, citizen))
	}
	return strings.TrimPrefix(path, "/idp/logins/")
}

// person is somebody of Jeanne's organisation, in the state in which the route does something.
func (s *stage) person() string {
	by, route := journal.Program(), s.route.Pattern
	if strings.HasPrefix(route, "/admin") && strings.Contains(route, "/identite") {
		return s.site.Newcomer(s.t, journal.Auditor, uuid.Nil, fmt.Sprintf("cible-%d", s.n)).Person.String()
	}
	if strings.HasPrefix(route, "/admin/imports") || strings.HasSuffix(route, "/formation") || strings.HasSuffix(route, "/test") || strings.HasSuffix(route, "}/certification") {
		return s.trainee().String()
	}
	who := s.site.Aidant(s.t, s.site.Here, fmt.Sprintf("cible-%d", s.n)).Person
	switch {
	case strings.HasPrefix(route, "/admin") && strings.HasSuffix(route, "}/reprise"):
		must(s.t, s.site.Directory.Suspend(s.ctx(), by, who))
	case strings.HasSuffix(route, "}/reprise"):
		must(s.t, s.site.Directory.SuspendIn(s.ctx(), s.runner(), who))
	case strings.HasSuffix(route, "/roles/{role}/retrait"):
		must(s.t, s.site.Directory.Join(s.ctx(), by, who, s.site.Here, org.RoleReferent))
	case strings.HasSuffix(route, "/certification/reprise"):
		must(s.t, s.site.Certifications.Suspend(s.ctx(), by, who))
	case strings.HasSuffix(route, "/releve"):
		must(s.t, s.site.Directory.SuspendIn(s.ctx(), s.runner(), who))
	}
	return who.String()
}

// trainee is somebody who has done what comes before the route.
func (s *stage) trainee() uuid.UUID {
	who := s.site.Newcomer(s.t, journal.Aidant, s.site.Here, fmt.Sprintf("cible-%d", s.n), org.RoleAidant).Person
	day := s.site.Clock.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -10)
	if strings.HasSuffix(s.route.Pattern, "/test") || strings.HasSuffix(s.route.Pattern, "}/certification") {
		must(s.t, s.site.Certifications.Train(s.ctx(), journal.Program(), who, certification.Course{On: day, Organiser: "Organisme", Kind: certification.Classic}))
	}
	if strings.HasSuffix(s.route.Pattern, "}/certification") {
		must(s.t, s.site.Certifications.Test(s.ctx(), journal.Program(), who, certification.Test{On: day, Score: 900}))
	}
	return who
}

// results is a file of one line.
func (s *stage) results() string {
	day := s.day()
	return strings.Join(certification.Columns(), ";") + "\n" + s.fill("{email}") + ";" + day + ";Organisme;classique;" + day + ";900\n"
}

func (s *stage) content() string { return base64.StdEncoding.EncodeToString([]byte(s.results())) }

func (s *stage) day() string { return s.site.Clock.Now().UTC().AddDate(0, 0, -5).Format(time.DateOnly) }

// runner is the referent, with a fresh second factor.
func (s *stage) runner() journal.Actor {
	return fresh(s.site, s.site.Odile)
}

func (s *stage) another() string {
	return s.site.Aidant(s.t, s.site.Here, fmt.Sprintf("releve-%d", s.n)).Person.String()
}

func (s *stage) organisation() string {
	id, err := s.site.Directory.CreateOrganisation(s.ctx(), journal.Program(), org.Organisation{SIRET: siret(s.n), Name: fmt.Sprintf("Structure %d", s.n),
		Address: "1 rue de l’Essai", Postcode: "75001", City: "Paris", Phone: "+33199000000", Email: "essai@exemple.invalid"})
	must(s.t, err)
	if strings.HasSuffix(s.route.Pattern, "}/reprise") {
		must(s.t, s.site.Directory.SuspendOrganisation(s.ctx(), journal.Program(), id))
	}
	return id.String()
}

// siret is a valid number, of an invented establishment.
func siret(n int) string {
	for check := range 10 {
		if out := fmt.Sprintf("9%08d%04d%d", n, 1, check); org.ValidSIRET(out) {
			return out
		}
	}
	panic("no check digit")
}

// invitation is one of Jeanne's organisation; on the pages of an account, one of another organisation for its owner; among
// administrators, one that another administrator has proposed.
func (s *stage) invitation() string {
	n := invitation.Invitee{Email: fmt.Sprintf("invitee-%d@exemple.invalid", s.n), GivenName: "Camille", UsualName: "Fictif", Roles: []string{org.RoleAidant}}
	by := s.runner()
	switch {
	case strings.HasPrefix(s.route.Pattern, "/admin/administrateurs"):
		n.Roles = nil
		id, err := s.site.Invitations.ProposeAdministrator(s.ctx(), s.site.Administrator(s.t, fmt.Sprintf("proposante-%d", s.n)), n)
		must(s.t, err)
		return id.String()
	case strings.HasPrefix(s.route.Pattern, "/compte"):
		p, err := s.site.Directory.Find(s.ctx(), s.owner.By.Person)
		must(s.t, err)
		n.Email = p.Email
		by = fresh(s.site, s.site.Ines)
		by.Kind = journal.Referent
	}
	id, err := s.site.Invitations.Invite(s.ctx(), by, n)
	must(s.t, err)
	return id.String()
}

// token is the secret of an address: of an invitation, of a link that another browser asked for, or of nothing.
func (s *stage) token() string {
	switch {
	case strings.HasPrefix(s.route.Pattern, "/v/"):
		return strings.Repeat("A", 22)
	case strings.HasPrefix(s.route.Pattern, "/invitation"):
		secret, err := s.site.Invitations.Write(s.ctx(), s.id("{invitation}"))
		must(s.t, err)
		return secret
	case strings.HasPrefix(s.route.Pattern, "/connexion/lien"):
		return s.link()
	}
	return strings.Repeat("A", 43) // a reset has a secret only once it has waited an hour
}

func (s *stage) link() string {
	sessions := session.New(s.site.DB, s.site.Clock, false)
	at, err := sessions.Ensure(httptest.NewRecorder(), httptest.NewRequestWithContext(s.ctx(), http.MethodGet, "/", nil))
	must(s.t, err)
	var asked uuid.UUID
	links := maillink.New(s.site.DB, s.site.Clock, throttle.New(s.site.DB, s.site.Clock), sessions, func(_ *db.Tx, _ time.Time, m org.Message) error {
		asked, err = uuid.Parse(m.About)
		return err
	})
	owner, err := s.site.Directory.Find(s.ctx(), s.owner.By.Person)
	must(s.t, err)
	must(s.t, links.Request(s.ctx(), at, owner.Email, netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", s.n%250+1))))
	secret, err := links.Write(s.ctx(), asked)
	must(s.t, err)
	return secret
}

func (s *stage) credentials() *credential.Register {
	r, err := credential.New(s.site.DB, s.site.Journal, s.site.Keys, s.site.Clock, credential.Config{RPID: "localhost", Origins: []string{s.site.URL}, Name: "Mandat"},
		credential.Hooks{Tell: func(*journal.Tx, org.Message) error { return nil }, End: func(*journal.Tx, uuid.UUID) error { return nil }})
	must(s.t, err)
	return r
}

// factor is a passkey of the owner.
func (s *stage) factor() string {
	key, err := softkey.New(s.site.URL, "localhost")
	must(s.t, err)
	r := s.credentials()
	question, err := r.BeginPasskey(s.ctx(), s.owner.By, s.owner.By.Session)
	must(s.t, err)
	answer, err := key.Create(question)
	must(s.t, err)
	_, err = r.AddPasskey(s.ctx(), s.owner.By, s.owner.By.Session, "Clé", answer)
	must(s.t, err)
	factors, err := r.Factors(s.ctx(), s.owner.By.Person)
	must(s.t, err)
	return factors.Passkeys[0].ID.String()
}

// reset was asked for by somebody else than the referent and the administrator of the matrix, who may therefore approve it.
func (s *stage) reset() string {
	by := s.site.Referent(s.t, s.site.Here, fmt.Sprintf("demandeuse-%d", s.n))
	target := s.owner.By.Person
	switch {
	case strings.HasPrefix(s.route.Pattern, "/admin"):
		by, target = s.site.Administrator(s.t, fmt.Sprintf("demandant-%d", s.n)), s.id("{person}")
	case strings.HasPrefix(s.route.Pattern, "/referent"):
		target = s.id("{person}")
	}
	id, err := s.credentials().AskReset(s.ctx(), by, target)
	must(s.t, err)
	return id.String()
}

// identity is a name at ProConnect that somebody came with who has the address of the person.
func (s *stage) identity() string {
	person := s.id("{person}")
	must(s.t, s.site.Directory.AskIdentity(s.ctx(), fixture.Issuer, fmt.Sprintf("autre-%d", s.n), person))
	by := s.runner()
	if strings.HasPrefix(s.route.Pattern, "/admin") {
		by = s.site.Administrator(s.t, fmt.Sprintf("lectrice-%d", s.n))
	}
	asked, err := s.site.Directory.AskedIdentities(s.ctx(), by)
	must(s.t, err)
	for _, a := range asked {
		if a.Person == person {
			return a.Digest
		}
	}
	s.t.Error("the identity that was asked for is not there")
	return ""
}

// browser is another one in which the owner is signed in.
func (s *stage) browser() string {
	sessions := session.New(s.site.DB, s.site.Clock, false)
	r := httptest.NewRequestWithContext(s.ctx(), http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "mandat", Value: s.site.Visit(s.t, s.owner.By).Cookie})
	passed, err := sessions.Browser(httptest.NewRecorder(), r)
	must(s.t, err)
	list, err := sessions.List(s.ctx(), session.From(passed.Context()))
	must(s.t, err)
	for _, l := range list {
		if l.Current {
			return l.ID
		}
	}
	s.t.Error("the other browser is not listed")
	return ""
}

// here is how addresses name Jeanne's organisation.
func (s *stage) here() string {
	return strings.TrimPrefix(s.site.Under(s.t, s.site.Here), "/structures/")
}

func (s *stage) email() string {
	p, err := s.site.Directory.Find(s.ctx(), s.id("{person}"))
	must(s.t, err)
	return p.Email
}

// job is one that failed for good.
func (s *stage) job() string {
	var id int64
	s.site.Row(s.t, `insert into river_job (state, attempt, max_attempts, attempted_at, finalized_at, errors, kind, args, queue, priority)
		values ('discarded', 1, 1, now(), now(), array['{"at":"2026-01-01T00:00:00Z","attempt":1,"error":"no","trace":""}'::jsonb], 'periodic', '{"name":"purge-links"}', 'default', 1) returning id`, nil, &id)
	return strconv.FormatInt(id, 10)
}
