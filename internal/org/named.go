package org

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// Names returns what organisations are called, by their ids; those that are not there are missing. It reads as auditor: who works in one organisation has no need of the others.
func Names(ctx context.Context, auditor *db.DB, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	out := map[uuid.UUID]string{}
	batch := &pgx.Batch{}
	batch.Queue(`select id, name from organisation where id = any($1)`, ids).Query(func(rows pgx.Rows) error {
		var id uuid.UUID
		var name string
		_, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error { out[id] = name; return nil })
		return err
	})
	if err := auditor.Ask(ctx, db.Nothing(), batch); err != nil {
		return nil, fmt.Errorf("read names of organisations: %w", err)
	}
	return out, nil
}

// WithSIRET returns the id of the organisation with a SIRET, which is what papers have of it; uuid.Nil when there is none. It reads as auditor.
func WithSIRET(ctx context.Context, auditor *db.DB, siret string) (uuid.UUID, error) {
	id := uuid.Nil
	batch := &pgx.Batch{}
	batch.Queue(`select id from organisation where siret = $1`, siret).QueryRow(func(row pgx.Row) error {
		if err := row.Scan(&id); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return nil
	})
	if err := auditor.Ask(ctx, db.Nothing(), batch); err != nil {
		return uuid.Nil, fmt.Errorf("find an organisation by its SIRET: %w", err)
	}
	return id, nil
}
