package session

import (
	"context"

	"github.com/google/uuid"

	"mandat/internal/db"
)

// Who changes several sessions of a browser locks the one for addresses that name no organisation first, which every browser has, and of
// several browsers in the order of their ids: so no two wait for each other. These statements do; a statement that comes after one of
// them sees what whoever was before it has done.
const (
	lockOfClaim   = `select from session where browser = (select browser from session where cookie = $1) and not addressed for update`
	lockOfBrowser = `select from session where browser = $1 and not addressed for update`
	lockOfPerson  = `select from session where (person_id = $1 or half_person = $1) and not addressed order by id for update`
)

// lockPerson locks the sessions of a person in every browser.
func lockPerson(ctx context.Context, tx *db.Tx, person uuid.UUID) error {
	_, err := tx.Exec(ctx, lockOfPerson, person)
	return err
}

// noteAll is note for all sessions of a browser.
func (s *Sessions) noteAll(ctx context.Context, browser []byte, sql string, args ...any) error {
	return s.noting(s.db.Write(ctx, db.Nothing(), db.Soon, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, lockOfBrowser, browser); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sql, append([]any{browser}, args...)...)
		return err
	}))
}
