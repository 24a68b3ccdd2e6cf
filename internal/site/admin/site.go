package admin

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/card"
	"mandat/internal/certification"
	"mandat/internal/client"
	"mandat/internal/clock"
	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/erasure"
	"mandat/internal/invitation"
	"mandat/internal/jobs"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/retention"
	"mandat/internal/session"
	"mandat/internal/sirene"
	"mandat/internal/site/staff"
)

// Site serves the pages of administrators.
type Site struct {
	Pages          *page.Pages
	Sessions       *session.Sessions
	Directory      *org.Directory
	Invitations    *invitation.Register
	Certifications *certification.Register
	Credentials    *credential.Register
	Cards          *card.Stock
	Board          *jobs.Board
	Businesses     *sirene.Client
	Catalogue      *procedure.Catalogue
	Clients        *client.Registry
	Retention      *retention.Register
	Erasures       *erasure.Register
	Clock          *clock.Clock
	Database       *db.DB // for what the servers found by themselves
}

// Files of results and of cards are larger than other bodies; in a hidden field a file is a third longer.
const (
	largeFile  = certification.MaxBytes + 100_000
	largeField = largeFile * 4 / 3
)

// Mount adds the site's routes.
func (s *Site) Mount(r *page.Router) {
	r.Get("/admin", page.Administrator, s.showHome)
	s.mountOrganisations(r)
	s.mountPersons(r)
	s.mountServices(r)
	s.mountRetention(r)
	r.Get("/admin/imports", page.Administrator, s.listImports)
	r.Post("/admin/imports", page.Administrator, s.doPlan)
	r.Post("/admin/imports/confirmation", page.Administrator, s.doImport)
	r.Post("/admin/imports/suite", page.Administrator, s.doResumeImports)
	r.Get("/admin/imports/{import}", page.Administrator, s.showImport)
	r.Large("POST /admin/imports", largeFile)
	r.Large("POST /admin/imports/confirmation", largeField)
	r.Get("/admin/cartes", page.Administrator, s.showCards)
	r.Post("/admin/cartes", page.Administrator, s.doImportCards)
	r.Large("POST /admin/cartes", largeFile)
	r.Get("/admin/cartes/{card}", page.Administrator, s.showCard)
	r.Post("/admin/cartes/{card}/envoi", page.Administrator, s.doSend)
	r.Get("/admin/cartes/{card}/perte", page.Administrator, s.showLose)
	r.Post("/admin/cartes/{card}/perte", page.Administrator, s.doLose)
	r.Get("/admin/travaux", page.Administrator, s.listJobs)
	r.Post("/admin/travaux/{job}/reprise", page.Administrator, s.doRetry)
	r.Get("/admin/administrateurs", page.Administrator, s.listAdministrators)
	r.Get(proposePath, page.Administrator, s.showPropose)
	r.Post("/admin/administrateurs", page.Administrator, s.doPropose)
	r.Post("/admin/administrateurs/{invitation}/accord", page.Administrator, s.doConfirm)
	r.Post("/admin/administrateurs/{invitation}/retrait", page.Administrator, s.doWithdrawProposal)
	r.Get("/admin/administrateurs/{person}/fin", page.Administrator, s.showEndOffice)
	r.Post("/admin/administrateurs/{person}/fin", page.Administrator, s.doEndOffice)
	r.Get(recipients.Href, page.Administrator, s.listRecipients)
	r.Get(recipients.Href+"/{person}/fin", page.Administrator, s.showEndReceiving)
	r.Post(recipients.Href+"/{person}/fin", page.Administrator, s.doEndReceiving)
	r.Get("/admin/reinitialisations", page.Administrator, s.listResets)
	r.Post("/admin/reinitialisations/{reset}/accord", page.Administrator, s.doApproveReset)
	r.Post("/admin/reinitialisations/{reset}/refus", page.Administrator, s.doRefuseReset)
}

