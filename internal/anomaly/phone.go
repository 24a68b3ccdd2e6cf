package anomaly

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// The rule shared_phone asks the database which rows of telephone numbers hold the same number, in one organisation; nobody is told the number. Numbers that were removed
// since, and the same number in other organisations, it does not see: nothing is kept by which they could be told.

// phones finds, of numbers that citizens had just shown to be theirs, those that so many citizens have by then.
func (r *Register) phones(ctx context.Context, rule Rule, verified []act) ([]Finding, error) {
	if len(verified) == 0 {
		return nil, nil
	}
	byPhone := map[uuid.UUID]*act{}
	ids, indexes := make([]uuid.UUID, len(verified)), make([]int64, len(verified))
	for i := range verified {
		a := &verified[i]
		ids[i], indexes[i], byPhone[a.detail.Phone] = a.detail.Phone, a.index, a
	}
	found := map[uuid.UUID][]ref{}
	citizens := map[uuid.UUID]map[uuid.UUID]bool{}
	err := r.auditor.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select s.phone, s.citizen, l.index, e.at from anomaly_same_number($1) s join unnest($1::uuid[], $2::bigint[]) as c (phone, index) on c.phone = s.phone
			join journal_entry e on e.citizen_id = s.citizen and e.action = 'phone.verified' and e.body::jsonb #>> '{detail,phone}' = s.same::text
			join journal_leaf l on l.entry_id = e.id and l.index <= c.index order by s.phone, l.index`, ids, indexes)
		if err != nil {
			return err
		}
		var phone, citizen uuid.UUID
		var x ref
		_, err = pgx.ForEachRow(rows, []any{&phone, &citizen, &x.index, &x.at}, func() error {
			if citizens[phone] == nil {
				citizens[phone] = map[uuid.UUID]bool{}
			}
			citizens[phone][citizen] = true
			found[phone] = append(found[phone], ref{x.at.UTC(), x.index})
			return nil
		})
		return err
	})
	var out []Finding
	for _, id := range ids {
		if n := len(citizens[id]); n >= rule.Thresholds["citizens"] {
			out = append(out, *byPhone[id].found(rule, found[id], map[string]int{"citizens": n}))
		}
	}
	return out, err
}
