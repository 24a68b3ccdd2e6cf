package mandate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

type draftDetail struct {
	Draft  string `json:"draft"`
	Method string `json:"method,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Identify puts the identity that FranceConnect told into a draft, for this browser session. asked is when the citizen was
// sent to FranceConnect: terms that were changed since then are not what they were asked for, and the identity is refused
// with ErrDraftState. An identity that stands there already is replaced. A person who is not certainly of age is refused with ErrMinor, and the refusal is an entry.
func (r *Register) Identify(ctx context.Context, by journal.Actor, draft uuid.UUID, i citizen.Identity, asked time.Time) error {
	subject := token.ID()
	key, wrapped, err := r.keys.NewDataKey(subject)
	if err != nil {
		return fmt.Errorf("identify: %w", err)
	}
	sealed, err := citizen.SealIdentity(key, i)
	if err != nil {
		return fmt.Errorf("identify: %w", err)
	}
	index, err := r.citizens.Index(by.Organisation, i.Sub)
	if err != nil {
		return fmt.Errorf("identify: %w", err)
	}
	return r.onDraft(ctx, by, draft, func(tx *journal.Tx, d *draftRow) (journal.Event, error) {
		if d.informedAt.After(asked) {
			return journal.Event{}, ErrDraftState
		}
		if !i.AdultAt(tx.Now) {
			return journal.Event{Action: "draft.identity_refused", Detail: draftDetail{draft.String(), "franceconnect", "minor"}}, journal.Refused{Err: ErrMinor}
		}
		tx.Queue(`update mandate_draft set state = 'identified', subject_id = $2, data_key = $3, identity = $4, sub_index = $5, identified_at = $6, identified_session = $7 where id = $1`,
			draft, subject, wrapped, sealed, index, tx.Now, by.Session)
		return journal.Event{Action: "draft.identified", Detail: draftDetail{Draft: draft.String(), Method: "franceconnect"}}, nil
	})
}

// DropIdentity forgets the identity a draft holds: it was not the person at the counter.
func (r *Register) DropIdentity(ctx context.Context, by journal.Actor, draft uuid.UUID) error {
	return r.onDraft(ctx, by, draft, func(tx *journal.Tx, d *draftRow) (journal.Event, error) {
		if d.State != DraftIdentified {
			return journal.Event{}, ErrDraftState
		}
		tx.Queue(`update mandate_draft set state = 'open',`+noIdentity+` where id = $1`, draft)
		return journal.Event{Action: "draft.identity_dropped", Detail: draftDetail{Draft: draft.String()}}, nil
	})
}

// onDraft runs an act on the actor's own live draft, whose row it has locked.
func (r *Register) onDraft(ctx context.Context, by journal.Actor, id uuid.UUID, f func(*journal.Tx, *draftRow) (journal.Event, error)) error {
	batch := &pgx.Batch{}
	mayAct := org.MayAct(batch, by)
	lookup := lockDraft(batch, by, id)
	return r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		if err := mayAct(tx.Now); err != nil {
			return journal.Event{}, err
		}
		d, err := lookup(tx.Now)
		if err != nil {
			return journal.Event{}, err
		}
		return f(tx, d)
	})
}

// lockDraft queues the lock of a draft and returns the question whether it is there and open.
func lockDraft(b *pgx.Batch, by journal.Actor, id uuid.UUID) func(now time.Time) (*draftRow, error) {
	var d *draftRow
	var missing error
	b.Queue(`select `+draftColumns+` from mandate_draft where id = $1 and organisation_id = $2 and person_id = $3 for update`, id, by.Organisation, by.Person).QueryRow(func(row pgx.Row) error {
		var err error
		if d, err = scanDraft(row); errors.Is(err, db.ErrNotFound) {
			missing = err
			return nil
		}
		return err
	})
	return func(now time.Time) (*draftRow, error) {
		switch {
		case missing != nil:
			return nil, missing
		case d.State == DraftSigned:
			return d, ErrAlreadySigned
		case d.State == DraftAbandoned:
			return d, ErrDraftState
		case !now.Before(d.ExpiresAt):
			return nil, db.ErrNotFound
		}
		return d, nil
	}
}
