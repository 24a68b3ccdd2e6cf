package search

import (
	"context"
	"math"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// rowsRead is how many entries of a citizen or a mandate are read for a page at most.
const rowsRead = 1000

// inRows reads the entries of a mandate or a citizen, by the indexes on these, and keeps what fits. Next is a number in the database here: what is so new that it is not in
// the tree yet is found too.
func (f *Finder) inRows(ctx context.Context, filter Filter, limit int) (Found, error) {
	where, id := `e.mandate_id = $1`, filter.Mandate
	if filter.Mandate == uuid.Nil {
		where, id = `e.citizen_id = $1`, filter.Citizen
	}
	before := filter.Before
	if before <= 0 {
		before = math.MaxInt64
	}
	var out Found
	var oldest *journal.Entry
	read := 0
	err := f.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, alongIndexes); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select coalesce(l.index, -1), e.id, e.at, e.action, e.organisation_id, e.person_id, e.citizen_id, e.mandate_id, e.body, e.session_id
			from journal_entry e left join journal_leaf l on l.entry_id = e.id where `+where+` and e.id < $2 order by e.id desc limit $3`, id, before, rowsRead)
		if err != nil {
			return err
		}
		defer rows.Close()
		var r row
		for rows.Next() {
			if err := rows.Scan(r.fields()...); err != nil {
				return err
			}
			e := r.entry()
			if filter.fits(e) {
				if len(out.Entries) == limit {
					out.Next = out.Entries[limit-1].ID
					return nil
				}
				out.Entries = append(out.Entries, *e)
			}
			oldest, read = e, read+1
		}
		return rows.Err()
	})
	if err == nil && out.Next == 0 && read == rowsRead {
		out.Next, out.Reached = oldest.ID, oldest.At
	}
	return out, err
}
