package franceconnect

import (
	"errors"
	"net/http"
	"net/url"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/page"
	"mandat/internal/token"
	"mandat/internal/upstream"
)

// endPath is the page on which a phone ends.
const endPath = "/i/fin"

// phoneBack is Callback for a state with which a phone left. It reports whether the state was one.
func (rp *RP) phoneBack(w http.ResponseWriter, r *http.Request, state string) (bool, error) {
	l, err := rp.answerLink(r.Context(), state, rp.phone(r))
	if errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	switch l.State {
	case linkRefused:
		if err := rp.sessions.Note(r.Context(), r, "identity.state_other_browser"); err != nil {
			return true, err
		}
		return true, rp.refuse(http.StatusBadRequest, "franceconnect.other_browser")
	case linkExpired:
		return true, rp.refuse(http.StatusBadRequest, "franceconnect.over")
	}
	refusal, idToken := rp.judge(r, l)
	return true, rp.endPhone(w, r, l, refusal, idToken)
}

// judge puts the identity that FranceConnect tells into the draft of an answered link, for the aidant who asked. It returns the name of the
// message that says why not, "" when it is in, and the ID token, with which the citizen is signed out.
func (rp *RP) judge(r *http.Request, l link) (refusal, idToken string) {
	q := r.URL.Query()
	if upstream.Once(q, "iss") != rp.provider.Issuer() {
		return "wrong_answer", ""
	}
	if q.Has("error") {
		return notice(q), ""
	}
	answer, failure := rp.provider.Exchange(r.Context(), upstream.Once(q, "code"), l.Nonce, "")
	by, _, refusal, err := rp.asker(r, l)
	if err == nil && refusal == "" {
		refusal, err = rp.outcome(r, l.LeftAt, answer, failure, func(who citizen.Identity) error {
			return rp.drafts.IdentifyOnPhone(r.Context(), by, l.Draft, who, l.Version)
		})
	}
	if err != nil {
		rp.logFailure(r, err)
		refusal = "technical"
	}
	return refusal, answer.IDToken
}

// endPhone says what became of a link and sends the phone to end the citizen's FranceConnect session, if there is one to end.
func (rp *RP) endPhone(w http.ResponseWriter, r *http.Request, l link, refusal, idToken string) error {
	to, farewell := "", ""
	if idToken != "" {
		farewell = token.Hex(32)
		var err error
		to, err = rp.provider.EndSessionURL(r.Context(), url.Values{"id_token_hint": {idToken}, "state": {farewell}, "post_logout_redirect_uri": {rp.endURL}})
		if err != nil {
			rp.logFailure(r, err)
		}
	}
	// A link whose time has run out meanwhile stays expired; the draft has what it was told.
	if err := rp.settleLink(r.Context(), l, refusal, farewell); err != nil && !errors.Is(err, db.ErrConflict) {
		return err
	}
	if to == "" {
		to = endPath
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// endPage is franceconnect/end.html: the last that the phone shows. Nothing on it is personal.
type endPage struct {
	page.Common
	Done     bool
	Declined bool   // the citizen said that the link is not theirs
	Refusal  string // beginning of the keys of why not, "" when it is done
}

// showEnd says to the phone what became of its link (GET /i/fin).
func (rp *RP) showEnd(w http.ResponseWriter, r *http.Request) error {
	browser := rp.phone(r)
	if browser == nil {
		return rp.refuse(http.StatusNotFound, "franceconnect.over")
	}
	l, err := rp.linkByBrowser(r.Context(), browser)
	if errors.Is(err, db.ErrNotFound) {
		return rp.refuse(http.StatusNotFound, "franceconnect.over")
	}
	if err != nil {
		return err
	}
	p := &endPage{Common: page.Common{Title: "franceconnect.end.not_done", NoIndex: true}}
	switch l.State {
	case linkIdentified:
		p.Title, p.Done = "franceconnect.end.done", true
	case linkRefused:
		p.Refusal = refusalKey(l.Refusal)
	case linkExpired, linkCancelled:
		return rp.refuse(http.StatusGone, "franceconnect.over")
	}
	return rp.pages.Render(w, r, http.StatusOK, "franceconnect/end.html", p)
}
