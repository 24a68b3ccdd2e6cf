package mandate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// Querier is a transaction of whatever kind.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

const powerColumns = `p.mandate_id, p.organisation_id, p.citizen_id, p.procedure, p.case_ref, p.state, p.starts_at, p.ends_at, p.ended_at, coalesce(p.end_reason, '')`

func (p *Power) fields() []any {
	return []any{&p.Mandate, &p.Organisation, &p.Citizen, &p.Procedure, &p.Case, &p.State, &p.StartsAt, &p.EndsAt, &p.EndedAt, &p.EndReason}
}

func scanPower(row pgx.CollectableRow) (Power, error) {
	var p Power
	err := row.Scan(p.fields()...)
	return p, err
}

// MayAct answers whether an organisation may do a procedure for a citizen at this time, with the power that says so or
// ErrNoPower. A power for every case ("") covers any case.
//
// It asks the powers alone: ending a mandate ends its powers in the same act.
func MayAct(ctx context.Context, q Querier, organisation, citizen uuid.UUID, procedure, caseRef string, now time.Time) (Power, error) {
	rows, err := q.Query(ctx, `select `+powerColumns+` from mandate_power p where p.organisation_id = $1 and p.citizen_id = $2 and p.procedure = $3
		and p.case_ref in ('', $4) and p.state = 'standing' and p.starts_at <= $5 and p.ends_at > $5 order by p.case_ref desc limit 1`, organisation, citizen, procedure, caseRef, now)
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

// StandingPowers lists what an organisation may do for a citizen at this time, in the order of procedures.
func (r *Register) StandingPowers(ctx context.Context, organisation, citizen uuid.UUID, now time.Time) ([]Power, error) {
	var out []Power
	batch := &pgx.Batch{}
	batch.Queue(`select `+powerColumns+` from mandate_power p where p.organisation_id = $1 and p.citizen_id = $2 and p.state = 'standing'
		and p.starts_at <= $3 and p.ends_at > $3 order by p.procedure`, organisation, citizen, now).Query(func(rows pgx.Rows) error {
		var err error
		out, err = pgx.CollectRows(rows, scanPower)
		return err
	})
	if err := r.db.Ask(ctx, db.InOrganisation(organisation), batch); err != nil {
		return nil, fmt.Errorf("list powers: %w", err)
	}
	return out, nil
}
