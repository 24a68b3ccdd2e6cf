package credential

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// purposeSeed is what seeds are sealed for. It never changes: stored values would no longer open.
const purposeSeed = "credential.seed"

// generators reads a person's applications and cards whose rows fit a condition.
func (r *Register) generators(ctx context.Context, person uuid.UUID, where string, args ...any) ([]generator, error) {
	var out []generator
	err := r.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id, kind, data_key, seed, period, drift, last_step from credential_totp where person_id = $1 and `+where, append([]any{person}, args...)...)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, r.scanGenerator)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read code generators: %w", err)
	}
	return out, nil
}

func (r *Register) scanGenerator(row pgx.CollectableRow) (generator, error) {
	var g generator
	var wrapped, sealed []byte
	var seconds int
	err := row.Scan(&g.id, &g.kind, &wrapped, &sealed, &seconds, &g.drift, &g.lastStep)
	if err != nil {
		return g, err
	}
	g.period = time.Duration(seconds) * time.Second
	g.seed, err = r.keys.Unseal(g.id, purposeSeed, wrapped, sealed)
	return g, err
}
