package session

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/page"
)

// endedNotice is for what the message about an ended session stands in its row: it is told on the sign-in page, as often as that is shown.
const endedNotice = "sign_in"

// sendTooLate answers a form that was sent after the session had ended. Nothing is done. Where somebody may have been signed in, the sign-in
// page says so; and what the form's route lets wait (page.Back) waits in the browser's empty session, for whom the form says that it was
// filled in by, if they have signed in with this browser: sealed, until they sign in there again, or as long as a session may be idle.
func (s *Sessions) sendTooLate(w http.ResponseWriter, r *http.Request) error {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/json" {
		return page.Refuse(w, http.StatusUnauthorized, "ended") // a module of ours, whose page has everything still
	}
	if !s.beenHere(r) {
		return s.sendToSignIn(w, r, "/", nil)
	}
	moved, err := s.moved(r)
	if err != nil {
		return err
	}
	if !moved && s.empties.allow(address(r), s.clock.Now()) {
		at, err := s.Ensure(w, r)
		if err != nil {
			return err
		}
		if err := s.noteTooLate(r, at); err != nil {
			return err
		}
	}
	http.Redirect(w, r, SignInPath, http.StatusSeeOther)
	return nil
}

// beenHere reports whether a browser has a cookie that it can have from a sign-in.
func (s *Sessions) beenHere(r *http.Request) bool {
	for _, name := range []string{s.device, s.store.name} {
		if c, err := r.Cookie(name); err == nil && len(c.Value) == secretLength {
			return true
		}
	}
	return false
}

func (s *Sessions) noteTooLate(r *http.Request, at *Session) error {
	to, fields := page.BackOf(r)
	if err := s.comeBack(r.Context(), at, to, s.Device(r).Hash()); err != nil {
		return err
	}
	kept, err := s.keepLeft(r, at, to, fields)
	if err != nil {
		return err
	}
	key := "login.ended.lost"
	if kept {
		key = "login.ended.kept"
	}
	return s.Notify(r.Context(), at, endedNotice, key)
}

// keepLeft has a form wait in the session of a browser in which nobody is signed in, and reports whether it does.
func (s *Sessions) keepLeft(r *http.Request, at *Session, to string, fields []string) (bool, error) {
	if len(fields) == 0 {
		return false, nil
	}
	to, _, _ = strings.Cut(to, "?")
	form, err := page.ParseForm(r)
	if err != nil {
		return false, err
	}
	values := form.Some(fields...)
	author := form.Value(page.AuthorField)
	if len(values) == 0 || author == "" {
		return false, nil
	}
	person, err := s.author(r, author)
	if err != nil || person == uuid.Nil {
		return false, err
	}
	values.Set(page.AuthorField, author)
	key, sealed, err := s.keys.Seal(person, at.purpose(to), []byte(values.Encode()))
	if err != nil {
		return false, fmt.Errorf("keep form: %w", err)
	}
	return true, s.note(r.Context(), `update session set return_for = $2, kept_path = $3, kept_key = $4, kept_form = $5, kept_for = null, kept = null where cookie = $1 and person_id is null`,
		at.cookie, person, to, key, sealed)
}

// author finds who filled in a form among those who have signed in with the browser; nil when none of them did.
func (s *Sessions) author(r *http.Request, author string) (uuid.UUID, error) {
	out := uuid.Nil
	batch := &pgx.Batch{}
	batch.Queue(`select person_id from session_device where device = $1`, s.Device(r).Hash()).Query(func(rows pgx.Rows) error {
		var person uuid.UUID
		_, err := pgx.ForEachRow(rows, []any{&person}, func() error {
			if page.AuthorOf(person) == author {
				out = person
			}
			return nil
		})
		return err
	})
	if err := s.db.Ask(r.Context(), db.Nothing(), batch); err != nil {
		return uuid.Nil, fmt.Errorf("look for who filled in a form: %w", err)
	}
	return out, nil
}

// left is a form that waits for somebody to sign in, at the address of its page.
type left struct {
	to    string
	plain []byte
}

// leftFor returns what waits in the session that a sign-in replaces, if it is for this person.
func (s *Sessions) leftFor(ctx context.Context, tx *journal.Tx, old *Session, person uuid.UUID) (left, error) {
	if old.kept == "" || old.Person != uuid.Nil {
		return left{}, nil
	}
	var l left
	var key, sealed []byte
	err := tx.QueryRow(ctx, `select kept_path, kept_key, kept_form from session where cookie = $1 and person_id is null and kept_path is not null`, old.cookie).Scan(&l.to, &key, &sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return left{}, nil
	}
	if err != nil {
		return left{}, err
	}
	l.plain, err = s.keys.Unseal(person, old.purpose(l.to), key, sealed)
	if errors.Is(err, envelope.ErrSealed) { // somebody else's
		return left{}, nil
	}
	return l, err
}

// putBack has a form wait in the new session of its person that its page belongs to, among those of these ids.
func (s *Sessions) putBack(ctx context.Context, tx *journal.Tx, l left, person uuid.UUID, ids [][]byte) error {
	if l.plain == nil {
		return nil
	}
	base, path := "", l.to
	if rest, ok := strings.CutPrefix(l.to, page.Organisations+"/"); ok {
		var organisation string
		organisation, path, _ = strings.Cut(rest, "/")
		base, path = organisation, "/"+path
	}
	var id []byte
	err := tx.QueryRow(ctx, `select s.id from session s left join organisation o on o.id = s.organisation_id
		where s.id = any($1) and case when $2 = '' then not s.addressed else s.addressed and o.public_id::text = $2 end`, ids, base).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) { // they are no longer there
		return nil
	}
	if err != nil {
		return err
	}
	key, sealed, err := s.keys.Seal(person, (&Session{Hash: id}).purpose(path), l.plain)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update session set kept_path = $2, kept_key = $3, kept_form = $4 where id = $1`, id, path, key, sealed)
	return err
}
