package credential

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// BeginAssertion returns what a browser needs to ask for a key (PublicKeyCredentialRequestOptionsJSON under "publicKey"): one of a
// person's, or, for the nil id, whichever the browser's user chooses. ErrNoFactor when that person has none that counts. The
// answer counts for this session and purpose, once, for five minutes. citizen is for whom a factor of StepUp is asked, nil for nobody
// in particular; Given says it again.
func (r *Register) BeginAssertion(ctx context.Context, session []byte, person uuid.UUID, purpose Purpose, citizen uuid.UUID) ([]byte, error) {
	options, asked, err := r.beginAssertion(ctx, person)
	if err != nil {
		return nil, err
	}
	if err := r.keep(ctx, session, question{person: person, purpose: purpose, citizen: citizen}, asked); err != nil {
		return nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return json.Marshal(options)
}

func (r *Register) beginAssertion(ctx context.Context, person uuid.UUID, how ...webauthn.LoginOption) (*protocol.CredentialAssertion, *webauthn.SessionData, error) {
	if person == uuid.Nil {
		return r.webauthn.BeginDiscoverableLogin()
	}
	a, err := r.account(ctx, person)
	if err != nil {
		return nil, nil, err
	}
	var counting account
	for _, k := range a.keys {
		if !k.cloned {
			counting.keys = append(counting.keys, k)
		}
	}
	if counting.person = person; len(counting.keys) == 0 {
		return nil, nil, ErrNoFactor
	}
	return r.webauthn.BeginLogin(&counting, how...)
}

// Assert checks the answer of a browser that was asked for a key in this session and for this purpose. It is never throttled: a
// signature cannot be guessed, and so nobody can keep a person's key from working. Errors: ErrWrong; ErrCloned when the key's
// counter went back, now or before: then there may be two of it, the person is told, and it does not count any more.
func (r *Register) Assert(ctx context.Context, session []byte, purpose Purpose, answer []byte) (Given, error) {
	if len(answer) > answerMax {
		return Given{}, ErrWrong
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Given{}, ErrWrong
	}
	q, asked, err := r.answered(ctx, session, purpose, parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return Given{}, err
	}
	person, discovered := q.person, q.person == uuid.Nil
	if discovered {
		if person, err = r.owner(ctx, parsed.RawID); err != nil {
			return Given{}, err
		}
	}
	a, err := r.account(ctx, person)
	if err != nil {
		return Given{}, err
	}
	var used *webauthn.Credential
	if discovered {
		used, err = r.webauthn.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) { return a, nil }, asked, parsed)
	} else {
		used, err = r.webauthn.ValidateLogin(a, asked, parsed)
	}
	if err != nil {
		return Given{}, ErrWrong
	}
	return r.used(ctx, a, used, q)
}

// owner finds whose key it is, or returns ErrWrong.
func (r *Register) owner(ctx context.Context, credential []byte) (uuid.UUID, error) {
	var person uuid.UUID
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select person_id from credential_passkey where credential_id = $1`, credential).Scan(&person)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, ErrWrong
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("find passkey: %w", err)
	}
	return person, nil
}

// used notes that a key was used, with its counter, which only grows (WebAuthn §7.2 step 22).
func (r *Register) used(ctx context.Context, a *account, with *webauthn.Credential, q question) (Given, error) {
	var k key
	for _, one := range a.keys {
		if bytes.Equal(one.known.ID, with.ID) {
			k = one
		}
	}
	if k.cloned {
		return Given{}, ErrCloned
	}
	if with.Authenticator.CloneWarning && q.at.Before(k.used) {
		return Given{}, ErrWrong // the answer to an older question, sent late: its counter may well be the older one
	}
	if with.Authenticator.CloneWarning {
		return Given{}, r.cloned(ctx, a.person, k.id)
	}
	now := r.clock.Now()
	err := r.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		// Of two answers at once that came in the wrong order the second is refused, and no clone: both were read before.
		return tx.ExecOne(ctx, ErrWrong, `update credential_passkey set sign_count = $2, backed_up = $3, used_at = $4
			where id = $1 and cloned_at is null and (sign_count < $2 or sign_count = 0 and $2 = 0)`, k.id, int64(with.Authenticator.SignCount), with.Flags.BackupState, now)
	})
	if err != nil {
		return Given{}, wrap("use passkey", err)
	}
	return Given{Person: a.person, Kind: KindPasskey, At: now, Citizen: q.citizen}, nil
}

// cloned takes a key out of use, which is an act of the program.
func (r *Register) cloned(ctx context.Context, person, id uuid.UUID) error {
	err := r.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		err := tx.ExecOne(ctx, ErrCloned, `update credential_passkey set cloned_at = $2 where id = $1 and cloned_at is null`, id, tx.Now)
		return journal.Event{Action: "factor.cloned", Detail: changed{Person: person.String(), Kind: KindPasskey, Factor: id.String()}},
			r.telling(err, tx, "factor_cloned", id, person)
	})
	if err == nil {
		err = ErrCloned
	}
	return wrap("take a cloned passkey out of use", err)
}
