package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// Name returns what aidants know a client by, also one that is closed: whoever tells of what was done before goes on calling it by its name. Of whom nobody
// knows any more it is the client_id.
func (r *Registry) Name(ctx context.Context, id string) (string, error) {
	known, err := r.Find(ctx, id)
	if err == nil {
		return known.Name, nil
	}
	key, notOurs := uuid.Parse(id)
	switch {
	case !errors.Is(err, ErrUnknown):
		return "", err
	case r.table == nil || notOurs != nil:
		return id, nil
	}
	var name string
	err = r.table.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select registration ->> 'client_name' from client where id = $1`, key).Scan(&name)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return id, nil
	case err != nil:
		return "", fmt.Errorf("find the name of client %s: %w", id, err)
	}
	return name, nil
}
