package admin

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"mandat/internal/card"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

type cardPage struct {
	page.Common
	Card   card.Card
	Notice string
}

var cards = page.Link{Href: "/admin/cartes", Text: "admin.cards.title"}

func cardPath(serial string) string { return cards.Href + "/" + url.PathEscape(serial) }

// withCard returns the session of an administrator and the card of the path.
func (s *Site) withCard(r *http.Request) (*session.Session, card.Card, error) {
	at, err := staff.SignedIn(r)
	if err != nil {
		return nil, card.Card{}, err
	}
	c, err := s.Cards.Card(r.Context(), r.PathValue("card"))
	return at, c, err
}

func (s *Site) showCard(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.withCard(r)
	if err != nil {
		return err
	}
	o := org.Organisation{}
	if c.Organisation != uuid.Nil {
		if o, err = s.Directory.Organisation(r.Context(), c.Organisation); err != nil {
			return err
		}
	}
	form, err := s.acts().Kept(r, cardPath(c.Serial), page.FilledForm(url.Values{"siret": {o.SIRET}}))
	if err != nil {
		return err
	}
	return s.renderCard(w, r, at, c, form, http.StatusOK)
}

func (s *Site) renderCard(w http.ResponseWriter, r *http.Request, at *session.Session, c card.Card, form *page.Form, status int) error {
	p := &cardPage{Common: page.Common{Title: "admin.card.title", Current: home.Href, Trail: []page.Link{home, cards}, Form: form}, Card: c}
	var err error
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, status, "admin/card.html", p)
}

// doSend notes to which organisation a card was sent, by its SIRET; an empty one is none.
func (s *Site) doSend(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.withCard(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	to := uuid.Nil
	if number := siret(form); number != "" {
		found, err := s.Directory.Organisations(r.Context(), at.Actor(), number)
		if err != nil {
			return refusal(err)
		}
		i := slices.IndexFunc(found, func(o org.Organisation) bool { return o.SIRET == number })
		if i < 0 {
			form.Fail("siret", "admin.card.wrong.siret")
			return s.renderCard(w, r, at, c, form, http.StatusUnprocessableEntity)
		}
		to = found[i].ID
	}
	if to == c.Organisation {
		return s.acts().Finish(w, r, at, cardPath(c.Serial), "admin.card.sent")
	}
	switch err := s.Cards.Send(r.Context(), at.Actor(), c.Serial, to); {
	case errors.Is(err, org.ErrFactorTooOld):
		return s.acts().Later(w, r, cardPath(c.Serial), form)
	case err != nil:
		return refusal(err)
	}
	return s.acts().Finish(w, r, at, cardPath(c.Serial), "admin.card.sent")
}

func (s *Site) showLose(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.withCard(r)
	if err != nil {
		return err
	}
	if ok, err := s.acts().Confirmed(w, r, at); !ok {
		return err
	}
	return s.confirm(w, r, &confirmPage{Common: page.Common{Trail: []page.Link{home, cards}, Current: home.Href}, Key: "admin.card.lose.", Name: c.Serial,
		Action: cardPath(c.Serial) + "/perte", Back: cardPath(c.Serial)})
}

func (s *Site) doLose(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.withCard(r)
	if err != nil {
		return err
	}
	return s.acts().Press(w, r, at, cardPath(c.Serial), "admin.card.was_lost", func() error { return s.Cards.Lose(r.Context(), at.Actor(), c.Serial) })
}
