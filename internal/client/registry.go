package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/procedure"
)

// ErrUnknown says that nobody is registered under an id, or not any more.
var ErrUnknown = errors.New("unknown client")

// Fresh is for how long a server believes what it read of registered services. What is done on the same server holds at once.
const Fresh = 2 * time.Second

// Registry finds clients. It may be used concurrently.
type Registry struct {
	filed map[string]*Client
	order []string // ids of the file

	table *table // nil: there is only the file
}

// table is where registered services are.
type table struct {
	db        *db.DB
	journal   *journal.Journal
	clock     *clock.Clock
	catalogue *procedure.Catalogue

	loading sync.Mutex
	seen    atomic.Pointer[seen]
}

// seen are the open registrations as they were at a time.
type seen struct {
	at      time.Time
	clients map[string]*Client
}

// New returns a registry of the clients of the file, or what is wrong with them.
func New(filed []Client) (*Registry, error) {
	r := &Registry{filed: map[string]*Client{}}
	for _, c := range filed {
		if err := c.Check(); err != nil {
			return nil, err
		}
		if _, double := r.filed[c.ID]; double {
			return nil, fmt.Errorf("client %s stands twice", c.ID)
		}
		c.Filed = true
		r.filed[c.ID] = &c
		r.order = append(r.order, c.ID)
	}
	return r, nil
}

// On returns the same registry, which also knows the services that administrators register in this database. It returns what is wrong with the file
// beside that: procedures that no catalogue ever had.
func (r *Registry) On(d *db.DB, j *journal.Journal, c *procedure.Catalogue, k *clock.Clock) (*Registry, error) {
	out := &Registry{filed: r.filed, order: r.order, table: &table{db: d, journal: j, clock: k, catalogue: c}}
	for _, one := range r.filed {
		for _, key := range one.Procedures {
			if _, ok := procedure.Find(key); !ok {
				return nil, fmt.Errorf("client %s: procedures: %q is not in the catalogue", one.ID, key)
			}
		}
	}
	return out, nil
}

// FranceConnects are the clients of the file behind which other services stand, in its order: those that are no service themselves.
func (r *Registry) FranceConnects() []*Client {
	var out []*Client
	for _, id := range r.order {
		if c := r.filed[id]; !c.Direct() {
			out = append(out, c)
		}
	}
	return out
}

// Find returns the client of an id. It returns ErrUnknown. A client of the file costs no query, and others one in a while for all.
func (r *Registry) Find(ctx context.Context, id string) (*Client, error) {
	if c, ok := r.filed[id]; ok {
		return c, nil
	}
	if r.table == nil || len(id) != idLength {
		return nil, ErrUnknown
	}
	now, err := r.table.current(ctx)
	if err != nil {
		return nil, err
	}
	if c, ok := now[id]; ok {
		return c, nil
	}
	return nil, ErrUnknown
}
