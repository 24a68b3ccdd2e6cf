package draft

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// detail is what the entries about a draft say.
type detail struct {
	Draft    string `json:"draft"`
	Version  int    `json:"version,omitempty"`
	Method   string `json:"method,omitempty"`
	On       string `json:"on,omitempty"`
	Document string `json:"document,omitempty"`
	Reason   string `json:"reason,omitempty"`
	From     string `json:"from,omitempty"`
	// Of a document: those whom the aidant was shown; and those of them whom they say it is not.
	Namesakes []string `json:"namesakes,omitempty"`
	OtherThan []string `json:"other_than,omitempty"`
}

// TakeOver makes a colleague's draft the actor's own, without the identity in it, which was told to the colleague. A draft that is their own
// already stays as it is. version is what they were shown: of two colleagues at once one has it. Errors: ErrState, db.ErrNotFound, org.ErrMayNot.
func (r *Register) TakeOver(ctx context.Context, by journal.Actor, id uuid.UUID, version int) error {
	err := r.onAny(ctx, by, id, func(tx *journal.Tx, d *Held) (journal.Event, error) {
		if d.Person == by.Person || d.Version != version {
			return journal.Event{}, ErrState
		}
		tx.Queue(`update mandate_draft set person_id = $2,`+noIdentity+` where id = $1`, id, by.Person)
		return journal.Event{Action: "draft.taken_over", Detail: detail{Draft: id.String(), From: d.Person.String()}}, nil
	})
	if err != nil {
		return fmt.Errorf("take over draft: %w", err)
	}
	return nil
}

// Abandon gives a draft of the actor's own up and forgets the identity it held.
func (r *Register) Abandon(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	err := r.db.Write(ctx, db.InOrganisation(by.Organisation), db.Durable, func(tx *db.Tx) error {
		return tx.ExecOne(ctx, ErrState, `update mandate_draft set version = version + 1, state = 'abandoned', `+nobody+`, `+unasked+`, `+unnamed+`, expires_at = least(expires_at, $4) where id = $1 and organisation_id = $2 and person_id = $3 and state in ('open', 'identified')`,
			id, by.Organisation, by.Person, r.clock.Now())
	})
	if err != nil {
		return fmt.Errorf("abandon draft: %w", err)
	}
	return nil
}

// own is which drafts a person ($2) of an organisation ($1) has that can still be signed at a time ($3).
const own = ` from mandate_draft where organisation_id = $1 and person_id = $2 and state in ('open', 'identified') and expires_at > $3`

// Count counts the drafts that a person of an organisation has and that can still be signed.
func Count(ctx context.Context, tx pgx.Tx, organisation, person uuid.UUID, now time.Time) (n int, err error) {
	err = tx.QueryRow(ctx, `select count(*)`+own, organisation, person, now).Scan(&n)
	return n, err
}

// HandOver makes somebody's drafts a colleague's, in the act that says so, as TakeOver does. It returns how many.
func HandOver(ctx context.Context, tx *journal.Tx, organisation, from, to uuid.UUID) (int, error) {
	tag, err := tx.Exec(ctx, `update mandate_draft set person_id = $4,`+noIdentity+` where id in (select id`+own+` for update)`, organisation, from, tx.Now, to)
	return int(tag.RowsAffected()), err
}
