package admin

import (
	"net/http"

	"mandat/internal/db"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/site/staff"
)

type recipientsPage struct {
	page.Common
	Recipients []org.Receiving
	Notice     string
}

func (s *Site) listRecipients(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	p := &recipientsPage{Common: page.Common{Title: recipients.Text, Current: home.Href, Trail: []page.Link{home}}}
	if p.Recipients, err = s.Directory.Recipients(r.Context(), at.Actor()); err != nil {
		return refusal(err)
	}
	if p.Notice, err = s.acts().Notice(r, at); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "admin/recipients.html", p)
}

func (s *Site) showEndReceiving(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "person")
	if err != nil {
		return err
	}
	p, err := s.Directory.Find(r.Context(), id)
	if err != nil {
		return err
	}
	if p.Recipient == "" {
		return db.ErrNotFound
	}
	return s.confirmEnd(w, r, at, recipients, "admin.receiving.end.", p)
}

func (s *Site) doEndReceiving(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "person")
	if err != nil {
		return err
	}
	return s.acts().Press(w, r, at, recipients.Href, "admin.recipients.was_ended", func() error { return s.Directory.EndReceiving(r.Context(), at.Actor(), id) })
}
