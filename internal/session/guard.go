package session

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/page"
)

// Where people are sent: to sign in, to give their second factor again, to add their first one, to accept the charter.
const (
	SignInPath      = "/connexion"
	ConfirmPath     = "/connexion/confirmation"
	FirstFactorPath = "/compte/facteurs/premier"
	CharterPath     = "/charte"
)

// factorPaths is what the addresses begin with at which somebody may be who is signed in to add a first factor.
const factorPaths = "/compte/facteurs"

// Browser is the guard of pages for anybody: it looks who is signed in, and lets everybody pass.
func (s *Sessions) Browser(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	at, err := s.read(r)
	if err != nil {
		return nil, err
	}
	if at != nil && !at.standing {
		return nil, s.expel(w, r, at)
	}
	if err := s.renewGrown(w, r, at); err != nil {
		return nil, err
	}
	return r.WithContext(known(r.Context(), at)), nil
}

// Account is the guard of pages about the person themselves: everybody signed in may pass, whatever they are. Who is
// signed in to add a first factor passes to the pages that do it.
func (s *Sessions) Account(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	passed, at, err := s.signedIn(w, r)
	if err != nil || at == nil {
		return nil, err
	}
	if at.Enrolling && !strings.HasPrefix(r.URL.Path, factorPaths) {
		return s.sendTo(w, passed, FirstFactorPath, "login.gate.factor")
	}
	return passed, nil
}

// Aidant is the guard of the pages of aidants. Somebody who is not signed in is sent to sign in, and comes back to the page if
// it can be asked for again (GET). A referent who is no aidant is told where their pages are.
func (s *Sessions) Aidant(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	passed, at, err := s.placed(w, r)
	if err != nil || at == nil {
		return nil, err
	}
	switch at.Role {
	case Aidant:
		return s.gate(w, passed, at)
	case Referent:
		return passed, &page.Problem{Status: http.StatusForbidden, Title: "aidant.problem.referent.title", What: "aidant.problem.referent.what",
			Safe: "aidant.problem.referent.safe", Next: "aidant.problem.referent.next", Link: "/referent", LinkText: "aidant.problem.referent.link"}
	}
	return passed, page.ErrForbidden
}

// Referent is the guard of the pages of referents, aidants or not.
func (s *Sessions) Referent(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	passed, at, err := s.placed(w, r)
	if err != nil || at == nil {
		return nil, err
	}
	if !at.Referent {
		return passed, page.ErrForbidden
	}
	return s.gate(w, acting(passed, at, journal.Referent), at)
}

// Administrator is the guard of the pages of administrators.
func (s *Sessions) Administrator(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	passed, at, err := s.signedIn(w, r)
	if err != nil || at == nil {
		return nil, err
	}
	if at.Role != Administrator {
		return passed, page.ErrForbidden
	}
	return s.gate(w, passed, at)
}

// Auditor is the guard of the pages of auditors, who have no charter.
func (s *Sessions) Auditor(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	return s.uncharted(w, r, Auditor)
}

// Fraud is the guard of the pages of FranceConnect's fraud team, who have no charter.
func (s *Sessions) Fraud(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	return s.uncharted(w, r, Fraud)
}

// Prefecture is the guard of the pages of prefectures, who have no charter.
func (s *Sessions) Prefecture(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	return s.uncharted(w, r, Prefecture)
}

// uncharted lets pass who has a role without a charter, once they have a second factor.
func (s *Sessions) uncharted(w http.ResponseWriter, r *http.Request, role string) (*http.Request, error) {
	passed, at, err := s.signedIn(w, r)
	if err != nil || at == nil {
		return nil, err
	}
	switch {
	case at.Role != role:
		return passed, page.ErrForbidden
	case at.Enrolling:
		return s.sendTo(w, passed, FirstFactorPath, "login.gate.factor")
	}
	return passed, nil
}

// signedIn lets pass who is signed in, and sends others to sign in: then at is nil.
func (s *Sessions) signedIn(w http.ResponseWriter, r *http.Request) (passed *http.Request, at *Session, err error) {
	if passed, err = s.Browser(w, r); err != nil {
		return nil, nil, err
	}
	if at = From(passed.Context()); at == nil {
		if r.Method == http.MethodPost {
			return nil, nil, s.sendTooLate(w, r)
		}
		path := "/"
		if r.Method == http.MethodGet {
			path = page.Address(r)
		}
		return nil, nil, s.sendToSignIn(w, r, path, s.Device(r).Hash())
	}
	return passed, at, nil
}

// placed is signedIn for pages of an organisation: who has several is there only at addresses that say which. Who is
// signed in and has none at this address is sent to the address that they mean, or told that there is nothing.
func (s *Sessions) placed(w http.ResponseWriter, r *http.Request) (*http.Request, *Session, error) {
	named := page.Organisation(r.Context())
	passed, err := s.Browser(w, r)
	if err != nil {
		return nil, nil, err
	}
	at := From(passed.Context())
	switch {
	case at != nil && (at.Addressed || !at.Several || at.Organisation == uuid.Nil):
		return passed, at, nil
	case at != nil:
		return nil, nil, s.which(w, passed, at.Base()+r.URL.RequestURI())
	case named == uuid.Nil:
		return s.signedIn(w, r)
	}
	if passed, err = s.Browser(w, plain(r)); err != nil {
		return nil, nil, err
	}
	switch at = From(passed.Context()); {
	case at == nil:
		return s.signedIn(w, r)
	case at.PublicID == named: // their only one
		return nil, nil, s.which(w, passed, r.URL.RequestURI())
	}
	return nil, nil, db.ErrNotFound
}

