package admin

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"mandat/internal/card"
	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type cardsPage struct {
	page.Common
	Stock, Given, Lost int
	Checked            bool // a file was looked at just now
	New                int  // cards that it would add
	Faults             []cardFault
	FaultCount         int
	Notice             string

	Cards          []card.Card // a page of them
	Page, Pages    int
	Previous, Next int // pages, 0 for none
}

// cardFault is what is wrong with a line of a file of cards.
type cardFault struct {
	Line int
	What string // key
}

// faultsShown is how many faults of a file of cards are listed.
const faultsShown = 50

func (s *Site) showCards(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p, status := &cardsPage{Common: page.Common{KeepQuery: []string{"page", "serial"}}}, http.StatusOK
	if serial := strings.ToUpper(strings.TrimSpace(r.URL.Query().Get("serial"))); serial != "" {
		switch c, err := s.Cards.Card(r.Context(), serial); {
		case err == nil:
			page.Redirect(w, r, cardPath(c.Serial))
			return nil
		case !errors.Is(err, db.ErrNotFound):
			return err
		}
		p.Form, status = page.FilledForm(r.URL.Query()), http.StatusUnprocessableEntity
		p.Form.Fail("serial", "admin.cards.nobody")
	}
	return s.renderCards(w, r, at, p, status)
}

// asked is the page of the list that the address asks for. What is no number of a page is the first.
func asked(r *http.Request) int {
	n, err := strconv.ParseUint(r.URL.Query().Get("page"), 10, 16)
	if err != nil {
		return 1
	}
	return max(int(n), 1)
}

// turn says which page this is, of so many cards, and which there are beside it. Beyond the last page the last one is shown.
func (p *cardsPage) turn(asked, cards int) {
	p.Pages = max(1, (cards+card.Listed-1)/card.Listed)
	p.Page = min(asked, p.Pages)
	p.Previous = p.Page - 1
	if p.Page < p.Pages {
		p.Next = p.Page + 1
	}
}

func (s *Site) renderCards(w http.ResponseWriter, r *http.Request, at *session.Session, p *cardsPage, status int) error {
	p.Title, p.Current, p.Trail = "admin.cards.title", home.Href, []page.Link{home}
	asked := asked(r)
	cards, counts, err := s.Cards.List(r.Context(), asked)
	if err != nil {
		return err
	}
	p.Stock, p.Given, p.Lost = counts[card.InStock], counts[card.Given], counts[card.Lost]
	if p.turn(asked, p.Stock+p.Given+p.Lost); p.Page < asked {
		if cards, _, err = s.Cards.List(r.Context(), p.Page); err != nil {
			return err
		}
	}
	p.Cards = cards
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, status, "admin/cards.html", p)
}

// doImportCards looks at a file of cards, and takes it in if that was asked for and nothing in it is wrong. The file holds secrets: it is chosen
// anew each time, and never stands in a page.
func (s *Site) doImportCards(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	form, content, err := page.ParseUpload(r, "file")
	if err != nil {
		return err
	}
	if content == nil {
		form.Fail("file", "admin.wrong.file")
		return s.renderCards(w, r, at, &cardsPage{Common: page.Common{Form: form}}, http.StatusUnprocessableEntity)
	}
	out, err := s.Cards.Import(r.Context(), at.Actor(), bytes.NewReader(content), !form.Has("act", "import"))
	switch {
	case errors.Is(err, org.ErrFactorTooOld):
		return s.acts().Again(w, r, at, cards.Href)
	case err != nil:
		return refusal(err)
	case out.Done:
		return s.acts().Finish(w, r, at, "/admin/cartes", "admin.cards.imported")
	}
	status := http.StatusOK
	if len(out.Faults) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return s.renderCards(w, r, at, checked(out), status)
}

func checked(out card.Import) *cardsPage {
	p := &cardsPage{Checked: true, New: out.Cards, FaultCount: len(out.Faults)}
	for _, f := range out.Faults[:min(len(out.Faults), faultsShown)] {
		p.Faults = append(p.Faults, cardFault{f.Line, "admin.cards.fault." + f.What})
	}
	return p
}
