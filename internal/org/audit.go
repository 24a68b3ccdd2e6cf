package org

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// MayAudit queues the question whether the actor is an auditor now, whom it locks, as MayAct does: who is suspended meanwhile was suspended before or after.
func MayAudit(b *pgx.Batch, by journal.Actor) func() error {
	return mayAudit(b, by, ` for share`)
}

// MayAuditRead is MayAudit for pages: it locks nothing.
func MayAuditRead(b *pgx.Batch, by journal.Actor) func() error {
	return mayAudit(b, by, "")
}

// AskAuditor is MayAuditRead where nothing else is asked with it.
func AskAuditor(ctx context.Context, tx pgx.Tx, by journal.Actor) error {
	batch := &pgx.Batch{}
	allowed := MayAuditRead(batch, by)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("ask for an auditor: %w", err)
	}
	return allowed()
}

func mayAudit(b *pgx.Batch, by journal.Actor, lock string) func() error {
	var yes, suspended bool
	b.Queue(`select auditor, suspended_at is not null from person where id = $1`+lock, by.Person).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(&yes, &suspended)
		}
		return rows.Err()
	})
	return func() error {
		switch {
		case !yes || by.Kind != journal.Auditor:
			return mayNot(WhyNotMember)
		case suspended:
			return mayNot(WhySuspended)
		}
		return nil
	}
}

// RecordAudit records what an auditor does that changes nothing but the journal, such as taking entries away. It returns ErrMayNot for whoever is no auditor at that moment.
func RecordAudit(ctx context.Context, j *journal.Journal, by journal.Actor, e journal.Event) error {
	first := &pgx.Batch{}
	may := MayAudit(first, by)
	return j.RecordAfter(ctx, by, first, func(*journal.Tx) (journal.Event, error) { return e, may() })
}
