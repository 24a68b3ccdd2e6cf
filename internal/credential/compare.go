package credential

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// picture is what is known of each factor, reset and set of recovery codes, in words.
type picture map[uuid.UUID]string

// Compare replays what the journal says of factors, recovery codes and resets, and names what the tables say otherwise: a
// factor that nobody added would let somebody in. It reads as auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := newReplay(), picture{}
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		err := journal.Replay(ctx, tx, `e.action = any ($1)`, []any{journal.ActionsOf("factor")}, want.apply)
		if err != nil {
			return err
		}
		return have.read(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("compare factors with the journal: %w", err)
	}
	return journal.Differences(have, want.picture(), difference, journal.Words[string]{
		Stray: "stands in the tables ({tables}), and no entry tells of it",
		Other: "the tables say {tables}; the entries say {entries}",
		Gone:  "is {entries} according to its entries, and gone from the tables",
	}), nil
}

func difference(id uuid.UUID, what string) journal.Difference {
	return journal.Difference{Of: "factor", ID: id.String(), What: what}
}

// The words for each thing, the same from tables and entries.
func factorText(person uuid.UUID, kind, proof string, cloned bool) string {
	return fmt.Sprintf("%s of %s, %s, cloned %t", kind, person, proof, cloned)
}

func recoveryText(digest string, made time.Time, left int) string {
	return fmt.Sprintf("recovery codes %s of %s, %d left", digest, journal.TimeText(made), left)
}

func resetText(s Reset) string {
	at := ""
	if !s.EffectiveAt.IsZero() {
		at = journal.TimeText(s.EffectiveAt)
	}
	return fmt.Sprintf("reset of %s asked by %s, approved by %s for %q, %s", s.Person, s.AskedBy, s.ApprovedBy, at, s.State)
}

// read reads the tables.
func (p picture) read(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `select id, person_id, 'passkey', encode(sha256(public_key), 'hex'), cloned_at is not null from credential_passkey
		union all select id, person_id, kind, coalesce(serial, ''), false from credential_totp where confirmed_at is not null`)
	if err != nil {
		return err
	}
	var id, person uuid.UUID
	var kind, proof string
	var cloned bool
	if _, err = pgx.ForEachRow(rows, []any{&id, &person, &kind, &proof, &cloned}, func() error {
		p[id] = factorText(person, kind, proof, cloned)
		return nil
	}); err != nil {
		return err
	}
	if rows, err = tx.Query(ctx, `select person_id, array_agg(hash), max(created_at), count(*) filter (where used_at is null) from credential_recovery group by person_id`); err != nil {
		return err
	}
	var hashes [][]byte
	var made time.Time
	var left int
	if _, err = pgx.ForEachRow(rows, []any{&person, &hashes, &made, &left}, func() error {
		p[person] = recoveryText(setDigest(hashes), made, left)
		hashes = nil
		return nil
	}); err != nil {
		return err
	}
	if rows, err = tx.Query(ctx, `select `+resetColumns+` from credential_reset`); err != nil {
		return err
	}
	resets, err := pgx.CollectRows(rows, scanReset)
	if err != nil {
		return err
	}
	for _, s := range resets {
		p[s.ID] = resetText(s)
	}
	return nil
}
