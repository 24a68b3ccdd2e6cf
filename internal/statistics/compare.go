package statistics

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// edition is what is compared of a published month, in words.
type edition struct{ says string }

// String says it in words, which are compared.
func (e edition) String() string { return e.says }

// Compare replays what the journal says was published, and names the months of which the tables say otherwise. It reads as auditor, in one snapshot. Counts are not
// compared: they stay when entries go.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := map[string]edition{}, map[string]edition{}
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		err := journal.Replay(ctx, tx, `e.action = any ($1)`, []any{[]string{"statistics.published"}}, func(e struct {
			Detail publication `json:"detail"`
		}) {
			want[e.Detail.Month] = edition{saying(e.Detail.Lines, e.Detail.Sum)}
		})
		if err != nil {
			return err
		}
		all, err := editions(ctx, tx)
		if err != nil {
			return err
		}
		for _, e := range all {
			lines, err := linesOf(ctx, tx, e.Month)
			if err != nil {
				return err
			}
			digest, says := Digest(e.Month, lines), saying(e.Lines, hex.EncodeToString(e.SHA256))
			if real := saying(len(lines), hex.EncodeToString(digest[:])); real != says {
				says += ", and what stands there is " + real
			}
			have[e.Month.Format(time.DateOnly)] = edition{says}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("compare published figures with the journal: %w", err)
	}
	return journal.Differences(have, want, func(id, what string) journal.Difference {
		return journal.Difference{Of: "statistics", ID: id, What: what}
	}, journal.Words[edition]{
		Stray: "stands in the table, and no entry tells of it",
		Other: "the table says {tables}; the entries say {entries}",
		Gone:  "stands in the journal, and is gone from the table",
	}), nil
}

func saying(lines int, sum string) string { return fmt.Sprintf("%d lines of SHA-256 %s", lines, sum) }
