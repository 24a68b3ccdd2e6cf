package franceconnect

import (
	"errors"
	"net/http"
	"time"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/upstream"
)

// Callback is where FranceConnect sends the browser back (GET /connexion/franceconnect/retour).
func (rp *RP) Callback(w http.ResponseWriter, r *http.Request) error {
	q, ctx := r.URL.Query(), r.Context()
	at := session.From(ctx)
	state := upstream.Once(q, "state")
	attempt, err := rp.sessions.Arrive(ctx, session.Browser(ctx), state, session.Identity)
	if errors.Is(err, session.ErrUsed) {
		// No browser of ours left with it: a phone may have. One that asks again is told what became of its link.
		if done, err := rp.phoneBack(w, r, state); done || err != nil {
			return err
		}
		if at == nil && rp.phone(r) != nil {
			http.Redirect(w, r, endPath, http.StatusSeeOther)
			return nil
		}
	}
	if err != nil {
		return rp.refuseState(r, at, err)
	}
	if at == nil || at.Person != attempt.Person {
		return rp.refuseState(r, at, session.ErrOtherBrowser)
	}
	// FranceConnect's address for answers names no organisation: the session is the one that left.
	if at, err = rp.sessions.Beside(ctx, at, attempt.Session); err != nil {
		return rp.refuseState(r, nil, session.ErrUsed)
	}
	// RFC 9207: an answer of another provider, sent to this address, is found here.
	if upstream.Once(q, "iss") != rp.provider.Issuer() {
		return rp.backToDraft(w, r, at, attempt.Draft, "wrong_answer")
	}
	if q.Has("error") {
		return rp.backToDraft(w, r, at, attempt.Draft, notice(q))
	}
	answer, err := rp.provider.Exchange(ctx, upstream.Once(q, "code"), attempt.Nonce, "")
	outcome, err := rp.outcome(r, attempt.CreatedAt, answer, err, func(who citizen.Identity) error {
		return rp.drafts.Identify(ctx, at.Actor(), attempt.Draft, who, attempt.CreatedAt)
	})
	if err != nil {
		return err
	}
	return rp.endSession(w, r, at, attempt, answer.IDToken, outcome)
}

// outcome gives the identity to put, which puts it into the draft; left is when the citizen was sent to FranceConnect. It returns the name of
// the message that says why not, "" when it is in.
func (rp *RP) outcome(r *http.Request, left time.Time, answer upstream.Answer, err error, put func(citizen.Identity) error) (string, error) {
	if errors.Is(err, upstream.ErrUnavailable) {
		rp.logFailure(r, err)
		return "unavailable", nil
	}
	if _, failed := errors.AsType[*upstream.Fault](err); failed {
		rp.logFailure(r, err)
		return "wrong_answer", nil
	}
	if err != nil {
		return "", err
	}
	if !enough(answer.ACR) || earlier(answer, left, rp.clock.Shift()) {
		return "wrong_answer", nil
	}
	who, ok := identify(answer)
	if !ok {
		return "incomplete", nil
	}
	err = put(who)
	switch {
	case errors.Is(err, draft.ErrMinor):
		return "minor", nil
	case errors.Is(err, citizen.ErrRestricted):
		return "restricted", nil
	case errors.Is(err, draft.ErrState), errors.Is(err, draft.ErrSigned), errors.Is(err, draft.ErrNotOwn), errors.Is(err, db.ErrNotFound), errors.Is(err, org.ErrMayNot):
		return "draft_changed", nil
	case err != nil:
		rp.logFailure(r, err)
		return "technical", nil
	}
	return "", nil
}

func identify(answer upstream.Answer) (citizen.Identity, bool) {
	var t told
	if err := answer.Userinfo(&t); err != nil || t.Sub != answer.Subject {
		return citizen.Identity{}, false
	}
	return t.identity()
}

// clocks is how far FranceConnect's clock may be from ours.
const clocks = 30 * time.Second

// earlier reports whether the person proved who they are before they were asked to for this draft: prompt=login was not
// honoured, and whoever was signed in at FranceConnect in this browser was taken. FranceConnect need not tell when it was; if
// it does not, only its word says that it asked anew. Its session is ended after every answer, so the next try is fresh.
func earlier(answer upstream.Answer, left time.Time, shift time.Duration) bool {
	return !answer.AuthTime.IsZero() && answer.AuthTime.Add(shift).Before(left.Add(-clocks))
}

// enough reports whether the level reached is at least the one that we ask for.
func enough(acr string) bool { return acr == "eidas1" || acr == "eidas2" || acr == "eidas3" }

// refuseState shows why an answer is not followed. The draft, if there is one, stays as it was.
func (rp *RP) refuseState(r *http.Request, at *session.Session, err error) error {
	name, status := "", http.StatusBadRequest
	switch {
	case errors.Is(err, session.ErrUsed):
		name = "state_used"
	case errors.Is(err, session.ErrOtherBrowser):
		name = "state_other_browser"
	case errors.Is(err, session.ErrTooLate):
		name = "state_late"
	default:
		return err
	}
	if err := rp.sessions.Note(r.Context(), r, "identity."+name); err != nil {
		return err
	}
	link := session.SignInPath
	if at != nil {
		link = at.Home()
	}
	key := "login.problem." + name
	return &page.Problem{Status: status, Title: key + ".title", What: key + ".what", Safe: key + ".safe", Next: key + ".next", Link: link, LinkText: "login.go_on"}
}
