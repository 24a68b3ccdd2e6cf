package session

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/page"
)

// SendFormToStepUp is SendToStepUp for a form that was sent with a second factor that is too old: what was entered waits in the session,
// sealed, for the form's page, at path (KeptForm), and not in an address. fields are those that are kept, none for all: no code and no secret
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
	key, sealed, err := s.keys.Seal(at.Person, at.purpose(path), []byte(form.Entered(fields...).Encode()))
	if err != nil {
		return fmt.Errorf("keep form: %w", err)
	}
	err = s.note(r.Context(), `update session set kept_path = $2, kept_key = $3, kept_form = $4, kept_for = null, kept = null where cookie = $1`, at.cookie, path, key, sealed)
	if err != nil {
		return err
	}
	return s.ComeBack(r.Context(), at, page.Placed(r.Context(), path))
}

// purpose binds a sealed form to this session and to the page at path.
func (s *Session) purpose(path string) string {
	return "session.kept_form " + hex.EncodeToString(s.Hash) + " " + path
}

// KeptForm returns what was entered in the form of the page at path before its person was sent to give their second factor or to sign in
// again (late.go), and forgets it; otherwise when there is nothing.
func (s *Sessions) KeptForm(r *http.Request, path string, otherwise *page.Form) (*page.Form, error) {
	at := From(r.Context())
	if at.kept != path {
		return otherwise, nil
	}
	var key, sealed []byte
	err := s.db.Write(r.Context(), db.Nothing(), db.Soon, func(tx *db.Tx) error {
		return tx.QueryRow(r.Context(), `update session set kept_path = null, kept_key = null, kept_form = null
			from (select id, kept_key, kept_form from session where cookie = $1 and kept_path = $2 for update) old
			where session.id = old.id returning old.kept_key, old.kept_form`, at.cookie, path).Scan(&key, &sealed)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return otherwise, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read kept form: %w", err)
	}
	plain, err := s.keys.Unseal(at.Person, at.purpose(path), key, sealed)
	if err != nil {
		return nil, fmt.Errorf("read kept form: %w", err)
	}
	values, err := url.ParseQuery(string(plain))
	if err != nil {
		return nil, errors.New("a kept form cannot be read") // the parser's error may quote it
	}
	if values.Has(page.AuthorField) {
		values.Del(page.AuthorField)
		return page.LeftForm(values), nil
	}
	return page.KeptForm(values), nil
}
