package testimony

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// restAfter is how long nothing was done before an entry says so: short enough that there is a new checkpoint, which witnesses and the
// authority are asked for, within each hour.
const restAfter = 45 * time.Minute

// rested is the detail of journal.rested.
type rested struct {
	Minutes int64 `json:"minutes"`
}

var errAwake = errors.New("something was done a moment ago")

// Rest records that nothing was done for a while. An age that others know of, of the newest checkpoint, tells that the log lives, and
// between which hours what comes next was done; without an act there would be no checkpoint to be cosigned or stamped.
func Rest(ctx context.Context, j *journal.Journal) error {
	var last *time.Time
	first := &pgx.Batch{}
	first.Queue(`select (select at from journal_entry order by id desc limit 1)`).QueryRow(func(row pgx.Row) error { return row.Scan(&last) })
	err := j.RecordAfter(ctx, journal.Program(), first, func(tx *journal.Tx) (journal.Event, error) {
		if last == nil || tx.Now.Sub(*last) < restAfter {
			return journal.Event{}, errAwake
		}
		return journal.Event{Action: "journal.rested", Detail: rested{int64(tx.Now.Sub(*last) / time.Minute)}}, nil
	})
	if errors.Is(err, errAwake) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("record that nothing was done: %w", err)
	}
	return nil
}
