package org

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
	"mandat/internal/token"
)

// The states of a name by which ProConnect knows a person.
const (
	identityAsked     = "asked"
	identityConfirmed = "confirmed"
	identityRefused   = "refused"
)

// subjectDigest says in an entry by what a person is recognised. Who knows issuer and sub cannot look for it in an export:
// the salt, 32 random bytes, stands in the identity's row only.
func subjectDigest(salt []byte, issuer, sub string) []byte {
	list, err := json.Marshal([]string{hex.EncodeToString(salt), issuer, sub})
	if err != nil {
		return nil // texts always have a form in JSON
	}
	sum := sha256.Sum256(list)
	return sum[:]
}

// identify queues the row of a name of a person, and returns its digest for the entry, in hexadecimal.
func identify(b *pgx.Batch, tx *journal.Tx, person uuid.UUID, issuer, sub, state string) string {
	salt := token.Bytes(32)
	b.Queue(`insert into person_identity (issuer, sub, person_id, salt, state, asked_at, decided_at) values ($1, $2, $3, $4, $5, $6, case when $5 <> 'asked' then $6::timestamptz end)`,
		issuer, sub, person, salt, state, tx.Now)
	return hex.EncodeToString(subjectDigest(salt, issuer, sub))
}
