package consent

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/journal"
	"mandat/internal/phone"
)

// SaidNo returns ErrRefused when the citizen has said no about a draft, in whatever version: nobody else's word counts against theirs.
func SaidNo(ctx context.Context, q citizen.Querier, organisation, draft uuid.UUID) error {
	var no bool
	err := q.QueryRow(ctx, `select exists (select from consent where organisation_id = $1 and draft_id = $2 and state = 'no')`, organisation, draft).Scan(&no)
	if err == nil && no {
		err = ErrRefused
	}
	return err
}

// refusedLately returns ErrRefused to the actor's organisation when the citizen of a number said no to it within RefusedFor, about whatever draft: to begin the same one anew is no way to
// go on asking until they say yes. ErrStopped when they answered that they want no more questions, which holds as long as the answer is kept. Neither counts once somebody has read who
// they are since, at FranceConnect or on a document: then they were there and spoke.
func refusedLately(ctx context.Context, tx *journal.Tx, of phone.Held) error {
	rows, err := tx.Query(ctx, `select c.id, c.answer, c.answered_at from consent c join citizen p on p.id = c.citizen_id
		where c.organisation_id = $1 and c.citizen_id = $2 and c.state = 'no' and c.answered_at > greatest($3::timestamptz, p.identified_at)`, tx.By.Organisation, of.Citizen, tx.Now.Add(-Kept))
	if err != nil {
		return err
	}
	type answer struct {
		ID     uuid.UUID
		Sealed []byte
		At     time.Time
	}
	answers, err := pgx.CollectRows(rows, pgx.RowToStructByPos[answer])
	lately := false
	for _, a := range answers {
		text, err := unseal(of.Key, "answer", a.ID, a.Sealed)
		if err != nil {
			return err
		}
		if Read(text) == Stopped {
			return ErrStopped
		}
		lately = lately || a.At.After(tx.Now.Add(-RefusedFor))
	}
	if err == nil && lately {
		err = ErrRefused
	}
	return err
}
