package app_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/apptest"
	"mandat/internal/certification"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
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
			maker := s.maker(name)
			if maker == nil {
				s.t.Errorf("%s: nothing makes a %s", s.route.Pattern, name)
				return name
			}
			s.made[name] = maker()
		}
		return s.made[name]
	})
}

func (s *stage) id(name string) uuid.UUID { return uuid.MustParse(s.fill(name)) }

func (s *stage) ctx() context.Context { return s.t.Context() }

// maker makes the thing that has a name in patterns and forms.
func (s *stage) maker(name string) func() string {
	return map[string]func() string{
		"{use}": s.use, "{shown}": s.shown, "{mandate}": s.mandate, "{draft}": s.draft, "{citizen}": s.citizen, "{identified}": s.identified, "{recap}": s.recap, "{attested}": s.attested, "{known}": s.known, "{login}": s.login, "{person}": s.person, "{another}": s.another,
		"{organisation}": s.organisation, "{invitation}": s.invitation, "{token}": s.token, "{factor}": s.factor, "{reset}": s.reset, "{identity}": s.identity,
		"{browser}": s.browser, "{card}": s.card, "{job}": s.job, "{here}": s.here, "{siret}": func() string { return siret(50_000 + s.n) }, "{n}": func() string { return strconv.Itoa(s.n) },
		"{role}": func() string { return org.RoleReferent }, "{email}": s.email, "{results}": s.results, "{content}": s.content, "{day}": s.day, "{import}": s.imported,
		"{policy}": func() string { return "security_log" }, "{amount}": s.amount, "{trial}": s.trial, "{hold}": s.hold, "{soon}": s.soon,
		"{file...}": func() string { return s.static }, "{path...}": func() string { return "0/000.p/1" }, "{client}": s.client, "{registration}": s.clientVersion, "{unsealing}": s.unsealing, "{inquiry}": s.inquiry, "{finding}": s.finding, "{measure}": s.measure, "{order}": s.order, "{alert}": s.alert, "{sample}": s.sample, "{signal}": s.signal, "{structure}": s.structure, "{place}": s.place, "{rule}": func() string { return "burst" }, "{index}": func() string { return "0" }, "{list}": func() string { return "1" }, "{request}": s.request, "{version}": func() string { return procedure.Versions()[0] + ".json" }, "{$}": func() string { return "" },
	}[name]
}

func (s *stage) mandate() string {
	m := s.site.Sign(s.t, s.owner.By, fixture.Citizen(s.n), fixture.Tax)
	s.made["{citizen}"] = m.Citizen.String()
	return m.ID.String()
}

func (s *stage) draft() string {
	if strings.HasSuffix(s.route.Pattern, "/temoin") || strings.Contains(s.route.Pattern, "/identite/") && !strings.Contains(s.route.Pattern, "/identite/telephone") {
		return s.low()
	}
	draft := s.site.Draft(s.t, s.owner.By, fixture.Citizen(s.n), fixture.Housing)
	if strings.Contains(s.route.Pattern, "/identite/telephone") || strings.HasPrefix(s.route.Pattern, "/i/") {
		s.made["{phone}"] = s.phone(draft)
	}
	return draft.String()
}

// low is a draft for which no FranceConnect is needed; its citizen was read on a document.
func (s *stage) low() string {
	for _, theme := range s.site.Catalogue.Themes() {
		for _, p := range theme.Procedures {
			if p.Identity == procedure.Known && p.Warning == nil && p.Offers(procedure.Act) {
				d, err := s.site.Drafts.Start(s.ctx(), s.owner.By, fixture.Terms(p.Key))
				must(s.t, err)
				must(s.t, s.site.Drafts.ReadDocument(s.ctx(), s.owner.By, d.ID, fixture.Citizen(s.n), "passport", draft.Who{}))
				return d.ID.String()
			}
		}
	}
	s.t.Fatal("every procedure needs FranceConnect")
	return ""
}

// known is somebody whom the organisation knows.
func (s *stage) known() string {
	return s.site.Sign(s.t, s.owner.By, fixture.Citizen(s.n), fixture.Tax).Citizen.String()
}

func (s *stage) citizen() string { s.fill("{mandate}"); return s.made["{citizen}"] }

func (s *stage) identified() string {
	form, err := s.owner.Agreement(s.ctx(), s.id("{draft}"))
	must(s.t, err)
	return form.Get("version")
}

// recap is what the recap of the draft shows.
func (s *stage) recap() string {
	form, err := s.owner.Agreement(s.ctx(), s.id("{draft}"))
	must(s.t, err)
	return form.Get("shown")
}

// attested is what a second colleague is shown of the draft.
func (s *stage) attested() string {
	_, shown, err := s.site.Mandates.ForWitness(s.ctx(), s.site.Paul, s.id("{draft}"))
	must(s.t, err)
	return hex.EncodeToString(shown)
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
	if strings.HasPrefix(route, "/admin/administrateurs") {
		return s.site.Administrator(s.t, fmt.Sprintf("cible-%d", s.n)).Person.String()
	}
	if strings.HasPrefix(route, "/admin/destinataires") {
		return s.site.Newcomer(s.t, journal.Fraud, uuid.Nil, fmt.Sprintf("cible-%d", s.n)).Person.String()
	}
	if strings.HasPrefix(route, "/admin/imports") || strings.HasSuffix(route, "/formation") || strings.HasSuffix(route, "/test") || strings.HasSuffix(route, "}/certification") {
		return s.trainee().String()
	}
	aidant := s.site.Aidant(s.t, s.site.Here, fmt.Sprintf("cible-%d", s.n))
	who := aidant.Person
	switch {
	case strings.HasPrefix(route, "/admin") && strings.HasSuffix(route, "}/reprise"):
		must(s.t, s.site.Directory.Suspend(s.ctx(), by, who))
	case strings.HasSuffix(route, "}/reprise"):
		must(s.t, s.site.Directory.SuspendIn(s.ctx(), s.runner(), who))
	case strings.HasSuffix(route, "/roles/{role}/retrait"):
		must(s.t, s.site.Directory.Join(s.ctx(), by, who, s.site.Here, org.RoleReferent))
	case strings.HasSuffix(route, "/certification/reprise"):
		must(s.t, s.site.Certifications.Suspend(s.ctx(), by, who))
	case strings.HasSuffix(route, "}/reinitialisation") || strings.HasSuffix(route, "}/facteurs"):
		s.equip(who)
	case strings.HasSuffix(route, "/releve"):
		s.site.Sign(s.t, aidant, fixture.Citizen(s.n), fixture.Tax)
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

// imported is an import of such a file.
func (s *stage) imported() string {
	by := s.site.Administrator(s.t, fmt.Sprintf("importe-%d", s.n))
	out, err := s.site.Certifications.Import(s.ctx(), by, strings.NewReader(s.results()), 0)
	must(s.t, err)
	return out.ID.String()
}

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
