package counter

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"mandat/internal/citizen"
	"mandat/internal/draft"
	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
	"mandat/internal/terms"
	"mandat/internal/throttle"
)

// transferPath is where the paper of a mandate given to another organisation is shown.
const transferPath = "/mandats/transfert"

// offerField names the offer (mandate.Register.Offer) in the address and the form of the terms.
const offerField = "transfert"

// transferPage is counter/transfer.html.
type transferPage struct {
	page.Common
	Why   string    // why nothing was begun: "wrong", "wait", "own", "ended" or "old"; "" when nothing was asked
	Until time.Time // of "wait"
}

// transferBox says on the page of the terms which mandate ends.
type transferBox struct {
	terms.Transferred
	Offer string    // "" for a draft that exists
	Until time.Time // when it would have ended; zero for a draft that exists
	Gone  []string  // procedures of it that cannot be chosen here
}

func (s *Site) showTransfer(w http.ResponseWriter, r *http.Request) error {
	return s.renderTransfer(w, r, http.StatusOK, &transferPage{})
}

func (s *Site) renderTransfer(w http.ResponseWriter, r *http.Request, status int, p *transferPage) error {
	p.Title, p.Current, p.Trail = "transfer.title", newTerms, []page.Link{home, {Href: newTerms, Text: "aidant.terms.title"}}
	return s.Pages.Render(w, r, status, "counter/transfer.html", p)
}

// doTransfer asks whether the citizen holds the paper: the question of the public page, with its limits and its one answer for all that is not so.
func (s *Site) doTransfer(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	p := &transferPage{}
	p.Form = form
	for _, field := range []string{"address", "word"} {
		if form.Value(field) == "" {
			form.Fail(field, "transfer.missing."+field)
		}
	}
	if form.Failed() {
		return s.renderTransfer(w, r, http.StatusUnprocessableEntity, p)
	}
	if _, err := s.Directory.Acting(r.Context(), at.Actor(), s.Clock.Now()); err != nil {
		return refusal(err)
	}
	offer, right, err := s.Press.Offer(r.Context(), at.Actor(), form.Value("address"), form.Value("word"), from(r))
	if wait, ok := errors.AsType[throttle.WaitError](err); ok {
		p.Why, p.Until = "wait", wait.Until
		return s.renderTransfer(w, r, http.StatusTooManyRequests, p)
	}
	if err != nil {
		return s.notTransferred(w, r, err)
	}
	if !right {
		p.Why = "wrong"
		return s.renderTransfer(w, r, http.StatusUnprocessableEntity, p)
	}
	return s.goTo(w, r, newTerms+"?"+url.Values{offerField: {offer}}.Encode())
}

// notTransferred says why a mandate is not transferred, and what to do instead.
func (s *Site) notTransferred(w http.ResponseWriter, r *http.Request, err error) error {
	for why, refused := range map[string]error{"own": mandate.ErrOwn, "ended": mandate.ErrEnded, "old": mandate.ErrOffer} {
		if errors.Is(err, refused) {
			return s.renderTransfer(w, r, http.StatusConflict, &transferPage{Why: why})
		}
	}
	return refusal(err)
}

// proposed is the form of new terms, as the mandate proposes them whose paper was shown; nil when none was.
func (s *Site) proposed(r *http.Request, at *session.Session) (*page.Form, error) {
	offer := r.URL.Query().Get(offerField)
	if offer == "" {
		return nil, nil
	}
	o, err := s.Mandates.Offered(r.Context(), at.Actor(), offer)
	if err != nil {
		return nil, err
	}
	v := url.Values{offerField: {offer}, "days": {strconv.Itoa(31)}}
	for _, p := range o.Powers {
		v.Add("procedures", p.Key)
		v.Set(levelField(p.Key), string(p.Level))
	}
	return page.FilledForm(v), nil
}

// begin begins a draft with terms, which transfers a mandate if the form says so.
func (s *Site) begin(r *http.Request, at *session.Session, form *page.Form, t terms.Terms) (draft.Draft, error) {
	if offer := form.Value(offerField); offer != "" {
		return s.Mandates.StartTransfer(r.Context(), at.Actor(), offer, t)
	}
	return s.Drafts.Start(r.Context(), at.Actor(), t)
}

// transfer tells on the page of the terms which mandate ends: that of the draft, or of the offer in the form.
func (s *Site) transfer(r *http.Request, at *session.Session, p *termsPage, d *draft.Draft) error {
	offer := p.Form.Value(offerField)
	switch {
	case d != nil && d.Transfers != nil:
		p.Transfer = &transferBox{Transferred: *d.Transfers}
		return nil
	case d != nil || offer == "":
		return nil
	}
	o, err := s.Mandates.Offered(r.Context(), at.Actor(), offer)
	if err != nil {
		return err
	}
	p.Transfer = &transferBox{Transferred: o.Transferred, Offer: offer, Until: o.EndsAt}
	for _, x := range o.Powers {
		if _, known := s.Catalogue.Find(x.Key); !known || !p.Organisation.Allows(x.Key) {
			p.Transfer.Gone = append(p.Transfer.Gone, x.Name.In(page.Lang(r)))
		}
	}
	return nil
}

// notHere says why who was identified does not sign: in another session, not who gave the mandate that ends, of the name of somebody known since, or before something
// ended that they had given. It is "" for any other error.
func notHere(err error) string {
	switch {
	case errors.Is(err, mandate.ErrOtherBrowser):
		return "aidant.refused.other_browser"
	case errors.Is(err, mandate.ErrEndedSince):
		return "ladder.refused.ended"
	case errors.Is(err, mandate.ErrDeath):
		return "ladder.refused.death"
	case errors.Is(err, mandate.ErrOtherCitizen):
		return "aidant.refused.other_citizen"
	case errors.Is(err, citizen.ErrNamesake):
		return "ladder.refused.namesake"
	case errors.Is(err, draft.ErrMinor):
		return "aidant.refused.minor"
	case errors.Is(err, citizen.ErrRestricted):
		return "erasing.refused"
	case errors.Is(err, draft.ErrTooLow):
		return "ladder.refused.too_low"
	}
	return ""
}

// from is where the connection comes from; 0.0.0.0 when that cannot be told.
func from(r *http.Request) netip.Addr {
	if a, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return a.Addr()
	}
	return netip.IPv4Unspecified()
}
