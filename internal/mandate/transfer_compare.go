package mandate

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// compareTransfers names the mandates that ended as transferred while no other organisation has one which had begun by then and says that it takes their place, and those
// that began and whose transfer did not come about. What the tables say of either is held to its entries by Compare: an end that nobody's signature asked for is found
// here, and a signature that ended nothing.
func compareTransfers(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	found, err := journal.CompareInSteps(ctx, auditor, nextTransferred, compareTransferred)
	if err != nil {
		return nil, fmt.Errorf("compare transfers with what was signed: %w", err)
	}
	lost, err := journal.CompareInSteps(ctx, auditor, nextNamed, compareNamed)
	if err != nil {
		return nil, fmt.Errorf("compare what was signed with transfers: %w", err)
	}
	return slices.Concat(found, lost), nil
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
		and n.state <> 'scheduled' and coalesce(n.starts_at, n.signed_at) <= m.ended_at and coalesce(n.starts_at, n.signed_at) <= coalesce(n.ended_at, 'infinity'))
		and not exists (select from journal_entry e where e.action = 'citizen.erased' and e.body::jsonb #> '{detail,transferred}' ? m.id::text) order by m.id`, mandates)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (journal.Difference, error) {
		var id uuid.UUID
		err := row.Scan(&id)
		return difference(id, "ended as transferred, and no mandate of another organisation takes its place"), err
	})
}

// nextNamed lists the mandates that others name, in the order of the index that they are found by.
func nextNamed(ctx context.Context, tx pgx.Tx, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `select distinct transfers from mandate where transfers > $1 order by transfers limit $2`, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// compareNamed gives the job twelve hours, which is longer than it is tried. A mandate for a later day began when its entry says, and never after its own time was over.
func compareNamed(ctx context.Context, tx pgx.Tx, named []uuid.UUID) ([]journal.Difference, error) {
	rows, err := tx.Query(ctx, `select n.id, m.id from mandate m join mandate n on n.transfers = m.id and n.organisation_id <> m.organisation_id
		where m.id = any ($1) and m.state <> 'ended' and `+Lasting+` > now() and (n.starts_at is null and n.signed_at < now() - interval '12 hours' or exists (select from journal_entry e
			where e.mandate_id = n.id and e.action = 'mandate.started' and e.at < now() - interval '12 hours' and e.at < n.ends_at)) order by n.id`, named)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (journal.Difference, error) {
		var id, old uuid.UUID
		err := row.Scan(&id, &old)
		return difference(id, "takes the place of mandate "+old.String()+" of another organisation, which still stands"), err
	})
}
