package caseload

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// left names a handing over: of whom, in which organisation. There is one at a time.
type left struct{ organisation, from uuid.UUID }

// handed is what is read of an entry.
type handed struct {
	At           time.Time                    `json:"at"`
	Organisation uuid.UUID                    `json:"organisation"`
	Detail       struct{ From, To uuid.UUID } `json:"detail"`
}

// Compare holds who follows up whose mandates to what the entries say last. It reads as auditor.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := map[left]string{}, map[left]string{}
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		err := journal.Replay(ctx, tx, `e.action = 'mandate.handed_over'`, nil, func(e handed) { want[left{e.Organisation, e.Detail.From}] = handoverText(e.Detail.To, e.At) })
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select organisation_id, from_person, to_person, at from mandate_handover`)
		if err != nil {
			return err
		}
		var l left
		var to uuid.UUID
		var at time.Time
		_, err = pgx.ForEachRow(rows, []any{&l.organisation, &l.from, &to, &at}, func() error { have[l] = handoverText(to, at); return nil })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("compare handed over mandates with the journal: %w", err)
	}
	return differHandovers(want, have), nil
}

func differHandovers(want, have map[left]string) []journal.Difference {
	all := maps.Clone(want)
	maps.Copy(all, have)
	var out []journal.Difference
	for l := range all {
		if want[l] != have[l] {
			out = append(out, journal.Difference{Of: "organisation", ID: l.organisation.String(),
				What: fmt.Sprintf("what person %s left is followed up, the tables say %q; the entries say %q", l.from, have[l], want[l])})
		}
	}
	slices.SortFunc(out, func(a, b journal.Difference) int { return strings.Compare(a.ID+a.What, b.ID+b.What) })
	return out
}

func handoverText(to uuid.UUID, at time.Time) string {
	return "by " + to.String() + " since " + journal.TimeText(at)
}
