package credential

import (
	"bytes"
	"context"
	"encoding/base32"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

const (
	recoveryCodes  = 10
	recoveryBytes  = 10 // 80 bits: nobody can search the space, so one SHA-256 is enough to store them
	recoveryLength = 16 // characters of base32
)

// MakeRecovery makes ten recovery codes, each good for once, and returns them for the person to write down: they are stored as
// hashes. The ones before count no more, and the person is told. ErrNoFactor when there is no other factor that they would stand in for.
func (r *Register) MakeRecovery(ctx context.Context, by journal.Actor) ([]string, error) {
	var codes []string
	var hashes [][]byte
	for range recoveryCodes {
		text := base32.StdEncoding.EncodeToString(token.Bytes(recoveryBytes))
		codes, hashes = append(codes, strings.ReplaceAll(groups(text), " ", "-")), append(hashes, token.Hash(text))
	}
	err := r.own(ctx, by, "make recovery codes", func(tx *journal.Tx, h holding) (journal.Event, error) {
		if h.factors() == 0 {
			return journal.Event{}, ErrNoFactor
		}
		tx.Queue(`delete from credential_recovery where person_id = $1`, by.Person)
		tx.Queue(`insert into credential_recovery (person_id, hash, created_at) select $1, unnest($2::bytea[]), $3`, by.Person, hashes, tx.Now)
		return journal.Event{Action: "factor.recovery_made", Detail: changed{Person: by.Person.String(), Kind: KindRecovery, Digest: setDigest(hashes)}},
			r.hooks.Tell(tx, message("recovery_made", by.Person.String()+" "+journal.TimeText(tx.Now), by.Person))
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// setDigest is the SHA-256 of hashes in their order, one behind the other.
func setDigest(hashes [][]byte) string {
	return digest(bytes.Join(slices.SortedFunc(slices.Values(hashes), bytes.Compare), nil))
}

// useRecovery marks a recovery code as used, which is an act of its person, signed in or about to be.
func (r *Register) useRecovery(ctx context.Context, by journal.Actor, typed string) (Given, error) {
	person := by.Person
	given := Given{Person: person, Kind: KindRecovery}
	lock := &pgx.Batch{}
	lock.Queue(`select from person where id = $1 for no key update`, person)
	err := r.journal.RecordAfter(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
		given.At = tx.Now
		if err := tx.ExecOne(ctx, ErrWrong, `update credential_recovery set used_at = $3 where person_id = $1 and hash = $2 and used_at is null`, person, token.Hash(typed), tx.Now); err != nil {
			return journal.Event{}, err
		}
		var left int
		if err := tx.QueryRow(ctx, `select count(*) from credential_recovery where person_id = $1 and used_at is null`, person).Scan(&left); err != nil {
			return journal.Event{}, err
		}
		return journal.Event{Action: "factor.recovery_used", Detail: changed{Person: person.String(), Kind: KindRecovery, Left: &left}},
			r.hooks.Tell(tx, message("recovery_used", person.String()+" "+journal.TimeText(tx.Now), person))
	})
	if errors.Is(err, db.ErrNotFound) {
		err = ErrWrong
	}
	return given, wrap("use recovery code", err)
}
