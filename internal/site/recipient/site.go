// Package recipient is what those see who receive a part of what is done (package recipient says which): FranceConnect's fraud team, and the prefecture of a department. No page
// of theirs shows a name of a citizen or an aidant, and each reading is an act.
//
//	site.go        the routes, and what the pages have in common
//	fraud.go       what became of logins through FranceConnect
//	signals.go     what the fraud team tells auditors, and what became of it
//	prefecture.go  the organisations of a department
package recipient

import (
	"errors"
	"net/http"

	"mandat/internal/clock"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/recipient"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// Site serves the pages of recipients.
type Site struct {
	Pages      *page.Pages
	Sessions   *session.Sessions
	Recipients *recipient.Register
	Clock      *clock.Clock
}

const (
	fraudPath      = "/fraude"
	signalsPath    = "/fraude/signalements"
	signalPath     = "/fraude/signalements/nouveau"
	prefecturePath = "/prefecture"
)

var (
	fraud      = page.Link{Href: fraudPath, Text: "receiving.fraud.title"}
	signals    = page.Link{Href: signalsPath, Text: "receiving.signals.title"}
	prefecture = page.Link{Href: prefecturePath, Text: "receiving.prefecture.title"}
)

// Mount adds the site's routes.
func (s *Site) Mount(r *page.Router) {
	r.Get(fraudPath, page.Fraud, s.showFraud)
	r.Post(fraudPath, page.Fraud, s.doSearch)
	r.Get(signalsPath, page.Fraud, s.listSignals)
	r.Get(signalPath, page.Fraud, s.showSignal)
	r.Post(signalsPath, page.Fraud, s.doSignal)
	r.Get(prefecturePath, page.Prefecture, s.showDepartment)
	r.Get("/prefecture/structures/{structure}", page.Prefecture, s.showOrganisation)
}

// acts are those of these pages.
func (s *Site) acts() staff.Acts {
	return staff.Acts{Sessions: s.Sessions, Clock: s.Clock, About: "recipient", Refusal: refusal}
}

// refusal turns what the rules refuse into words.
func refusal(err error) error {
	if errors.Is(err, org.ErrMayNot) {
		return page.ErrForbidden
	}
	return err
}

// refused is refusal of what may be asked for so often only, and says when again; the problem leads back.
func refused(r *http.Request, err error, back string) error {
	return refusal(staff.Often(r, err, "receiving.problem.often", back))
}
