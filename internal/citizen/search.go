package citizen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/sync/errgroup"
)

// Limits of a search in which one person is chosen: enough to find who sits there, too little to copy the list.
const (
	MinSearch  = 3
	MaxResults = 10
)

// ErrTooShort says that a search has fewer than MinSearch letters.
var ErrTooShort = errors.New("search: too short")

// Search finds citizens of an organisation who have a power that stands now, by name or birth date: every word typed must begin a word
// of the name. At most MaxResults, in the order of their names. Whoever shows the result records that it was asked for.
func (r *Register) Search(ctx context.Context, q Querier, organisation uuid.UUID, query string, now time.Time) ([]Citizen, error) {
	s := Seek(query)
	if s.Letters() < MinSearch && !s.Dated() {
		return nil, ErrTooShort
	}
	rows, err := q.Query(ctx, `select c.id, c.data_key, c.identity, c.identified_at from citizen c where c.organisation_id = $1
			and exists (select from mandate_power p where p.organisation_id = $1 and p.citizen_id = c.id and p.state = 'standing' and p.starts_at <= $2 and p.ends_at > $2)`, organisation, now)
	if err != nil {
		return nil, fmt.Errorf("search citizens: %w", err)
	}
	found, err := sift(ctx, r, rows, s, func(s Sealed) Sealed { return s })
	if err != nil {
		return nil, fmt.Errorf("search citizens: %w", err)
	}
	out := make([]Citizen, len(found))
	for n, s := range found {
		if out[n], err = r.Open(s); err != nil {
			return nil, fmt.Errorf("search citizens: %w", err)
		}
	}
	slices.SortFunc(out, func(a, b Citizen) int {
		return cmp.Or(cmp.Compare(a.Identity.FamilyName, b.Identity.FamilyName), cmp.Compare(a.Identity.GivenName, b.Identity.GivenName), cmp.Compare(a.Identity.Birthdate, b.Identity.Birthdate))
	})
	return out[:min(len(out), MaxResults)], nil
}

// Matching finds the ids of all citizens of an organisation whom what was typed fits, in no order. Whoever shows who they are records it.
func (r *Register) Matching(ctx context.Context, q Querier, organisation uuid.UUID, s Sought) ([]uuid.UUID, error) {
	rows, err := q.Query(ctx, `select id, data_key, identity, identified_at from citizen where organisation_id = $1`, organisation)
	if err != nil {
		return nil, fmt.Errorf("search citizens: %w", err)
	}
	ids, err := sift(ctx, r, rows, s, func(s Sealed) uuid.UUID { return s.ID })
	if err != nil {
		return nil, fmt.Errorf("search citizens: %w", err)
	}
	return ids, nil
}

// sifted is how many rows are opened at once by one of the workers of sift, usualRow more bytes than most have.
const (
	sifted   = 256
	usualRow = 512
)

// sift takes from rows of sealed citizens those whom what was typed fits.
//
// Names are encrypted, and an index over them would tell what they are, so an organisation's rows are opened and compared here, by as many
// workers as there are processors, while they still come in. At most three lots for each worker are in memory. Nothing is kept from one search to the next: opening a data
// key takes a microsecond, so a cache of them would save little and would have to know of every erasure.
func sift[T any](ctx context.Context, r *Register, rows pgx.Rows, s Sought, take func(Sealed) T) ([]T, error) {
	defer rows.Close()
	workers := runtime.GOMAXPROCS(0)
	group, ctx := errgroup.WithContext(ctx)
	lots, found := make(chan []Sealed, workers), make([][]T, workers)
	for n := range workers {
		group.Go(func() error {
			var scratch []byte
			for lot := range lots {
				for _, c := range lot {
					fits := false
					plain, err := r.identity(c)
					if err == nil {
						fits, scratch, err = s.fitsSealed(plain, scratch)
					}
					if err != nil {
						return fmt.Errorf("open citizen %s: %w", c.ID, err)
					}
					if fits {
						found[n] = append(found[n], take(c))
					}
				}
			}
			return nil
		})
	}
	err := deal(ctx, rows, lots)
	close(lots)
	if failed := group.Wait(); failed != nil {
		err = failed
	}
	return slices.Concat(found...), err
}

// deal reads rows into lots, until one of who takes them fails.
func deal(ctx context.Context, rows pgx.Rows, lots chan<- []Sealed) error {
	lot, bytes := make([]Sealed, 0, sifted), make([]byte, 0, sifted*usualRow)
	keep := func(value []byte) []byte { // the rows' own memory is for one row
		bytes = append(bytes, value...)
		return bytes[len(bytes)-len(value) : len(bytes) : len(bytes)]
	}
	send := func() error {
		select {
		case lots <- lot:
			lot, bytes = make([]Sealed, 0, sifted), make([]byte, 0, sifted*usualRow)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for rows.Next() {
		var c Sealed
		var key, identity pgtype.DriverBytes
		if err := rows.Scan(&c.ID, &key, &identity, &c.identifiedAt); err != nil {
			return err
		}
		c.dataKey, c.identity = keep(key), keep(identity)
		if lot = append(lot, c); len(lot) == sifted {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return send()
}

// identity decrypts a stored identity, as it was encoded.
func (r *Register) identity(s Sealed) ([]byte, error) {
	key, err := r.keys.Open(s.ID, s.dataKey)
	if err != nil {
		return nil, err
	}
	return key.Unseal(purpose, s.identity)
}
