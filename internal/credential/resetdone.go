package credential

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/card"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// linkLife is how long the link counts with which a person begins anew.
const linkLife = 72 * time.Hour

// DoResets does the resets whose hour is over, and returns how many; one that fails keeps no other waiting. It is for a job.
func (r *Register) DoResets(ctx context.Context) (int, error) {
	due, err := r.resets(ctx, `state = 'approved' and effective_at <= $1`, r.clock.Now())
	if err != nil {
		return 0, err
	}
	done := 0
	var failed error
	for _, s := range due {
		switch removed, err := r.doReset(ctx, s); {
		case errors.Is(err, db.ErrConflict): // cancelled meanwhile, or done by another server
		case err != nil:
			failed = errors.Join(failed, fmt.Errorf("do reset: %w", err))
		case removed:
			done++
		}
	}
	return done, failed
}

// stillTwo is SQL: whether those who asked for a reset and approved it still may.
const stillTwo = `office_held(asked_by, organisation_id) and (office_held(approved_by, null) or organisation_id is not null and office_held(approved_by, organisation_id))`

// stillTheirs is SQL: whether the person of a reset that referents decided on still works with them: who administers works for nobody.
const stillTheirs = `(organisation_id is null or exists (select from membership m where m.person_id = credential_reset.person_id and m.organisation_id = credential_reset.organisation_id and m.ended_at is null))`

// doReset removes all factors of a person and ends their sessions. They get a link with which to begin anew; links of earlier
// resets count no more. When one of the two who decided may decide no more, or no more about this person, it is refused instead, and they are told.
func (r *Register) doReset(ctx context.Context, s Reset) (done bool, err error) {
	lock := &pgx.Batch{}
	lock.Queue(`select from person where id = any ($1) order by id for no key update`, []uuid.UUID{s.Person, s.AskedBy, s.ApprovedBy})
	err = r.journal.RecordAfter(ctx, journal.Program(), lock, func(tx *journal.Tx) (journal.Event, error) {
		if err := tx.QueryRow(ctx, `select `+stillTwo+` and `+stillTheirs+` from credential_reset where id = $1`, s.ID).Scan(&done); err != nil {
			return journal.Event{}, err
		}
		if !done {
			return journal.Event{Action: "factor.reset_refused", Organisation: s.Organisation, Detail: resetChanged{Person: s.Person.String(), Reset: s.ID.String()}},
				r.telling(drop(ctx, tx, s.ID, "refused"), tx, "factor_reset_refused", s.ID, s.Person)
		}
		if err := tx.ExecOne(ctx, db.ErrConflict, `update credential_reset set state = 'done', ended_at = $2 where id = $1 and state = 'approved' and effective_at <= $2`, s.ID, tx.Now); err != nil {
			return journal.Event{}, err
		}
		var removed int
		var cards []string
		if err := tx.QueryRow(ctx, `select (select count(*) from credential_passkey where person_id = $1) + count(*), coalesce(array_agg(serial) filter (where serial is not null), '{}')
			from credential_totp where person_id = $1 and confirmed_at is not null`, s.Person).Scan(&removed, &cards); err != nil {
			return journal.Event{}, err
		}
		tx.Queue(`update credential_reset set token_hash = null, token_until = $3 where person_id = $1 and id <> $2 and state = 'done'`, s.Person, s.ID, tx.Now)
		r.hooks.Finish(tx, s.Person)
		card.Forfeit(tx, cards)
		tx.Queue(`delete from credential_passkey where person_id = $1`, s.Person)
		tx.Queue(`delete from credential_totp where person_id = $1`, s.Person)
		tx.Queue(`delete from credential_recovery where person_id = $1`, s.Person)
		return journal.Event{Action: "factor.reset_done", Organisation: s.Organisation, Detail: resetChanged{Person: s.Person.String(), Reset: s.ID.String(), Removed: &removed}},
			errors.Join(r.hooks.End(ctx, tx, s.Person), r.tell(tx, "factor_reset_link", s.ID, s.Person))
	})
	return done && err == nil, err
}

// WriteReset makes the secret of the link of a reset that was done, for the mail that is being written; it counts until 72 hours after
// the reset was done. Called again, for a mail that failed, the link of before counts no more. db.ErrConflict when the reset was used, was not done, was done
// more than 72 hours ago, or was followed by a factor that the person added otherwise, or by another reset.
func (r *Register) WriteReset(ctx context.Context, id uuid.UUID) (string, error) {
	secret, hash := token.New()
	err := r.db.Write(ctx, db.Nothing(), db.Durable, func(tx *db.Tx) error {
		now := r.clock.Now()
		return tx.ExecOne(ctx, db.ErrConflict, `update credential_reset set token_hash = $2, token_until = ended_at + $3::interval where id = $1 and state = 'done' and ended_at > $4
			and (token_until is null or token_until > $5)`, id, hash, linkLife, now.Add(-linkLife), now)
	})
	if err != nil {
		return "", wrap("write link of a reset", err)
	}
	return secret, nil
}

// ReadReset finds the reset of a link, or returns db.ErrNotFound: there is none, it was used, or it is too late.
func (r *Register) ReadReset(ctx context.Context, secret string) (Reset, error) {
	return r.reset(ctx, `state = 'done' and token_hash = $1 and token_until > $2`, token.Hash(secret), r.clock.Now())
}

// UseReset takes the link of a reset: then opens, in the same transaction, the session in which the person may add a first factor,
// and nothing else. Errors: db.ErrNotFound as ReadReset, and for who has a factor again or is suspended.
func (r *Register) UseReset(ctx context.Context, secret string, then func(tx *journal.Tx, person uuid.UUID) error) (uuid.UUID, error) {
	before, err := r.ReadReset(ctx, secret)
	if err != nil {
		return uuid.Nil, err
	}
	var h holding
	lock := &pgx.Batch{}
	h.ask(lock, before.Person)
	err = r.journal.RecordAfter(ctx, journal.Program(), lock, func(tx *journal.Tx) (journal.Event, error) {
		if h.suspended || h.factors() > 0 {
			return journal.Event{}, db.ErrNotFound
		}
		err := tx.ExecOne(ctx, db.ErrNotFound, `update credential_reset set state = 'used', token_hash = null, token_until = null where id = $1 and state = 'done' and token_hash = $2 and token_until > $3`,
			before.ID, token.Hash(secret), tx.Now)
		if err != nil {
			return journal.Event{}, err
		}
		return journal.Event{Action: "factor.reset_used", Organisation: before.Organisation, Detail: resetChanged{Person: before.Person.String(), Reset: before.ID.String()}},
			then(tx, before.Person)
	})
	if err != nil {
		return uuid.Nil, wrap("use link of a reset", err)
	}
	return before.Person, nil
}
