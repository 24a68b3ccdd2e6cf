package signingkey

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// entry is what the replay reads of an entry.
type entry struct {
	At     time.Time `json:"at"`
	Detail turn      `json:"detail"`
}

// standing is what the tables and the entries must say alike of a key.
type standing struct {
	use, state string
	since      string // when it came into that state
}

// String is how a difference shows it.
func (s standing) String() string { return s.state + " for " + s.use + " since " + s.since }

// Compare replays which keys were made, took their turns and were withdrawn, and names what the table says otherwise: a key that is
// published although nobody made it, or was taken out. It reads as auditor, in one snapshot. That old keys are gone is in order.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := map[string]standing{}, map[string]standing{}
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		if err := replay(ctx, tx, want); err != nil {
			return err
		}
		return table(ctx, tx, have)
	})
	if err != nil {
		return nil, fmt.Errorf("compare signing keys with the journal: %w", err)
	}
	for kid, s := range want {
		if _, there := have[kid]; !there && s.state == old {
			delete(want, kid)
		}
	}
	is := func(kid, what string) journal.Difference { return journal.Difference{Of: "key", ID: kid, What: what} }
	return journal.Differences(have, want, is, journal.Words[standing]{
		Stray: "stands in the table ({tables}), and no entry tells of it",
		Other: "is {tables} in the table, and {entries} according to its entries",
		Gone:  "is {entries} according to its entries, and is gone from the table",
	}), nil
}

func replay(ctx context.Context, tx pgx.Tx, want map[string]standing) error {
	return journal.Replay(ctx, tx, `e.action = any ($1)`, []any{journal.ActionsOf("key")}, func(e entry) {
		for state, kids := range map[string][]string{next: e.Detail.Next, current: e.Detail.Current, old: e.Detail.Old} {
			for _, kid := range kids {
				if want[kid].state != state { // an entry names old keys again while they are published
					want[kid] = standing{string(e.Detail.Use), state, journal.TimeText(e.At)}
				}
			}
		}
		for _, kid := range e.Detail.Withdrawn {
			delete(want, kid)
		}
	})
}

func table(ctx context.Context, tx pgx.Tx, have map[string]standing) error {
	// Of an old key what counts is how long it is published.
	rows, err := tx.Query(ctx, `select kid, use, state, coalesce(published_until - case use when $1 then $2::interval else $3::interval end, current_at, created_at) from signing_key`, Receipt, ReceiptLife, OldLife)
	if err != nil {
		return err
	}
	var kid string
	var s standing
	var since time.Time
	_, err = pgx.ForEachRow(rows, []any{&kid, &s.use, &s.state, &since}, func() error {
		s.since = journal.TimeText(since)
		have[kid] = s
		return nil
	})
	return err
}
