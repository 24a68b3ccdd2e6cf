package report

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Naming returns the same register, which calls services by their names (client.Registry.Name) and not by their client_id.
func (r *Register) Naming(name func(ctx context.Context, client string) (string, error)) *Register {
	naming := *r
	naming.name = name
	return &naming
}

// readServices puts to uses of one mandate the services that were signed in to, where they are known. The entries say which: a row would say it again.
func readServices(ctx context.Context, tx pgx.Tx, organisation uuid.UUID, uses []Use) error {
	at := map[uuid.UUID]*Use{}
	var from, to time.Time
	for i := range uses {
		if u := &uses[i]; u.Way == Login {
			at[u.ID] = u
			if from.IsZero() || u.UsedAt.Before(from) {
				from = u.UsedAt
			}
			if u.UsedAt.After(to) {
				to = u.UsedAt
			}
		}
	}
	if len(at) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, `select login, service from (select body::jsonb #>> '{detail,login}' as login, body::jsonb #>> '{detail,service}' as service from journal_entry
			where mandate_id = $1 and organisation_id = $2 and action = 'power.used' and at between $3 and $4 offset 0) used where service <> 'unknown'`, uses[0].Mandate, organisation, from, to)
	if err != nil {
		return err
	}
	var login, service string
	_, err = pgx.ForEachRow(rows, []any{&login, &service}, func() error {
		id, err := uuid.Parse(login)
		if err == nil && at[id] != nil {
			at[id].Service = service
		}
		return err
	})
	return err
}

// nameServices calls the services of uses by their names.
func (r *Register) nameServices(ctx context.Context, uses []Use) error {
	if r.name == nil {
		return nil
	}
	names := map[string]string{}
	for i := range uses {
		id := uses[i].Service
		if id == "" {
			continue
		}
		if _, asked := names[id]; !asked {
			var err error
			if names[id], err = r.name(ctx, id); err != nil {
				return err
			}
		}
		uses[i].Service = names[id]
	}
	return nil
}