// which leads to the address that a page has for this person. What was sent to another address is not done: it does not say
// for which organisation it was meant.
func (s *Sessions) which(w http.ResponseWriter, r *http.Request, address string) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		http.Redirect(w, r, address, http.StatusSeeOther) //nolint:gosec // the address that was asked for, under an organisation
		return nil
	}
	return &page.Problem{Status: http.StatusConflict, Title: "page.which.title", What: "page.which.what", Safe: "page.which.safe", Next: "page.which.next",
		Link: page.Organisations, LinkText: "page.which.link"}
}

// Gate is what the guards of aidants and referents hold people back with, for a page that runs its own guard: it reports whether
// they may go on, and has answered when they may not. They come back to path.
func (s *Sessions) Gate(w http.ResponseWriter, r *http.Request, path string) (bool, error) {
	at := From(r.Context())
	to := ""
	switch {
	case at.Enrolling:
		to = FirstFactorPath
	case !at.Charter:
		to = CharterPath
	default:
		return true, nil
	}
	if err := s.ComeBack(r.Context(), at, page.Placed(r.Context(), path)); err != nil {
		return false, err
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return false, nil
}

// gate holds back who has something to do first: to add a second factor, then to accept the charter.
func (s *Sessions) gate(w http.ResponseWriter, r *http.Request, at *Session) (*http.Request, error) {
	switch {
	case at.Enrolling:
		return s.sendTo(w, r, FirstFactorPath, "login.gate.factor")
	case !at.Charter:
		return s.sendTo(w, r, CharterPath, "login.gate.charter")
	}
	return r, nil
}

// sendTo leads to a page that comes before the one that was asked for, and from which the browser comes back to it. What was
// sent is not done, and the page says so: it is there when the person goes back.
func (s *Sessions) sendTo(w http.ResponseWriter, r *http.Request, path, key string) (*http.Request, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return r, &page.Problem{Status: http.StatusForbidden, Title: key + ".title", What: key + ".what", Safe: key + ".safe", Next: key + ".next", Link: path, LinkText: key + ".link"}
	}
	if err := s.ComeBack(r.Context(), From(r.Context()), page.Address(r)); err != nil {
		return nil, err
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil, nil
}

func known(ctx context.Context, at *Session) context.Context {
	ctx = context.WithValue(ctx, key{}, at)
	if at.SignedIn() {
		who := page.Who{Name: at.GivenName + " " + at.UsualName, Organisation: at.OrganisationName, Role: at.Role, Home: at.Home(), Referent: at.Referent,
			Several: at.Several, Entering: at.Enrolling, Author: page.AuthorOf(at.Person)}
		if at.Several && !at.Addressed {
			who.Organisation = "" // this page is not about one of them
		}
		ctx = page.WithWho(ctx, who)
	}
	return ctx
}

// acting is a request whose session acts as a kind.
func acting(r *http.Request, at *Session, as journal.Kind) *http.Request {
	at.acting = as
	return r
}

// SendToSignIn answers with a redirect to the sign-in page. path is where the browser goes afterwards ("/": the person's home), whoever signs
// in: it is kept with the session, so that no link can choose it. The guards have it kept for who signed in last with the browser, whose page
// it may be; a browser with which nobody has signed in has it kept for anybody.
func (s *Sessions) SendToSignIn(w http.ResponseWriter, r *http.Request, path string) error {
	return s.sendToSignIn(w, r, path, nil)
}

func (s *Sessions) sendToSignIn(w http.ResponseWriter, r *http.Request, path string, device []byte) error {
	moved, err := s.moved(r)
	if err != nil {
		return err
	}
	if path != "/" && !moved && s.empties.allow(address(r), s.clock.Now()) {
		at, err := s.Ensure(w, r)
		if err != nil {
			return err
		}
		if err := s.comeBack(r.Context(), at, path, device); err != nil {
			return err
		}
	}
	http.Redirect(w, r, SignInPath, http.StatusSeeOther)
	return nil
}

// SendToStepUp answers with a redirect to the page that asks for the second factor again; the browser comes back to path,
// under the organisation of the request if it is a page of one. For a citizen, the address of that page says for whom (idp.Asking).
func (s *Sessions) SendToStepUp(w http.ResponseWriter, r *http.Request, path string) error {
	if err := s.ComeBack(r.Context(), From(r.Context()), page.Placed(r.Context(), path)); err != nil {
		return err
	}
	http.Redirect(w, r, ConfirmPath, http.StatusSeeOther)
	return nil
}

// expel ends the session of who may no longer be where it is. Elsewhere they go on, unless it is the person who is suspended, or has no
// office any more: then every session of the browser ends.
func (s *Sessions) expel(w http.ResponseWriter, r *http.Request, at *Session) error {
	ctx, goesOn := r.Context(), false
	err := s.db.Write(ctx, db.Nothing(), db.Soon, func(tx *db.Tx) error {
		if err := lockPerson(ctx, tx, at.Person); err != nil {
			return err
		}
		if at.suspended || at.Organisation == uuid.Nil {
			_, err := tx.Exec(ctx, `delete from session where browser = $1`, at.Browser)
			return err
		}
		if _, err := tx.Exec(ctx, endIn, at.Person, at.Organisation, at.Browser); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `select exists (select from session where browser = $1)`, at.Browser).Scan(&goesOn)
	})
	if err != nil {
		return err
	}
	if goesOn {
		return page.NewProblem(http.StatusForbidden, "login.expelled_there", page.Organisations)
	}
	if err := s.Forget(w, r); err != nil {
		return err
	}
	return &page.Problem{Status: http.StatusForbidden, Title: "login.expelled.title", What: "login.expelled.what", Safe: "login.expelled.safe", Next: "login.expelled.next"}
}
