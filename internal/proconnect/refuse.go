package proconnect

import (
	"net/http"

	"github.com/google/uuid"

	"mandat/internal/page"
	"mandat/internal/session"
)

// refusal is why somebody is not let in: a page of texts login.problem.<name>.{title,what,safe,next}, and a line in the
// security log.
type refusal struct {
	name   string
	status int
	choose bool // the account was refused: the next sign-in lets the person choose another
	link   string
	cause  error
	person uuid.UUID // who it was, when that is known: for the security log
}

var (
	unknown           = refusal{name: "unknown", status: http.StatusForbidden, choose: true}
	identityAsked     = refusal{name: "identity_asked", status: http.StatusForbidden, choose: true}
	otherAccount      = refusal{name: "other_account", status: http.StatusForbidden, choose: true}
	wrongOrganisation = refusal{name: "wrong_organisation", status: http.StatusForbidden, choose: true}
	noOrganisation    = refusal{name: "no_organisation", status: http.StatusForbidden, choose: true}
	suspended         = refusal{name: "suspended", status: http.StatusForbidden, choose: true}
	weak              = refusal{name: "weak", status: http.StatusForbidden, choose: true}
	cancelled         = refusal{name: "cancelled", status: http.StatusBadRequest}
	used              = refusal{name: "used", status: http.StatusBadRequest}
	late              = refusal{name: "late", status: http.StatusBadRequest}
	otherBrowser      = refusal{name: "other_browser", status: http.StatusBadRequest}
	wrongAnswer       = refusal{name: "wrong_answer", status: http.StatusBadGateway}
	down              = refusal{name: "down", status: http.StatusServiceUnavailable}
	tooMany           = refusal{name: "too_many", status: http.StatusTooManyRequests}
	otherPerson       = refusal{name: "other_person", status: http.StatusForbidden, link: session.ConfirmPath}
	notAgain          = refusal{name: "not_again", status: http.StatusForbidden, link: session.ConfirmPath}
	ownFactor         = refusal{name: "own_factor", status: http.StatusForbidden, link: session.ConfirmPath}
	invitationOver    = refusal{name: "invitation_over", status: http.StatusGone}
	invitationOffice  = refusal{name: "invitation_office", status: http.StatusForbidden}
	invitationOther   = refusal{name: "invitation_other", status: http.StatusForbidden, choose: true}
)

func (f refusal) because(cause error) refusal {
	f.cause = cause
	return f
}

// of is the refusal of a person.
func (f refusal) of(person uuid.UUID) refusal {
	f.person = person
	return f
}

// again is the refusal for somebody who stays signed in.
func (f refusal) again() refusal {
	f.choose, f.link = false, session.ConfirmPath
	return f
}

// to is the refusal of a step-up: who gave it for a citizen goes back to the login that asked for it.
func (f refusal) to(a session.Attempt) refusal {
	if a.Citizen != uuid.Nil {
		f.link = a.ReturnPath
	}
	return f
}

// refuse notes a refusal and returns its page. at is the browser's session if its next sign-in is to let the person choose
// another account, else nil.
func (rp *RP) refuse(r *http.Request, at *session.Session, f refusal) error {
	if f.name != tooMany.name { // a flood that is kept out writes nothing
		if err := rp.sessions.NoteOf(r.Context(), r, "sign_in."+f.name, f.person); err != nil {
			return err
		}
	}
	if at != nil && f.choose && !at.SignedIn() {
		if err := rp.sessions.AskLogin(r.Context(), at); err != nil {
			return err
		}
	}
	link, text := session.SignInPath, "login.retry"
	if f.link != "" {
		link, text = f.link, "login.again"
	}
	key := "login.problem." + f.name
	return &page.Problem{Status: f.status, Title: key + ".title", What: key + ".what", Safe: key + ".safe", Next: key + ".next",
		Link: link, LinkText: text, Cause: f.cause}
}
