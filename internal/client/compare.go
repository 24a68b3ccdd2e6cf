package client

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// standing is what the table and the entries must say alike of a registered service. Hashes of secrets are not the auditor's to see.
type standing struct{ state, registration string }

// String is how a difference shows it.
func (s standing) String() string { return s.state + " with the registration " + s.registration }

// Compare replays which services were registered and changed, and names what the table says otherwise: a return address that no administrator
// registered must not go unseen. It reads as auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := map[string]standing{}, map[string]standing{}
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		if err := replay(ctx, tx, want); err != nil {
			return err
		}
		found, err := tx.Query(ctx, `select id::text, state, encode(sha256(convert_to(registration::text, 'UTF8')), 'hex') from client`)
		if err != nil {
			return err
		}
		var id string
		var s standing
		_, err = pgx.ForEachRow(found, []any{&id, &s.state, &s.registration}, func() error {
			have[id] = s
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("compare clients with the journal: %w", err)
	}
	is := func(id, what string) journal.Difference {
		return journal.Difference{Of: "client", ID: id, What: what}
	}
	return journal.Differences(have, want, is, journal.Words[standing]{
		Stray: "stands in the table ({tables}), and no entry tells of it",
		Other: "is {tables} in the table, and {entries} according to its entries",
		Gone:  "is {entries} according to its entries, and is gone from the table",
	}), nil
}

func replay(ctx context.Context, tx pgx.Tx, want map[string]standing) error {
	type entry struct {
		Action string       `json:"action"`
		Detail registration `json:"detail"`
	}
	return journal.Replay(ctx, tx, `e.action = any ($1)`, []any{journal.ActionsOf("client")}, func(e entry) {
		now := want[e.Detail.Client]
		switch e.Action {
		case "client.registered":
			now = standing{Open, e.Detail.SHA256}
		case "client.changed":
			now.registration = e.Detail.SHA256
		case "client.closed":
			now.state = Closed
		case "client.reopened":
			now.state = Open
		}
		want[e.Detail.Client] = now
	})
}
