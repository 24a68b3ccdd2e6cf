package search

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Drawn shows an auditor the entries of a sample that stand at some places of the log, in the order of the places, which is a reading. It returns ErrNotAuditor.
func (d *Desk) Drawn(ctx context.Context, by journal.Actor, sample uuid.UUID, places []int64) ([]Near, error) {
	if by.Kind != journal.Auditor {
		return nil, ErrNotAuditor
	}
	entries, err := d.finder.at(ctx, places)
	if err != nil || len(places) == 0 {
		return nil, err
	}
	out := make([]Near, len(places))
	for i, place := range places {
		out[i] = Near{Index: place, Entry: entries[place]}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "sample %s %v", sample, places))
	detail := searched{Filters: []string{"sample"}, Results: len(entries), Query: hex.EncodeToString(sum[:])}
	if err := d.read(ctx, by, map[string]any{"query_sha256": detail.Query}, journal.Event{Action: "journal.searched", Detail: detail}); err != nil {
		return nil, err
	}
	return out, nil
}

// at reads the entries at some places; those that were forgotten are not among them.
func (f *Finder) at(ctx context.Context, places []int64) (map[int64]*journal.Entry, error) {
	out := map[int64]*journal.Entry{}
	err := f.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return fetch(ctx, tx, places, func(e *journal.Entry) { out[e.Index] = e })
	})
	if err != nil {
		return nil, fmt.Errorf("read entries of a sample: %w", err)
	}
	return out, nil
}
