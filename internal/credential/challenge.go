package credential

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/token"
)

// Purpose says what a key is asked for. An answer counts for that and nothing else.
type Purpose string

// The purposes.
const (
	enrol  Purpose = "enrol"
	SignIn Purpose = "sign_in" // alone, or after a link from an e-mail
	StepUp Purpose = "step_up" // somebody signed in gives a factor again
	sign   Purpose = "sign"    // somebody signed in signs terms
)

const (
	challengeLife = 5 * time.Minute
	challengesMax = 8 // that one session may have open: pages in several tabs
)

// question is what a key is asked for: by whom (nil: whoever has one), for which citizen, nil for nobody in particular, and since when.
type question struct {
	person  uuid.UUID
	purpose Purpose
	citizen uuid.UUID
	at      time.Time
}

// keep stores what was asked of a browser, for its session, and forgets the oldest of too many.
func (r *Register) keep(ctx context.Context, session []byte, q question, asked *webauthn.SessionData) error {
	data, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	return r.keepData(ctx, session, q, asked.Challenge, data)
}

func (r *Register) keepData(ctx context.Context, session []byte, q question, challenge string, data []byte) error {
	now := r.clock.Now()
	return r.db.Write(ctx, db.Nothing(), db.Soon, func(tx *db.Tx) error {
		tx.Queue(`delete from credential_challenge where session_id = $1 and id not in (select id from credential_challenge where session_id = $1 order by created_at desc limit $2)`,
			session, challengesMax-1)
		tx.Queue(`insert into credential_challenge (id, session_id, person_id, purpose, citizen_id, data, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
			token.Hash(challenge), session, db.OrNull(q.person), q.purpose, db.OrNull(q.citizen), data, now, now.Add(challengeLife))
		return nil
	})
}

// answered takes the challenge that an answer names away, whatever comes of it: there is no second answer. ErrWrong when there
// is none for this session and purpose.
func (r *Register) answered(ctx context.Context, session []byte, purpose Purpose, challenge string) (question, webauthn.SessionData, error) {
	var person, citizen *uuid.UUID
	var data []byte
	var expires time.Time
	err := r.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		return tx.QueryRow(ctx, `delete from credential_challenge where id = $1 and session_id = $2 and purpose = $3 returning person_id, citizen_id, data, expires_at`,
			token.Hash(challenge), session, purpose).Scan(&person, &citizen, &data, &expires)
	})
	var asked webauthn.SessionData
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return question{}, asked, ErrWrong
	case err != nil:
		return question{}, asked, fmt.Errorf("take challenge: %w", err)
	case r.clock.Now().After(expires):
		return question{}, asked, ErrWrong
	}
	if err := json.Unmarshal(data, &asked); err != nil {
		return question{}, asked, fmt.Errorf("read challenge: %w", err)
	}
	return question{person: db.OrZero(person), purpose: purpose, citizen: db.OrZero(citizen), at: expires.Add(-challengeLife)}, asked, nil
}

// Purge deletes what nobody answered or finished in time, and returns how many.
func (r *Register) Purge(ctx context.Context) (int, error) {
	now := r.clock.Now()
	asked, err := r.db.Purge(ctx, db.Nothing(), `delete from credential_challenge where id in (select id from credential_challenge where expires_at < $1 limit $2)`, now)
	if err != nil {
		return 0, fmt.Errorf("purge challenges: %w", err)
	}
	begun, err := r.db.Purge(ctx, db.Nothing(), `delete from credential_totp where id in (select id from credential_totp where confirmed_at is null and created_at < $1 limit $2)`,
		now.Add(-appLife))
	if err != nil {
		return 0, fmt.Errorf("purge challenges: %w", err)
	}
	return asked + begun, nil
}
