package counter

import (
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/draft"
	"mandat/internal/page"
	"mandat/internal/session"
)

// namesakesPage is counter/namesakes.html: somebody of this name, born on this day, is known. Nothing is kept before the aidant says who it is, and what
// they typed stands in the page's form.
type namesakesPage struct {
	page.Common
	Draft     draft.Draft
	Told      citizen.Identity
	Namesakes []citizen.Namesake
	Typed     []typedField
}

type typedField struct{ Name, Value string }

// documentFields are those of counter/document.html, in their order.
var documentFields = []string{"document", "family_name", "usage_name", "given_name", "birth_day", "birth_month", "birth_year", "born_town", "born_country", "born_unwritten", "email"}

// whoOf is what the form says of those whom the page showed.
func whoOf(form *page.Form) (who draft.Who) {
	if form.Value("who") != "other" {
		who.Same, _ = uuid.Parse(form.Value("who"))
		return who
	}
	for _, v := range form.Values("namesake") {
		if id, err := uuid.Parse(v); err == nil {
			who.Not = append(who.Not, id)
		}
	}
	return who
}

// readDocument puts what was typed into the draft, or asks who it is.
func (s *Site) readDocument(w http.ResponseWriter, r *http.Request, at *session.Session, d draft.Draft, form *page.Form, i citizen.Identity) error {
	err := s.Drafts.ReadDocument(r.Context(), at.Actor(), d.ID, i, form.Value("document"), whoOf(form))
	known, ask := errors.AsType[*draft.NamesakesError](err)
	if !ask {
		return s.identified(w, r, at, d, err)
	}
	status := http.StatusConflict
	if len(form.Values("namesake")) > 0 { // they were asked: nothing was chosen, or somebody more is known by now
		form.Fail("who", "ladder.namesakes.wrong.who")
		status = http.StatusUnprocessableEntity
	}
	p := &namesakesPage{Common: page.Common{Title: "ladder.namesakes.title", Current: "/mandats/nouveau", Trail: trail(d), Form: form}, Draft: d, Told: i, Namesakes: known.Namesakes}
	for _, name := range documentFields {
		if v := form.Value(name); v != "" {
			p.Typed = append(p.Typed, typedField{name, v})
		}
	}
	return s.Pages.Render(w, r, status, "counter/namesakes.html", p)
}

// Mail returns the address that choosing a namesake replaces, as far as it is shown; "" when it replaces none.
func (p *namesakesPage) Mail(n citizen.Namesake) string {
	if p.Told.Email == "" {
		return ""
	}
	return masked(draft.Known{Same: &n}.Mail(p.Told))
}

// told is what both aidants are shown of somebody whom a document told, beside names, birth date and birth place.
type told struct {
	draft.Known
	Document bool
	Email    string
	Before   string // the address that is replaced, as far as it is shown
}

func (s *Site) told(r *http.Request, at *session.Session, d draft.Draft) (told, error) {
	if d.IdentifiedBy != draft.ByDocument || d.Identity == nil {
		return told{}, nil
	}
	k, err := s.Drafts.Known(r.Context(), at.Actor(), d)
	return told{k, true, d.Identity.Email, masked(k.Mail(*d.Identity))}, err
}

// masked is as much of an e-mail address as its owner needs to recognise it.
func masked(address string) string {
	name, domain, ok := strings.Cut(address, "@")
	if !ok {
		return ""
	}
	_, n := utf8.DecodeRuneInString(name)
	return name[:n] + "•••@" + domain
}
