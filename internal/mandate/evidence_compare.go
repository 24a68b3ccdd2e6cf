package mandate

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

// compareEvidences holds the evidence files that are kept to the entries of the signatures that they are of.
func compareEvidences(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	found, err := journal.CompareInSteps(ctx, auditor, nextEvidences, compareEvidence)
	if err != nil {
		return nil, fmt.Errorf("compare evidence with the journal: %w", err)
	}
	return found, nil
}

// nextEvidences lists mandates from both sides, so that evidence that was removed is missed.
func nextEvidences(ctx context.Context, tx pgx.Tx, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `select id from ((select mandate_id as id from mandate_evidence where mandate_id > $1 order by 1 limit $2)
		union (select distinct mandate_id from journal_entry where mandate_id > $1 order by 1 limit $2)) both_sides order by id limit $2`, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// evidenceEntry is what is read of the entry of a signature.
type evidenceEntry struct {
	At           time.Time `json:"at"`
	Organisation uuid.UUID `json:"organisation"`
	Mandate      uuid.UUID `json:"mandate"`
	Detail       struct {
		Evidence string `json:"evidence_sha256"`
	} `json:"detail"`
}

func compareEvidence(ctx context.Context, tx pgx.Tx, mandates []uuid.UUID) ([]journal.Difference, error) {
	want, have := map[uuid.UUID]string{}, map[uuid.UUID]string{}
	err := journal.Replay(ctx, tx, `e.mandate_id = any ($1) and e.action = 'mandate.signed'`, []any{mandates}, func(e evidenceEntry) {
		if e.Detail.Evidence != "" {
			want[e.Mandate] = evidenceText(e.Organisation, e.Detail.Evidence, e.At)
		}
	})
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `select mandate_id, organisation_id, sha256, created_at from mandate_evidence where mandate_id = any ($1)`, mandates)
	if err != nil {
		return nil, err
	}
	var id, organisation uuid.UUID
	var sum []byte
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &organisation, &sum, &at}, func() error {
		have[id] = evidenceText(organisation, hex.EncodeToString(sum), at)
		return nil
	})
	return journal.Differences(have, want, func(id uuid.UUID, what string) journal.Difference { return difference(id, "its evidence "+what) }, journal.Words[string]{
		Stray: "stands in the tables, and no entry tells of it",
		Other: "is {tables} in the tables, and {entries} according to its entry",
		Gone:  "was kept according to its entry, and is gone from the tables",
	}), err
}

func evidenceText(organisation uuid.UUID, sum string, at time.Time) string {
	return fmt.Sprintf("of organisation %s, of %s, bytes %s", organisation, journal.TimeText(at), sum)
}
