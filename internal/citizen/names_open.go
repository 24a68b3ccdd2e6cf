package citizen

import (
	"context"
	"fmt"
	"runtime"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/sync/errgroup"
)

// lotSize is how many rows one of the workers of openNames opens at once, usualRow more bytes than most have.
const (
	lotSize  = 256
	usualRow = 512
)

// versioned is a stored citizen and the version of the row.
type versioned struct {
	Sealed
	version uint32
}

// openNames opens the names of some of an organisation's people; with all, of everybody there, which is faster when that is most of them. As many workers as there
// are processors do it while the rows still come in. At most three lots for each are in memory.
func (r *Register) openNames(ctx context.Context, q Querier, organisation uuid.UUID, some []uuid.UUID, all bool) (map[uuid.UUID]name, error) {
	text, values := `select id, data_key, identity, identified_at, xmin from citizen where organisation_id = $1`, []any{organisation}
	if !all {
		text, values = text+` and id = any ($2)`, append(values, some)
	}
	rows, err := q.Query(ctx, text, values...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	workers := runtime.GOMAXPROCS(0)
	group, ctx := errgroup.WithContext(ctx)
	lots, opened := make(chan []versioned, workers), make(chan map[uuid.UUID]name, workers)
	for range workers {
		group.Go(func() error {
			out := map[uuid.UUID]name{}
			for lot := range lots {
				for _, c := range lot {
					plain, err := r.identity(c.Sealed)
					if err == nil {
						out[c.ID], err = readName(plain, c.version)
					}
					if err != nil {
						return fmt.Errorf("open citizen %s: %w", c.ID, err)
					}
				}
			}
			opened <- out
			return nil
		})
	}
	err = deal(ctx, rows, lots)
	close(lots)
	if failed := group.Wait(); failed != nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	out := <-opened
	for range workers - 1 {
		for id, n := range <-opened {
			out[id] = n
		}
	}
	return out, nil
}

// deal reads rows into lots, until one of who takes them fails.
func deal(ctx context.Context, rows pgx.Rows, lots chan<- []versioned) error {
	lot, bytes := make([]versioned, 0, lotSize), make([]byte, 0, lotSize*usualRow)
	keep := func(value []byte) []byte { // the rows' own memory is for one row
		bytes = append(bytes, value...)
		return bytes[len(bytes)-len(value) : len(bytes) : len(bytes)]
	}
	send := func() error {
		select {
		case lots <- lot:
			lot, bytes = make([]versioned, 0, lotSize), make([]byte, 0, lotSize*usualRow)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for rows.Next() {
		var c versioned
		var key, identity pgtype.DriverBytes
		if err := rows.Scan(&c.ID, &key, &identity, &c.identifiedAt, &c.version); err != nil {
			return err
		}
		c.dataKey, c.identity = keep(key), keep(identity)
		if lot = append(lot, c); len(lot) == lotSize {
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
	key, err := r.KeyOf(&s)
	if err != nil {
		return nil, err
	}
	return key.Unseal(purpose, s.identity)
}
