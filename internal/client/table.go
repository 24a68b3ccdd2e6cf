package client

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// idLength is the length of a registered service's client_id: a UUID.
const idLength = 36

// The states of a registration.
const (
	Open   = "open"
	Closed = "closed"
)

// Registered is a client as administrators see it.
type Registered struct {
	Client
	Version      string    // of the registration: its SHA-256 in hexadecimal; "" in the file
	State        string    // Open for those of the file
	RegisteredAt time.Time // zero for those of the file, as the other times
	ChangedAt    time.Time
	ClosedAt     time.Time
	FormerUntil  time.Time // until when the secret before counts
}

const rows = `select id, registration::text, encode(sha256(convert_to(registration::text, 'UTF8')), 'hex'), secret_hash, former_hash, former_until, state, registered_at, changed_at, closed_at, tokens_since from client`

// scan reads a row. A former secret counts until its time.
func scan(row pgx.CollectableRow, now time.Time) (Registered, error) {
	var r Registered
	var id uuid.UUID
	var registration string
	var secret, former []byte
	var until, closed, since *time.Time
	if err := row.Scan(&id, &registration, &r.Version, &secret, &former, &until, &r.State, &r.RegisteredAt, &r.ChangedAt, &closed, &since); err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(registration), &r.Client); err != nil {
		return r, fmt.Errorf("registration of client %s: %w", id, err)
	}
	r.ID, r.Secret = id.String(), Secret{hash: secret}
	if until != nil && until.After(now) {
		r.Secret.former, r.FormerUntil = former, *until
	}
	if since != nil {
		r.TokensSince = *since
	}
	if closed != nil {
		r.ClosedAt = *closed
	}
	return r, nil
}

// current returns the open registrations, read at most Fresh ago.
func (t *table) current(ctx context.Context) (map[string]*Client, error) {
	if s := t.fresh(); s != nil {
		return s.clients, nil
	}
	t.loading.Lock()
	defer t.loading.Unlock()
	if s := t.fresh(); s != nil {
		return s.clients, nil
	}
	now := t.clock.Now()
	out := &seen{now, map[string]*Client{}}
	err := t.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		all, err := read(ctx, tx, now, ` where state = 'open'`)
		for _, r := range all {
			out.clients[r.ID] = &r.Client
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read clients: %w", err)
	}
	t.seen.Store(out)
	return out.clients, nil
}

func (t *table) fresh() *seen {
	s := t.seen.Load()
	if s == nil {
		return nil
	}
	if age := t.clock.Now().Sub(s.at); age < 0 || age >= Fresh {
		return nil
	}
	return s
}

// forget makes the next question see what was done. Whoever reads now may still see what was before: they began before.
func (t *table) forget() {
	t.loading.Lock()
	defer t.loading.Unlock()
	t.seen.Store(nil)
}

func read(ctx context.Context, tx pgx.Tx, now time.Time, where string, args ...any) ([]Registered, error) {
	found, err := tx.Query(ctx, rows+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (Registered, error) { return scan(row, now) })
}

// List returns all clients, those of the file first, then by name: for administrators. It returns org.ErrMayNot.
func (r *Registry) List(ctx context.Context, by journal.Actor) ([]Registered, error) {
	var out []Registered
	for _, id := range r.order {
		out = append(out, Registered{Client: *r.filed[id], State: Open})
	}
	err := r.table.ask(ctx, by, func(tx pgx.Tx) error {
		all, err := read(ctx, tx, r.table.clock.Now(), ` order by state desc, lower(registration ->> 'client_name'), id`)
		out = append(out, all...)
		return err
	})
	return out, db.Found("list clients", err)
}

// Look returns a client, also one that is closed: for administrators. It returns db.ErrNotFound and org.ErrMayNot.
func (r *Registry) Look(ctx context.Context, by journal.Actor, id string) (Registered, error) {
	var out Registered
	err := r.table.ask(ctx, by, func(tx pgx.Tx) error {
		if filed, ok := r.filed[id]; ok {
			out = Registered{Client: *filed, State: Open}
			return nil
		}
		key, err := uuid.Parse(id)
		if err != nil || key.String() != id {
			return db.ErrNotFound
		}
		all, err := read(ctx, tx, r.table.clock.Now(), ` where id = $1`, key)
		if err == nil && len(all) == 0 {
			return db.ErrNotFound
		}
		if err == nil {
			out = all[0]
		}
		return err
	})
	return out, db.Found("look at client", err)
}

// ask reads for an administrator.
func (t *table) ask(ctx context.Context, by journal.Actor, f func(pgx.Tx) error) error {
	return t.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := org.AskAdministrator(ctx, tx, by); err != nil {
			return err
		}
		return f(tx)
	})
}

// CheckTable refuses a file whose clients stand in the table too: which registration would count is nobody's guess.
func (r *Registry) CheckTable(ctx context.Context) error {
	var double string
	err := r.table.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select coalesce(min(id::text), '') from client where id::text = any ($1)`, r.order).Scan(&double)
	})
	if err != nil {
		return fmt.Errorf("check clients: %w", err)
	}
	if double != "" {
		return fmt.Errorf("client %s stands in the file, and was registered by an administrator", double)
	}
	return nil
}
