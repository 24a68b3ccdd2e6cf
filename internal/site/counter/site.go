package counter

import (
	"errors"
	"net/http"

	"mandat/internal/attestation"
	"mandat/internal/clock"
	"mandat/internal/consent"
	"mandat/internal/draft"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/phone"
	"mandat/internal/procedure"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// Site serves the pages on which a mandate is drawn up.
type Site struct {
	Pages     *page.Pages
	Sessions  *session.Sessions
	Mandates  *mandate.Register
	Drafts    *draft.Register
	Directory *org.Directory
	Catalogue *procedure.Catalogue
	Phones    *phone.Register
	Consents  *consent.Register
	Press     *attestation.Press
	Clock     *clock.Clock
	// FranceConnect is the origin ("https://…") to which identifying a citizen leads the browser.
	FranceConnect string
}

// Mount adds the site's routes. POST /brouillons/{draft}/identite, which leaves for FranceConnect, is package franceconnect's.
func (s *Site) Mount(r *page.Router) {
	r.Get("/mandats/nouveau", page.Aidant, s.showNewTerms)
	r.Post("/mandats/nouveau", page.Aidant, s.doStart)
	r.Get(transferPath, page.Aidant, s.showTransfer)
	r.Post(transferPath, page.Aidant, s.doTransfer)
	r.Get("/brouillons/{draft}", page.Aidant, s.showTerms)
	r.Post("/brouillons/{draft}", page.Aidant, s.doChange)
	r.Get("/brouillons/{draft}/abandon", page.Aidant, s.showAbandon)
	r.Post("/brouillons/{draft}/abandon", page.Aidant, s.doAbandon)
	r.Post("/brouillons/{draft}/reprise", page.Aidant, s.doTakeOver)
	r.Get("/brouillons/{draft}/identite", page.Aidant, s.showIdentity)
	r.Post("/brouillons/{draft}/autre-personne", page.Aidant, s.doDropIdentity)
	r.Get("/brouillons/{draft}/recapitulatif", page.Aidant, s.showRecap)
	r.Post("/brouillons/{draft}/recapitulatif", page.Aidant, s.doHandBack)
	r.Post("/brouillons/{draft}/confirmation", page.Aidant, s.doStepUp)
	r.Post("/brouillons/{draft}/signature", page.Aidant, s.doSign)
	r.Post("/brouillons/{draft}/signature/options", page.Aidant, s.sayOptions)
	s.mountLadder(r)
	s.mountBacks(r)
}

// mountBacks says where who was signed out meanwhile comes back to, and what of a form is still there: never the declarations, which are made with the citizen, and nothing
// of a recap, whose identification is of the session that has ended.
func (s *Site) mountBacks(r *page.Router) {
	entered := page.Back{Fields: []string{"procedures", levelField(""), caseField(""), "payments", "bank_details", "days", untilDay, "from", "quiet", offerField}}
	r.ComeBack("POST "+newTerms, entered)
	r.ComeBack("POST /brouillons/{draft}", entered)
	r.ComeBack("POST /brouillons/{draft}/identite/piece", page.Back{Fields: []string{"document", "family_name", "usage_name", "given_name", "birth_day", "birth_month", "birth_year",
		"born_town", "born_country", "born_unwritten", "email"}})
	for _, of := range []string{"signature", "confirmation", "sms", "sms/annulation", "autre-personne"} {
		r.ComeBack("POST /brouillons/{draft}/"+of, page.Back{To: "/brouillons/{draft}/recapitulatif"})
	}
}

// refusal turns what the rules refuse, whatever the page, into words.
func refusal(err error) error {
	if errors.Is(err, draft.ErrNotAllowed) {
		return page.NewProblem(http.StatusConflict, "aidant.problem.not_allowed", "/espace")
	}
	if errors.Is(err, draft.ErrNotOwn) { // taken over since the page asked whose it is
		return page.NewProblem(http.StatusConflict, "aidant.problem.draft_of_colleague", "/espace")
	}
	return staff.Right(err)
}

func (s *Site) goTo(w http.ResponseWriter, r *http.Request, path string) error {
	page.Redirect(w, r, path)
	return nil
}

var home = page.Link{Href: "/espace", Text: "page.nav.space"}
