package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// Placed is a place in the log.
type Placed struct {
	Index      int64
	Commitment format.Hash
	Entry      *Entry // nil: it was forgotten
}

// At returns what stands at indexes of the log, in their order; those that the log does not have yet are left out.
func (r *Reader) At(ctx context.Context, indexes []int64) ([]Placed, error) {
	var out []Placed
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select l.index, l.commitment, e.id, e.at, e.action, e.organisation_id, e.person_id, e.citizen_id, e.mandate_id, e.body
			from journal_leaf l left join journal_entry e on e.id = l.entry_id where l.index = any ($1) order by l.index`, indexes)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanPlaced)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read entries of the log: %w", err)
	}
	return out, nil
}

func scanPlaced(row pgx.CollectableRow) (Placed, error) {
	var p Placed
	var commitment []byte
	var id *int64
	var at *time.Time
	var action, body *string
	var about [4]*uuid.UUID
	err := row.Scan(&p.Index, &commitment, &id, &at, &action, &about[0], &about[1], &about[2], &about[3], &body)
	copy(p.Commitment[:], commitment)
	if err != nil || id == nil {
		return p, err
	}
	p.Entry = &Entry{ID: *id, At: at.UTC(), Action: *action, Organisation: db.OrZero(about[0]), Person: db.OrZero(about[1]), Citizen: db.OrZero(about[2]), Mandate: db.OrZero(about[3]), Body: json.RawMessage(*body), Index: p.Index}
	return p, nil
}
