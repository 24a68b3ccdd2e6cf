package org

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// The states of a name by which ProConnect knows a person: asked → (vouched →) confirmed, or refused. It is vouched for by a first person
// where it takes two: see takesTwo.
const (
	identityAsked     = "asked"
	identityVouched   = "vouched"
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
	b.Queue(`insert into person_identity (issuer, sub, person_id, salt, state, asked_at, decided_at)
		values ($1, $2, $3, $4, $5::text, $6, case when $5::text <> 'asked' then $6::timestamptz end)`, issuer, sub, person, salt, state, tx.Now)
	return hex.EncodeToString(subjectDigest(salt, issuer, sub))
}

type personNamed struct {
	Person  string `json:"person"`
	Subject string `json:"subject_sha256"`
}

// AskIdentity notes that ProConnect names somebody otherwise, who has the address of a person: their referent, or an administrator, is to confirm that it is them.
// The program asks, for a browser that is signed in nowhere. It returns db.ErrConflict when that name is known: asked already, of this person
// or of another, confirmed, or refused.
func (d *Directory) AskIdentity(ctx context.Context, issuer, sub string, person uuid.UUID) error {
	err := d.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		batch := &pgx.Batch{}
		digest := identify(batch, tx, person, issuer, sub, identityAsked)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return journal.Event{}, err
		}
		err := d.tellDeciders(ctx, tx, person, digest)
		return journal.Event{Action: "person.identity_asked", Detail: personNamed{person.String(), digest}}, err
	})
	if db.Unique(err, "") {
		return db.ErrConflict
	}
	return found("ask for an identity", err)
}

// tellDeciders queues a message to those who may confirm a name of a person: those whom decidable lets decide.
func (d *Directory) tellDeciders(ctx context.Context, tx *journal.Tx, person uuid.UUID, digest string) error {
	rows, err := tx.Query(ctx, `select distinct r.person_id, 'identity_asked' from membership m
		join membership r on r.organisation_id = m.organisation_id and r.role = 'referent' and r.ended_at is null and r.person_id <> m.person_id
		where m.person_id = $1 and m.ended_at is null and office_held(r.person_id, r.organisation_id)
		union select d.id, 'identity_to_decide' from person d, person a where d.administrator and d.suspended_at is null and d.id <> a.id and a.id = $1
		and (a.administrator or person_places(a.id) > 1 or `+unrun+`)`, person)
	if err != nil {
		return err
	}
	var told []Message
	m := Message{}
	_, err = pgx.ForEachRow(rows, []any{&m.Person, &m.Kind}, func() error {
		m.About = digest + " " + m.Person.String()
		told = append(told, m)
		return nil
	})
	for _, m := range told {
		err = errors.Join(err, d.tell(tx.Tx, tx.Now, m))
	}
	return err
}