func (s *Site) mountOrganisations(r *page.Router) {
	r.Get("/admin/structures", page.Administrator, s.listOrganisations)
	r.Get(createPath, page.Administrator, s.showCreate)
	r.Post("/admin/structures", page.Administrator, s.doCreate)
	r.Get("/admin/structures/{organisation}", page.Administrator, s.showOrganisation)
	r.Get("/admin/structures/{organisation}/modification", page.Administrator, s.showChange)
	r.Post("/admin/structures/{organisation}/modification", page.Administrator, s.doChange)
	r.Get("/admin/structures/{organisation}/demarches", page.Administrator, s.showLimit)
	r.Post("/admin/structures/{organisation}/demarches", page.Administrator, s.doLimit)
	r.Get("/admin/structures/{organisation}/horaires", page.Administrator, s.opening().Show)
	r.Post("/admin/structures/{organisation}/horaires", page.Administrator, s.opening().Do)
	r.Get("/admin/structures/{organisation}/suspension", page.Administrator, s.showSuspendOrganisation)
	r.Post("/admin/structures/{organisation}/suspension", page.Administrator, s.doSuspendOrganisation)
	r.Post("/admin/structures/{organisation}/reprise", page.Administrator, s.doResumeOrganisation)
	r.Get("/admin/structures/{organisation}/referent", page.Administrator, s.showInvite)
	r.Post("/admin/structures/{organisation}/referent", page.Administrator, s.doInvite)
	r.Post("/admin/invitations/{invitation}/renvoi", page.Administrator, s.doResend)
	r.Post("/admin/invitations/{invitation}/retrait", page.Administrator, s.doWithdraw)
}

func (s *Site) mountPersons(r *page.Router) {
	r.Get("/admin/personnes", page.Administrator, s.showSearch)
	r.Post("/admin/personnes", page.Administrator, s.doSearch)
	r.Get("/admin/personnes/{person}", page.Administrator, s.showPerson)
	r.Get("/admin/personnes/{person}/nom", page.Administrator, s.showName)
	r.Post("/admin/personnes/{person}/nom", page.Administrator, s.doName)
	r.Get("/admin/personnes/{person}/suspension", page.Administrator, s.showSuspend)
	r.Post("/admin/personnes/{person}/suspension", page.Administrator, s.doSuspend)
	r.Post("/admin/personnes/{person}/reprise", page.Administrator, s.doResume)
	r.Post("/admin/personnes/{person}/identite", page.Administrator, s.doConfirmIdentity)
	r.Post("/admin/personnes/{person}/identite/refus", page.Administrator, s.doRefuseIdentity)
	r.Get("/admin/personnes/{person}/reinitialisation", page.Administrator, s.showReset)
	r.Post("/admin/personnes/{person}/reinitialisation", page.Administrator, s.doAskReset)
	r.Post("/admin/personnes/{person}/formation", page.Administrator, s.doTrain)
	r.Post("/admin/personnes/{person}/test", page.Administrator, s.doTest)
	r.Post("/admin/personnes/{person}/certification", page.Administrator, s.doCertify)
	r.Post("/admin/personnes/{person}/certification/suspension", page.Administrator, s.doSuspendCertificate)
	r.Post("/admin/personnes/{person}/certification/reprise", page.Administrator, s.doResumeCertificate)
}

// acts are those of these pages.
func (s *Site) acts() staff.Acts {
	return staff.Acts{Sessions: s.Sessions, Clock: s.Clock, About: "admin", Refusal: refusal}
}

// refusal turns what the rules refuse into words.
func refusal(err error) error {
	switch {
	case errors.Is(err, org.ErrMayNot):
		return page.NewProblem(http.StatusForbidden, "admin.problem.may_not", "/admin")
	case errors.Is(err, org.ErrYourself):
		return page.NewProblem(http.StatusConflict, "admin.problem.yourself", "/admin")
	case errors.Is(err, org.ErrLastAdministrator):
		return page.NewProblem(http.StatusConflict, "admin.problem.last_administrator", "/admin/administrateurs")
	}
	return staff.Refusal(err, home.Href, persons.Href)
}

var (
	home          = page.Link{Href: "/admin", Text: "admin.home.title"}
	organisations = page.Link{Href: "/admin/structures", Text: "admin.organisations.title"}
	persons       = page.Link{Href: "/admin/personnes", Text: "admin.persons.title"}

	recipients     = page.Link{Href: "/admin/destinataires", Text: "admin.recipients.title"}
	administrators = page.Link{Href: "/admin/administrateurs", Text: "admin.administrators.title"}
)

func organisationPath(id uuid.UUID) string { return "/admin/structures/" + id.String() }
func personPath(id uuid.UUID) string       { return "/admin/personnes/" + id.String() }
