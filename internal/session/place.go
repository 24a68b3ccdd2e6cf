package session

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/page"
)

// Belonging is an organisation for which somebody is signed in.
type Belonging struct {
	Organisation, PublicID uuid.UUID
	Name, City             string
	Role                   string // Aidant or Referent
}

// Home is where their work for it begins.
func (b Belonging) Home() string {
	return page.BaseOf(b.PublicID) + (&Session{Role: b.Role}).Home()
}

// Belongings lists the organisations for which somebody is signed in in this browser, by name. Those they have joined since,
// they are signed in for the next time.
func (s *Sessions) Belongings(ctx context.Context, at *Session) ([]Belonging, error) {
	var out []Belonging
	batch := &pgx.Batch{}
	batch.Queue(`select o.id, o.public_id, o.name, o.city, s.role from session s join organisation o on o.id = s.organisation_id where s.browser = $1 and (s.addressed or not $2)
		order by o.name, o.id`, at.Browser, at.Several).Query(func(rows pgx.Rows) error {
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Belonging])
		return err
	})
	if err := s.db.Ask(ctx, db.Nothing(), batch); err != nil {
		return nil, fmt.Errorf("list organisations: %w", err)
	}
	return out, nil
}
