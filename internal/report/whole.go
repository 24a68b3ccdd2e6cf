package report

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// OfCitizen reads every use of the mandates of one citizen of an organisation with all their accounts, the newest first, each with the client_id of its service
// where that is known (NameServices says what people call it). What reads them records that it did.
func (r *Register) OfCitizen(ctx context.Context, tx pgx.Tx, organisation, id uuid.UUID) ([]Use, error) {
	rows, err := tx.Query(ctx, `select `+useColumns+ofUse+`where u.organisation_id = $1 and u.mandate_id in (select id from mandate where citizen_id = $2 and organisation_id = $1) order by u.mandate_id, u.used_at desc, u.id desc`, organisation, id)
	if err != nil {
		return nil, fmt.Errorf("read uses of a citizen: %w", err)
	}
	uses, err := pgx.CollectRows(rows, scanUse)
	if err != nil {
		return nil, fmt.Errorf("read uses of a citizen: %w", err)
	}
	for from := 0; from < len(uses); { // the helpers take the uses of one mandate
		to := from
		for to < len(uses) && uses[to].Mandate == uses[from].Mandate {
			to++
		}
		if err := readServices(ctx, tx, organisation, uses[from:to]); err != nil {
			return nil, fmt.Errorf("read services of uses: %w", err)
		}
		if err := r.readAccounts(ctx, tx, organisation, uses[from:to]); err != nil {
			return nil, fmt.Errorf("read accounts of uses: %w", err)
		}
		from = to
	}
	return uses, nil
}

// NameServices calls the services of uses by their names. It asks elsewhere: never call it inside a transaction.
func (r *Register) NameServices(ctx context.Context, uses []Use) error {
	return r.nameServices(ctx, uses)
}
