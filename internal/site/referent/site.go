package referent

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/caseload"
	"mandat/internal/certification"
	"mandat/internal/clock"
	"mandat/internal/credential"
	"mandat/internal/inquiry"
	"mandat/internal/invitation"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/recipient"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// Site serves the pages of referents.
type Site struct {
	Pages       *page.Pages
	Sessions    *session.Sessions
	Directory   *org.Directory
	Invitations *invitation.Register
	Press       *certification.Press
	Credentials *credential.Register
	Caseload    *caseload.Register
	Inquiries   *inquiry.Register
	Recipients  *recipient.Register
	Reports     *inquiry.Press
	Catalogue   *procedure.Catalogue
	Clock       *clock.Clock
}

// Mount adds the site's routes.
func (s *Site) Mount(r *page.Router) {
	r.Get("/referent", page.Referent, s.showHome)
	r.Get("/referent/equipe", page.Referent, s.showTeam)
	r.Get(invitePath, page.Referent, s.showInvite)
	r.Post("/referent/invitations", page.Referent, s.doInvite)
	r.Post("/referent/invitations/{invitation}/renvoi", page.Referent, s.doResend)
	r.Post("/referent/invitations/{invitation}/retrait", page.Referent, s.doWithdraw)
	r.Get("/referent/personnes/{person}", page.Referent, s.showPerson)
	r.Get("/referent/personnes/{person}/attestation.pdf", page.Referent, s.sendCertificate)
	r.Post("/referent/personnes/{person}/roles/{role}", page.Referent, s.doGiveRole)
	r.Post("/referent/personnes/{person}/roles/{role}/retrait", page.Referent, s.doTakeRole)
	r.Get("/referent/personnes/{person}/suspension", page.Referent, s.showSuspend)
	r.Post("/referent/personnes/{person}/suspension", page.Referent, s.doSuspend)
	r.Post("/referent/personnes/{person}/reprise", page.Referent, s.doResume)
	r.Post("/referent/personnes/{person}/releve", page.Referent, s.doHandOver)
	r.Get("/referent/personnes/{person}/demarches", page.Referent, s.showLimit)
	r.Post("/referent/personnes/{person}/demarches", page.Referent, s.doLimit)
	r.Get("/referent/personnes/{person}/nom", page.Referent, s.showName)
	r.Post("/referent/personnes/{person}/nom", page.Referent, s.doName)
	r.Post("/referent/personnes/{person}/identite", page.Referent, s.doConfirmIdentity)
	r.Post("/referent/personnes/{person}/identite/refus", page.Referent, s.doRefuseIdentity)
	r.Get("/referent/personnes/{person}/facteurs", page.Referent, s.showReset)
	r.Post("/referent/personnes/{person}/facteurs", page.Referent, s.doAskReset)
	r.Post("/referent/personnes/{person}/facteurs/accord", page.Referent, s.doApproveReset)
	r.Post("/referent/personnes/{person}/facteurs/refus", page.Referent, s.doRefuseReset)
	r.Get(findings.Href, page.Referent, s.showFindings)
	r.Get("/referent/constats/{finding}", page.Referent, s.showFinding)
	r.Post("/referent/constats/{finding}", page.Referent, s.doReply)
	r.Post("/referent/constats/{finding}/rapport", page.Referent, s.doReport)
	r.Get(journalLink.Href, page.Referent, s.showJournal)
	r.Post("/referent/journal/controle", page.Referent, s.doCheck)
	r.Get(organisationPath, page.Referent, s.showOrganisation)
	r.Post(organisationPath, page.Referent, s.doChangeOrganisation)
	r.Get(openingPath, page.Referent, s.opening().Show)
	r.Post(openingPath, page.Referent, s.opening().Do)
}

// acts are those of these pages.
func (s *Site) acts() staff.Acts {
	return staff.Acts{Sessions: s.Sessions, Clock: s.Clock, About: "referent", Refusal: refusal}
}

// colleague finds the person of the path in the referent's organisation. Anybody else is not found.
func (s *Site) colleague(r *http.Request) (*session.Session, org.Colleague, error) {
	at, id, err := staff.WithID(r, "person")
	if err != nil {
		return nil, org.Colleague{}, err
	}
	c, err := s.Directory.Colleague(r.Context(), at.Actor(), id, s.Clock.Now())
	return at, c, refusal(err)
}

// another is colleague for what nobody does to themselves.
func (s *Site) another(r *http.Request) (*session.Session, org.Colleague, error) {
	at, c, err := s.colleague(r)
	if err == nil && c.ID == at.Person {
		err = refusal(org.ErrYourself)
	}
	return at, c, err
}

func personPath(id uuid.UUID) string { return "/referent/personnes/" + id.String() }

// refusal turns what the rules refuse into words.
func refusal(err error) error {
	switch {
	case errors.Is(err, org.ErrMayNot):
		return page.NewProblem(http.StatusForbidden, "referent.problem.may_not", "/")
	case errors.Is(err, org.ErrLastReferent):
		return page.NewProblem(http.StatusConflict, "referent.problem.last", "/referent/equipe")
	case errors.Is(err, org.ErrYourself):
		return page.NewProblem(http.StatusConflict, "referent.problem.yourself", "/referent")
	}
	return staff.Refusal(err, home.Href, team.Href)
}

var (
	home = page.Link{Href: "/referent", Text: "referent.home.title"}
	team = page.Link{Href: "/referent/equipe", Text: "referent.team.title"}
)
