package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// Notify leaves a message for the next page about something ("draft:<id>"): key is an i18n key. It is kept here, not in
// a URL, so that nobody can send somebody a link that shows it.
func (s *Sessions) Notify(ctx context.Context, at *Session, about, key string) error {
	return s.note(ctx, `update session set notice_for = $2, notice = $3 where cookie = $1`, at.cookie, about, key)
}

// Notice returns the message left for something, "" if none, and forgets it.
func (s *Sessions) Notice(ctx context.Context, at *Session, about string) (string, error) {
	var key string
	err := s.db.Write(ctx, db.Nothing(), db.Soon, func(tx *db.Tx) error {
		return tx.QueryRow(ctx, `update session set notice_for = null, notice = null from (select id, notice from session where cookie = $1 and notice_for = $2 for update) old
			where session.id = old.id returning old.notice`, at.cookie, about).Scan(&key)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read notice: %w", err)
	}
	return key, nil
}

// ComeBack keeps where the browser wanted to go before it was asked for a factor, or to accept the charter. Only the path of a page of
// ours is kept.
func (s *Sessions) ComeBack(ctx context.Context, at *Session, path string) error {
	return s.comeBack(ctx, at, path, nil)
}

// comeBack is ComeBack for who signed in last with a device (Device.Hash), nobody else: the page may be one that they have left open. For
// nil, or when nobody did, it is for whoever signs in.
func (s *Sessions) comeBack(ctx context.Context, at *Session, path string, device []byte) error {
	if !Local(path) {
		path = "/"
	}
	return s.noteAll(ctx, at.Browser, `update session set return_path = $2, return_for = (select person_id from session_device where device = $3 order by last_at desc limit 1)
		where browser = $1`, path, device)
}

// Onward is where a browser in which nobody is signed in wanted to go, for a person who signs in there; "" when that was somebody else's page.
func (s *Session) Onward(person uuid.UUID) string {
	if s.returning != uuid.Nil && s.returning != person {
		return ""
	}
	return s.ReturnPath
}

// AskLogin notes that the account which the provider offered was refused: the next sign-in asks for the login page.
func (s *Sessions) AskLogin(ctx context.Context, at *Session) error {
	return s.note(ctx, `update session set login_again = true where cookie = $1`, at.cookie)
}

func (s *Sessions) note(ctx context.Context, sql string, args ...any) error {
	return s.noting(s.db.Write(ctx, db.Nothing(), db.Soon, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	}))
}

func (s *Sessions) noting(err error) error {
	if err != nil {
		return fmt.Errorf("note in session: %w", err)
	}
	return nil
}
