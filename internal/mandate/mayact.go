package mandate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Querier is a transaction of whatever kind.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

const powerColumns = `p.mandate_id, p.organisation_id, p.citizen_id, p.procedure, p.case_ref, p.level, p.identified_by, p.state, p.starts_at, p.ends_at, p.ended_at, coalesce(p.end_reason, ''), p.suspended_at`

func (p *Power) fields() []any {
	return []any{&p.Mandate, &p.Organisation, &p.Citizen, &p.Procedure, &p.Case, &p.Level, &p.IdentifiedBy, &p.State, &p.StartsAt, &p.EndsAt, &p.EndedAt, &p.EndReason, &p.SuspendedAt}
}

func scanPower(row pgx.CollectableRow) (Power, error) {
	var p Power
	err := row.Scan(p.fields()...)
	return p, err
}

// Stands is the rule: SQL that says of a row p of mandate_power whether it gives anything at the time $2. It asks the powers
// alone: ending or suspending a mandate ends or suspends its powers in the same act. What uses a power asks this text in the very statement that
// uses it (docs/decisions/0006), so that there is no time between the question and the use.
const Stands = `p.state = 'standing' and p.suspended_at is null and p.starts_at <= $2::timestamptz and p.ends_at > $2::timestamptz`

// MayAct answers whether an organisation may do a procedure for a citizen at this time, with the power that says so or
// ErrNoPower. A power for every case ("") covers any case. The program asks Stands in its own statements: MayAct is the rule as a question by
// itself, for tests and measurements, and gives nobody leave to act on the answer later.
func MayAct(ctx context.Context, q Querier, organisation, citizen uuid.UUID, procedure, caseRef string, now time.Time) (Power, error) {
	rows, err := q.Query(ctx, `select `+powerColumns+` from mandate_power p where p.organisation_id = $1 and p.citizen_id = $3 and p.procedure = $4
		and p.case_ref in ('', $5) and `+Stands+` order by p.case_ref desc limit 1`, organisation, now, citizen, procedure, caseRef)
	if err != nil {
		return Power{}, fmt.Errorf("may act: %w", err)
	}
	p, err := pgx.CollectExactlyOneRow(rows, scanPower)
	if errors.Is(err, pgx.ErrNoRows) {
		return Power{}, ErrNoPower
	}
	if err != nil {
		return Power{}, fmt.Errorf("may act: %w", err)
	}
	return p, nil
}

// AskStanding queues the question what an organisation may do for a citizen at this time. whose is a query of both,
// organisation_id and citizen_id, with the arguments $1 and $3. The answer, in the order of procedures, is there once the
// batch has been answered.
func AskStanding(b *pgx.Batch, whose string, first any, now time.Time, third any) *[]Power {
	out := &[]Power{}
	b.Queue(`select `+powerColumns+` from (`+whose+`) w join mandate_power p on p.organisation_id = w.organisation_id and p.citizen_id = w.citizen_id and `+Stands+`
		order by p.procedure`, first, now, third).Query(func(rows pgx.Rows) error {
		var err error
		*out, err = pgx.CollectRows(rows, scanPower)
		return err
	})
	return out
}
