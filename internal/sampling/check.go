package sampling

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// checked is the detail of the entry about an entry that was looked at.
type checked struct {
	Sample  string `json:"sample"`
	Number  string `json:"number"`
	Index   int64  `json:"index"`
	Outcome string `json:"outcome"`
	Inquiry string `json:"inquiry,omitempty"`
}

// Check says what came of looking at an entry that was drawn: nothing, or the inquiry that was opened from it. It is said once. Errors: db.ErrNotFound for an entry that is not in the sample or an inquiry that
// the entry is not in, db.ErrConflict when it was said already, org.ErrYourself for what they did themselves, org.ErrMayNot.
func (r *Register) Check(ctx context.Context, by journal.Actor, id uuid.UUID, index int64, inquiry uuid.UUID) error {
	first := &pgx.Batch{}
	may := org.MayAudit(first, by)
	var s Sample
	var done, mine, within bool
	found := false
	first.Queue(`select s.year, s.number, e.outcome is not null from sample s join sample_entry e on e.sample_id = s.id where s.id = $1 and e.index = $2 for update of e`, id, index).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if found = rows.Next(); found {
			return rows.Scan(&s.Year, &s.Number, &done)
		}
		return rows.Err()
	})
	first.Queue(`select exists (select from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index = $1 and e.person_id = $2),
		exists (select from inquiry_entry where inquiry_id = $3 and index = $1)`, index, by.Person, inquiry).QueryRow(func(row pgx.Row) error { return row.Scan(&mine, &within) })
	err := r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		d := checked{Sample: id.String(), Number: s.Name(), Index: index, Outcome: Nothing}
		if inquiry != uuid.Nil {
			d.Outcome, d.Inquiry = InCase, inquiry.String()
		}
		switch {
		case !found || inquiry != uuid.Nil && !within:
			return journal.Event{}, db.ErrNotFound
		case done:
			return journal.Event{}, db.ErrConflict
		case mine:
			return journal.Event{}, org.ErrYourself
		}
		tx.QueueOne(`update sample_entry set outcome = $3, inquiry_id = $4, checked_by = $5, checked_at = $6 where sample_id = $1 and index = $2 and outcome is null`,
			id, index, d.Outcome, db.OrNull(inquiry), by.Person, tx.Now)
		return journal.Event{Action: "sample.checked", Detail: d}, nil
	})
	return wrap("say what came of an entry of a sample", err)
}
