package charter

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// fact is a version that was published, or that a person accepted.
type fact struct {
	person  uuid.UUID // nil: published
	version string
}

func (f fact) difference(what string) journal.Difference {
	if f.person == uuid.Nil {
		return journal.Difference{Of: "charter", ID: f.version, What: what}
	}
	return journal.Difference{Of: "person", ID: f.person.String(), What: "that they accepted charter " + f.version + " " + what}
}

// Compare replays which charters were published and who accepted them, and names what the tables say otherwise. It reads as
// auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := map[fact]string{}, map[fact]string{}
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		if err := replay(ctx, tx, want); err != nil {
			return err
		}
		return tables(ctx, tx, have)
	})
	if err != nil {
		return nil, fmt.Errorf("compare the charter with the journal: %w", err)
	}
	return journal.Differences(have, want, fact.difference, journal.Words[string]{
		Stray: "stands in the tables, and no entry tells of it",
		Other: "is {tables} in the tables, and {entries} according to its entry",
		Gone:  "stands in an entry, and is gone from the tables",
	}), nil
}

func tables(ctx context.Context, tx pgx.Tx, have map[fact]string) error {
	rows, err := tx.Query(ctx, `select '00000000-0000-0000-0000-000000000000'::uuid, version, sha256, published_at from charter
		union all select person_id, version, sha256, accepted_at from charter_acceptance`)
	if err != nil {
		return err
	}
	var f fact
	var sum []byte
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&f.person, &f.version, &sum, &at}, func() error {
		have[f] = words(hex.EncodeToString(sum), at)
		return nil
	})
	return err
}

// entry is what the replay reads of an entry.
type entry struct {
	At time.Time `json:"at"`
	By struct {
		Person string `json:"person"`
	} `json:"by"`
	Detail text `json:"detail"`
}

func replay(ctx context.Context, tx pgx.Tx, want map[fact]string) error {
	return journal.Replay(ctx, tx, `e.action in ('charter.published', 'charter.accepted')`, nil, func(e entry) {
		var person uuid.UUID
		if e.Detail.Person != "" {
			var err error
			if person, err = uuid.Parse(e.Detail.Person); err != nil || e.By.Person != e.Detail.Person {
				return // nobody accepts for another: then no entry tells of it
			}
		}
		want[fact{person, e.Detail.Version}] = words(e.Detail.SHA256, e.At)
	})
}

func words(sum string, at time.Time) string {
	return "text " + sum + " at " + journal.TimeText(at)
}
