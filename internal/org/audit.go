package org

import (
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// MayAudit queues the question whether the actor is an auditor now, whom it locks, as MayAct does: who is suspended meanwhile was suspended before or after.
func MayAudit(b *pgx.Batch, by journal.Actor) func() error {
	var yes, suspended bool
	b.Queue(`select auditor, suspended_at is not null from person where id = $1 for share`, by.Person).Query(func(rows pgx.Rows) error {
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
