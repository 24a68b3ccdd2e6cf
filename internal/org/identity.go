package org

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// The states of a name by which ProConnect knows a person: asked → (vouched →) confirmed, or refused, and perhaps asked again later. It is vouched for by
// a first person where it takes two: see takesTwo.
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

// identify queues the row of a confirmed name of a person who is added, and returns its digest for the entry, in hexadecimal.
func identify(b *pgx.Batch, tx *journal.Tx, person uuid.UUID, issuer, sub string) string {
	salt := token.Bytes(32)
	b.Queue(`insert into person_identity (issuer, sub, person_id, salt, state, asked_at, decided_at) values ($1, $2, $3, $4, 'confirmed', $5, $5)`, issuer, sub, person, salt, tx.Now)
	return hex.EncodeToString(subjectDigest(salt, issuer, sub))
}

type personNamed struct {
	Person  string `json:"person"`
	Subject string `json:"subject_sha256"`
}

// AskIdentity notes that ProConnect names somebody otherwise, who has the address of a person: their referent, or an administrator, is to confirm that it is them.
// The program asks, for a browser that is signed in nowhere. It returns db.ErrConflict when that name is known: asked already, of this person
// or of another, confirmed, or refused less than a day ago. Who refused it may have pressed the wrong button: later it is asked again.
func (d *Directory) AskIdentity(ctx context.Context, issuer, sub string, person uuid.UUID) error {
	err := d.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		var salt []byte
		err := tx.QueryRow(ctx, askIdentity, issuer, sub, person, token.Bytes(32), tx.Now, tx.Now.Add(-refusalCounts)).Scan(&salt)
		if errors.Is(err, pgx.ErrNoRows) {
			err = db.ErrConflict
		}
		if err != nil {
			return journal.Event{}, err
		}
		digest := hex.EncodeToString(subjectDigest(salt, issuer, sub))
		return journal.Event{Action: "person.identity_asked", Detail: personNamed{person.String(), digest}}, d.tellDeciders(ctx, tx, person, digest)
	})
	return db.Found("ask for an identity", err)
}

// refusalCounts is for how long a name that was refused is not asked again: nobody is asked about one account more often than once a day.
const refusalCounts = 24 * time.Hour

// askIdentity begins a name's life, or begins it anew when it was refused before $6; else there is no row.
const askIdentity = `insert into person_identity as i (issuer, sub, person_id, salt, state, asked_at) values ($1, $2, $3, $4, 'asked', $5)
	on conflict (issuer, sub) do update set state = 'asked', asked_at = excluded.asked_at, refused_at = i.decided_at, decided_at = null, decided_by = null,
		vouched_at = null, vouched_by = null, vouched_for = null
	where i.person_id = excluded.person_id and i.state = 'refused' and i.decided_at <= $6 returning salt`

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
		m.About = digest + " " + m.Person.String() + " " + journal.TimeText(tx.Now)
		told = append(told, m)
		return nil
	})
	for _, m := range told {
		err = errors.Join(err, d.tell(tx.Tx, tx.Now, m))
	}
	return err
}
