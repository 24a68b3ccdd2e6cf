package session

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/page"
)

// SendFormToStepUp is SendToStepUp for a form that was sent with a second factor that is too old: what was entered waits in the session
// for the form's page, at path (KeptForm), and not in an address. fields are those that are kept, none for all: no code and no secret
// may be among them.
func (s *Sessions) SendFormToStepUp(w http.ResponseWriter, r *http.Request, path string, form *page.Form, fields ...string) error {
	if err := s.KeepForm(r, path, form, fields...); err != nil {
		return err
	}
	http.Redirect(w, r, ConfirmPath, http.StatusSeeOther)
	return nil
}

// KeepForm is SendFormToStepUp for what a module of ours sent, which leads to ConfirmPath itself.
func (s *Sessions) KeepForm(r *http.Request, path string, form *page.Form, fields ...string) error {
	at := From(r.Context())
	err := s.note(r.Context(), `update session set kept_for = $2, kept = $3 where cookie = $1`, at.cookie, path, form.Entered(fields...).Encode())
	if err != nil {
		return err
	}
	return s.ComeBack(r.Context(), at, page.Placed(r.Context(), path))
}

// KeptForm returns what was entered in the form of the page at path before its person was sent to give their second factor, and forgets
// it; otherwise when there is nothing.
func (s *Sessions) KeptForm(r *http.Request, path string, otherwise *page.Form) (*page.Form, error) {
	var kept string
	err := s.db.Write(r.Context(), db.Nothing(), db.Soon, func(tx *db.Tx) error {
		return tx.QueryRow(r.Context(), `update session set kept_for = null, kept = null from (select id, kept from session where cookie = $1 and kept_for = $2 for update) old
			where session.id = old.id returning old.kept`, From(r.Context()).cookie, path).Scan(&kept)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return otherwise, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read kept form: %w", err)
	}
	values, err := url.ParseQuery(kept)
	if err != nil {
		return nil, errors.New("a kept form cannot be read") // the parser's error may quote it
	}
	return page.KeptForm(values), nil
}
