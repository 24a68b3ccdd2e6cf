package franceconnect

import (
	"errors"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/terms"
	"mandat/internal/throttle"
	"mandat/internal/token"
	"mandat/internal/upstream"
)

// phonePage is franceconnect/phone.html: what the citizen reads before they go on to FranceConnect. Nothing on it is personal: whoever has
// the link sees it.
type phonePage struct {
	page.Common
	Asks        string // the name of the organisation
	Number      int
	Powers      []terms.Outlined // of the mandate that is being drawn up
	Asked       terms.Terms
	Transfers   bool // one given to another organisation ends with it
	Unavailable bool // FranceConnect does not answer
}

// showLink is the page of a link (GET /i/{token}). It changes nothing for anybody: programs that look into messages open links too.
func (rp *RP) showLink(w http.ResponseWriter, r *http.Request) error {
	l, err := rp.linkOn(r)
	if err != nil {
		return err
	}
	_, drawn, refusal, err := rp.asker(r, l)
	switch {
	case err != nil:
		return err
	case refusal != "":
		return rp.refuse(http.StatusGone, "franceconnect.over")
	}
	return rp.renderLink(w, r, http.StatusOK, l, drawn, false)
}

func (rp *RP) renderLink(w http.ResponseWriter, r *http.Request, status int, l link, drawn draft.Draft, unavailable bool) error {
	return rp.pages.Render(w, r, status, "franceconnect/phone.html", &phonePage{Common: page.Common{Title: "franceconnect.phone.title", NoIndex: true, FormOrigins: []string{rp.Origin()}},
		Asks: l.Asks, Number: l.Number, Powers: drawn.Terms.Outline(rp.catalogue, rp.clock.Now()), Asked: drawn.Terms, Transfers: drawn.Transfers != nil, Unavailable: unavailable})
}

// linkOn finds the link of the path that may be used in this browser, or the page that says why not.
func (rp *RP) linkOn(r *http.Request) (link, error) {
	if session.From(r.Context()) != nil {
		return link{}, rp.refuse(http.StatusForbidden, "franceconnect.professional")
	}
	secret := secretOf(r.PathValue("token"))
	l, err := rp.openLink(r.Context(), secret, rp.phone(r))
	switch {
	case errors.Is(err, db.ErrNotFound):
		return link{}, rp.unknown(r)
	case err != nil:
		return link{}, err
	case l.open():
		return l, nil
	case l.State == linkLeft, l.State == linkAnswered:
		return link{}, rp.refuse(http.StatusConflict, "franceconnect.taken")
	}
	return link{}, rp.refuse(http.StatusGone, "franceconnect.over")
}

// refuse is the page that says why a link does not go on; it leads nowhere but to the home page.
func (rp *RP) refuse(status int, key string) error {
	return &page.Problem{Status: status, Title: key + ".title", What: key + ".what", Safe: key + ".safe", Next: key + ".next"}
}

// unknown is for a secret that no link has. Nobody guesses 128 bits; who tries is slowed before they cost much.
func (rp *RP) unknown(r *http.Request) error {
	wait, err := rp.limits.Take(r.Context(), throttle.Allowance{Of: "identity.unknown_link", Who: throttle.Network(from(r)), Burst: 20, Every: 30 * time.Second})
	if err != nil {
		return err
	}
	if wait > 0 {
		return rp.refuse(http.StatusTooManyRequests, "franceconnect.slow")
	}
	if err := rp.sessions.Note(r.Context(), r, "identity.link_unknown"); err != nil {
		return err
	}
	return rp.refuse(http.StatusNotFound, "franceconnect.over")
}

// doLeave sends the phone to FranceConnect, or ends the link when the citizen says that it is not theirs (POST /i/{token}).
func (rp *RP) doLeave(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	l, err := rp.linkOn(r)
	if err != nil {
		return err
	}
	if form.Value("act") == "decline" {
		return rp.decline(w, r, l)
	}
	_, drawn, refusal, err := rp.asker(r, l)
	if err != nil {
		return err
	}
	if refusal != "" {
		return rp.refuse(http.StatusGone, "franceconnect.over")
	}
	state, nonce := token.Hex(32), token.Hex(32)
	to, err := rp.provider.AuthURL(r.Context(), state, nonce, oauth2.SetAuthURLParam("acr_values", "eidas1"), oauth2.SetAuthURLParam("prompt", "login"))
	if errors.Is(err, upstream.ErrUnavailable) {
		rp.logFailure(r, err)
		return rp.renderLink(w, r, http.StatusServiceUnavailable, l, drawn, true)
	}
	if err != nil {
		return err
	}
	secret, browser := token.New()
	err = rp.leaveWith(r.Context(), l, rp.clock.Now(), rp.phone(r), browser, state, nonce)
	if errors.Is(err, db.ErrConflict) { // another phone was faster
		return rp.refuse(http.StatusConflict, "franceconnect.taken")
	}
	if err != nil {
		return err
	}
	rp.keep(w, rp.phoneCookie(), secret, longestLink, http.SameSiteLaxMode)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (rp *RP) decline(w http.ResponseWriter, r *http.Request, l link) error {
	err := rp.declineLink(r.Context(), l, rp.phone(r))
	if errors.Is(err, db.ErrConflict) {
		return rp.refuse(http.StatusConflict, "franceconnect.taken")
	}
	if err != nil {
		return err
	}
	return rp.pages.Render(w, r, http.StatusOK, "franceconnect/end.html", &endPage{Common: page.Common{Title: "franceconnect.end.declined", NoIndex: true}, Declined: true})
}

// asker is who made a link, as they act now: the aidant of the session in which it was made, if that still counts, and the draft, if it is still
// theirs and as it was. Otherwise it says with what message the link is refused.
func (rp *RP) asker(r *http.Request, l link) (by journal.Actor, drawn draft.Draft, refusal string, err error) {
	at, err := rp.sessions.Still(r.Context(), l.Session)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return by, drawn, "session_over", nil
	case err != nil:
		return by, drawn, "", err
	}
	by = at.As(journal.Aidant)
	drawn, err = rp.drafts.Find(r.Context(), by, l.Draft)
	switch {
	case errors.Is(err, db.ErrNotFound), errors.Is(err, org.ErrMayNot):
		return by, drawn, "draft_changed", nil
	case err != nil:
		return by, drawn, "", err
	case drawn.Person != by.Person, drawn.Version != l.Version, drawn.State != draft.Open && drawn.State != draft.Identified:
		return by, drawn, "draft_changed", nil
	}
	return by, drawn, "", nil
}
