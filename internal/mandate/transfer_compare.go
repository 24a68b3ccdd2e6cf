package mandate

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// compareTransfers names the mandates that ended as transferred while no other organisation has one which had begun by then and says that it takes their place. What the
// tables say of either is held to its entries by Compare: an end that nobody's signature asked for is found here.
func compareTransfers(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	found, err := journal.CompareInSteps(ctx, auditor, nextTransferred, compareTransferred)
	if err != nil {
		return nil, fmt.Errorf("compare transfers with what was signed: %w", err)
	}
	return found, nil
}

func nextTransferred(ctx context.Context, tx pgx.Tx, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `select id from mandate where end_reason = 'transferred' and id > $1 order by id limit $2`, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

func compareTransferred(ctx context.Context, tx pgx.Tx, mandates []uuid.UUID) ([]journal.Difference, error) {
	rows, err := tx.Query(ctx, `select m.id from mandate m where m.id = any ($1) and not exists (select from mandate n where n.transfers = m.id and n.organisation_id <> m.organisation_id
		and n.state <> 'scheduled' and coalesce(n.starts_at, n.signed_at) <= m.ended_at) order by m.id`, mandates)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (journal.Difference, error) {
		var id uuid.UUID
		err := row.Scan(&id)
		return difference(id, "ended as transferred, and no mandate of another organisation takes its place"), err
	})
}
