package franceconnect

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/page"
	"mandat/internal/prose"
	"mandat/internal/qr"
	"mandat/internal/throttle"
)

// waitingPage is franceconnect/waiting.html: what the aidant sees while the citizen identifies themselves on their own phone.
type waitingPage struct {
	page.Common
	Draft   uuid.UUID
	State   string // of the link
	Refusal string // beginning of the keys of why it was refused; "" of another state
	Number  int
	Until   time.Time
	Code    *qr.Code // of the address; nil in a browser that does not know the secret
	Typed   string   // the address, for who types it
}

// Live reports whether the phone may still come.
func (p *waitingPage) Live() bool { return !slices.Contains(finalStates, p.State) }

var finalStates = []string{linkIdentified, linkRefused, linkExpired, linkCancelled}

// making is how many links one person may make.
func making(person uuid.UUID) throttle.Allowance {
	return throttle.Allowance{Of: "identity.link", Who: person.String(), Burst: 10, Every: time.Minute}
}

// doMakeLink makes a link for a draft of the aidant's own (POST /brouillons/{draft}/identite/telephone).
func (rp *RP) doMakeLink(w http.ResponseWriter, r *http.Request) error {
	at, drawn, elsewhere, err := rp.own(r)
	if err != nil {
		return err
	}
	if elsewhere != "" {
		page.Redirect(w, r, elsewhere)
		return nil
	}
	var secret string
	err = rp.limits.Spend(r.Context(), func() error {
		secret, err = rp.makeLink(r.Context(), at, drawn)
		return err
	}, making(at.Person))
	late, often := errors.AsType[throttle.WaitError](err)
	switch {
	case often:
		p := page.NewProblem(http.StatusTooManyRequests, "franceconnect.often", identityPage(drawn.ID))
		p.Args = map[string]any{"Time": prose.Clock(page.Lang(r), late.Until)}
		return p
	case errors.Is(err, errAnswered): // the page says so
	case err != nil:
		return err
	default:
		rp.keep(w, rp.shownCookie(drawn.ID), secret, LinkLife, http.SameSiteStrictMode)
	}
	page.Redirect(w, r, waitingAt(drawn.ID))
	return nil
}

// showWaiting shows the link of a draft and what became of it (GET /brouillons/{draft}/identite/telephone). It does not ask for itself again:
// a page that moves under somebody's hands is hard to read with a screen reader. A module says what changes, and without it a link does.
func (rp *RP) showWaiting(w http.ResponseWriter, r *http.Request) error {
	at, drawn, elsewhere, err := rp.own(r)
	if err != nil {
		return err
	}
	l, err := rp.linkOf(r.Context(), at, drawn.ID)
	switch {
	case elsewhere != "":
	case errors.Is(err, db.ErrNotFound):
		elsewhere = identityPage(drawn.ID)
	case err != nil:
		return err
	case l.State == linkIdentified:
		elsewhere = recapPage(drawn.ID)
	case l.State == linkCancelled:
		elsewhere = identityPage(drawn.ID)
	}
	if elsewhere != "" {
		page.Redirect(w, r, elsewhere)
		return nil
	}
	p := &waitingPage{Common: page.Common{Title: "franceconnect.waiting.title", Current: "/mandats/nouveau",
		Trail: []page.Link{{Href: "/espace", Text: "page.nav.space"}, {Href: identityPage(drawn.ID), Text: "franceconnect.waiting.identity"}}},
		Draft: drawn.ID, State: l.State, Number: l.Number, Until: l.ExpiresAt}
	if l.State == linkRefused {
		p.Refusal = refusalKey(l.Refusal)
	}
	if p.Live() {
		p.Scripts = []string{"js/phone.js"}
		if p.Code, p.Typed, err = rp.shown(r, l); err != nil {
			return err
		}
	}
	return rp.pages.Render(w, r, http.StatusOK, "franceconnect/waiting.html", p)
}

// shown is the link's address as the aidant's screen shows it, if this browser knows the secret and nobody has left with it yet.
func (rp *RP) shown(r *http.Request, l link) (*qr.Code, string, error) {
	cookie, err := r.Cookie(rp.shownCookie(l.Draft))
	if err != nil || l.State != linkMade && l.State != linkOpened {
		return nil, "", nil //nolint:nilerr // a browser without the cookie
	}
	known, err := rp.linkBySecret(r.Context(), cookie.Value, nil)
	if errors.Is(err, db.ErrNotFound) || err == nil && known.ID != l.ID {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	code, err := qr.New(rp.origin + "/i/" + cookie.Value)
	if err != nil {
		return nil, "", err
	}
	_, host, _ := strings.Cut(rp.origin, "://")
	return &code, host + "/i/" + grouped(cookie.Value), nil
}

// sayState tells the page's module how far the phone is (GET /brouillons/{draft}/identite/telephone/etat).
func (rp *RP) sayState(w http.ResponseWriter, r *http.Request) error {
	at, drawn, elsewhere, err := rp.own(r)
	if err != nil {
		return err
	}
	l, err := rp.linkOf(r.Context(), at, drawn.ID)
	if elsewhere != "" || errors.Is(err, db.ErrNotFound) {
		return page.WriteJSON(w, http.StatusOK, map[string]any{"state": "", "over": true})
	}
	if err != nil {
		return err
	}
	return page.WriteJSON(w, http.StatusOK, map[string]any{"state": l.State, "over": slices.Contains(finalStates, l.State)})
}

// doCancelLink ends the link and goes back to the identity page (POST /brouillons/{draft}/identite/telephone/annulation). One that is
// answered already is shown instead.
func (rp *RP) doCancelLink(w http.ResponseWriter, r *http.Request) error {
	at, drawn, elsewhere, err := rp.own(r)
	if err != nil {
		return err
	}
	if elsewhere == "" {
		if err := rp.cancelLink(r.Context(), at, drawn.ID); err != nil {
			return err
		}
		elsewhere = waitingAt(drawn.ID)
	}
	page.Redirect(w, r, elsewhere)
	return nil
}

func waitingAt(draft uuid.UUID) string { return identityPage(draft) + "/telephone" }
