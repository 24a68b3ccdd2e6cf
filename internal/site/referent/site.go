package referent

import (
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"mandat/internal/certification"
	"mandat/internal/clock"
	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/invitation"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/session"
)

// Site serves the pages of referents.
type Site struct {
	Pages       *page.Pages
	Sessions    *session.Sessions
	Directory   *org.Directory
	Invitations *invitation.Register
	Press       *certification.Press
	Credentials *credential.Register
	Mandates    *mandate.Register
	Catalogue   *procedure.Catalogue
	Clock       *clock.Clock
}

// Mount adds the site's routes.
func (s *Site) Mount(r *page.Router) {
	r.Get("/referent", page.Referent, s.showHome)
	r.Get("/referent/equipe", page.Referent, s.showTeam)
	r.Get("/referent/invitations/nouvelle", page.Referent, s.showInvite)
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
	r.Post("/referent/personnes/{person}/identite", page.Referent, s.doConfirmIdentity)
	r.Post("/referent/personnes/{person}/identite/refus", page.Referent, s.doRefuseIdentity)
	r.Get("/referent/personnes/{person}/facteurs", page.Referent, s.showReset)
	r.Post("/referent/personnes/{person}/facteurs", page.Referent, s.doAskReset)
	r.Post("/referent/personnes/{person}/facteurs/accord", page.Referent, s.doApproveReset)
	r.Post("/referent/personnes/{person}/facteurs/refus", page.Referent, s.doRefuseReset)
	r.Get("/referent/structure", page.Referent, s.showOrganisation)
	r.Post("/referent/structure", page.Referent, s.doChangeOrganisation)
	r.Get("/referent/structure/demarches", page.Referent, s.showLimitOrganisation)
	r.Post("/referent/structure/demarches", page.Referent, s.doLimitOrganisation)
}

// notices is what the messages that these pages leave for one another are about.
const notices = "referent"

// formLife is how old a second factor may be when a form is begun: time to fill it in is left before org.FactorLife.
const formLife = org.FactorLife - 5*time.Minute

// signedIn returns the session that the guard let pass, of a referent.
func signedIn(r *http.Request) (*session.Session, error) {
	at := session.From(r.Context())
	if at == nil {
		return nil, page.ErrForbidden
	}
	return at, nil
}

// withID returns the session of a referent and the identifier that the path has under a name.
func withID(r *http.Request, name string) (*session.Session, uuid.UUID, error) {
	at, err := signedIn(r)
	if err != nil {
		return nil, uuid.Nil, err
	}
	id, err := uuid.Parse(r.PathValue(name))
	if err != nil {
		return nil, uuid.Nil, db.ErrNotFound
	}
	return at, id, nil
}

// colleague finds the person of the path in the referent's organisation. Anybody else is not found.
func (s *Site) colleague(r *http.Request) (*session.Session, org.Colleague, error) {
	at, id, err := withID(r, "person")
	if err != nil {
		return nil, org.Colleague{}, err
	}
	c, err := s.Directory.Colleague(r.Context(), at.Actor(), id, s.Clock.Now())
	return at, c, refusal(err)
}

// confirmed asks for the second factor before a form when it is not fresh; then it has answered.
func (s *Site) confirmed(w http.ResponseWriter, r *http.Request, at *session.Session) (bool, error) {
	if s.Clock.Now().Sub(at.FactorAt) <= formLife {
		return true, nil
	}
	return false, s.Sessions.SendToStepUp(w, r, r.URL.RequestURI())
}

// finish leaves a message and leads to the page that shows it.
func (s *Site) finish(w http.ResponseWriter, r *http.Request, at *session.Session, path, notice string) error {
	if err := s.Sessions.Notify(r.Context(), at, notices, notice); err != nil {
		return err
	}
	page.Redirect(w, r, path)
	return nil
}

func personPath(id uuid.UUID) string { return "/referent/personnes/" + id.String() }

// problem makes a refusal from the texts key.{title,what,safe,next,link}.
func problem(status int, key, link string) *page.Problem {
	return &page.Problem{Status: status, Title: key + ".title", What: key + ".what", Safe: key + ".safe", Next: key + ".next", Link: link, LinkText: key + ".link"}
}

// refusal turns what the rules refuse into words.
func refusal(err error) error {
	switch {
	case errors.Is(err, org.ErrMayNot):
		return problem(http.StatusForbidden, "referent.problem.may_not", "/")
	case errors.Is(err, org.ErrLastReferent):
		return problem(http.StatusConflict, "referent.problem.last", "/referent/equipe")
	case errors.Is(err, org.ErrYourself):
		return problem(http.StatusConflict, "referent.problem.yourself", "/referent")
	}
	return err
}

var (
	home = page.Link{Href: "/referent", Text: "referent.home.title"}
	team = page.Link{Href: "/referent/equipe", Text: "referent.team.title"}
)
