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
	want := map[uuid.UUID]refusal{}
	err := journal.Replay(ctx, tx, `e.citizen_id = any ($1) and e.action in ('citizen.mails_refused', 'citizen.mails_resumed', 'mandate.signed')`, []any{ids}, func(e told) {
		have := want[e.Citizen]
		switch {
		case e.Action == "citizen.mails_resumed":
			delete(want, e.Citizen)
		case e.Action == "citizen.mails_refused":
			want[e.Citizen] = refusal{e.At, false}
		case e.Detail.Mails != nil && *e.Detail.Mails && have.signed:
			delete(want, e.Citizen)
		case e.Detail.Mails != nil && !*e.Detail.Mails && have.at.IsZero():
			want[e.Citizen] = refusal{e.At, true}
		}
	})
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `select id, mails_refused_at, mails_refused_signed from citizen where id = any ($1) order by id`, ids)
	if err != nil {
		return nil, err
	}
	var out []journal.Difference
	var id uuid.UUID
	var at *time.Time
	var signed bool
	_, err = pgx.ForEachRow(rows, []any{&id, &at, &signed}, func() error {
		if said, says := want[id].String(), (refusal{db.OrZero(at), signed}).String(); said != says {
			out = append(out, journal.Difference{Of: "citizen", ID: id.String(), What: fmt.Sprintf("their mails are refused, the tables say %q; the entries say %q", says, said)})
		}
		return nil
	})
	return out, err
}

// refusal is since when mails are refused, and whether a signature says so.
type refusal struct {
	at     time.Time
	signed bool
}

// String says it in words, which are compared.
func (r refusal) String() string {
	switch {
	case r.at.IsZero():
		return "not"
	case r.signed:
		return "by a signature since " + journal.TimeText(r.at)
	}
	return "since " + journal.TimeText(r.at)
}
