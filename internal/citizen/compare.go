package citizen

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// told is what is read of an entry.
type told struct {
	Action  string    `json:"action"`
	At      time.Time `json:"at"`
	Citizen uuid.UUID `json:"citizen"`
	Detail  struct {
		Mails *bool `json:"mails"` // of a signature: whether the citizen wants mails; absent: nothing was said
	} `json:"detail"`
}

// Compare names the citizens who get mails, or none, against what the entries say last. It reads as auditor.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	out, err := journal.CompareInSteps(ctx, auditor, func(ctx context.Context, tx pgx.Tx, after uuid.UUID, limit int) ([]uuid.UUID, error) {
		rows, err := tx.Query(ctx, `select id from citizen where id > $1 order by id limit $2`, after, limit)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	}, compareMails)
	if err != nil {
		return nil, fmt.Errorf("compare who refused mails with the journal: %w", err)
	}
	return out, nil
}

func compareMails(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) ([]journal.Difference, error) {
	want := map[uuid.UUID]*time.Time{}
	err := journal.Replay(ctx, tx, `e.citizen_id = any ($1) and e.action in ('citizen.mails_refused', 'citizen.mails_resumed', 'mandate.signed')`, []any{ids}, func(e told) {
		switch {
		case e.Action == "citizen.mails_resumed", e.Detail.Mails != nil && *e.Detail.Mails:
			want[e.Citizen] = nil
		case e.Action == "citizen.mails_refused", e.Detail.Mails != nil && want[e.Citizen] == nil:
			want[e.Citizen] = &e.At
		}
	})
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `select id, mails_refused_at from citizen where id = any ($1) order by id`, ids)
	if err != nil {
		return nil, err
	}
	var out []journal.Difference
	var id uuid.UUID
	var have *time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &have}, func() error {
		if said, says := since(want[id]), since(have); said != says {
			out = append(out, journal.Difference{Of: "citizen", ID: id.String(), What: fmt.Sprintf("their mails are refused, the tables say %q; the entries say %q", says, said)})
		}
		return nil
	})
	return out, err
}

func since(t *time.Time) string {
	if t == nil {
		return "not"
	}
	return "since " + t.UTC().Format(journal.TimeFormat)
}
