// Package throttle counts how often something is done, for all servers together: the rows are in PostgreSQL, in the table
// throttle, which this package owns.
//
// An allowance is a bucket that refills evenly (the generic cell rate algorithm, GCRA): Burst times at once, and once more
// after every Every. In any span of time d, at most Burst + d/Every times are granted; who has been quiet for Burst × Every
// has all of it again. One instant for each key is all that is kept: when the bucket will be full.
//
// It slows; it never locks out. What is refused is told how long to wait, and a refusal costs nothing.
package throttle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/clock"
	"mandat/internal/db"
)

// Allowance says how often something may be done by, or to, somebody.
type Allowance struct {
	Of    string        // what is done ("factor.account")
	Who   string        // by whom or to whom: an id, a network; only a hash of it is stored
	Burst int           // how many times at once, at least 1
	Every time.Duration // after how long once more, at least a microsecond
}

// key is the SHA-256 of what and who, each with its length, so that no two allowances have the same one.
func (a Allowance) key() []byte {
	h := sha256.New()
	for _, part := range []string{a.Of, a.Who} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// Network is the network of an address, by which strangers are counted: an IPv4 address itself, the first 64 bits of an
// IPv6 address, which one subscriber has whole.
func Network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if !a.Is6() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a.String()
	}
	return p.String()
}

// Throttle grants allowances.
type Throttle struct {
	db    *db.DB
	clock *clock.Clock
}

// New returns the throttle of this database. The clock's shift is added to the database's clock.
func New(d *db.DB, c *clock.Clock) *Throttle { return &Throttle{db: d, clock: c} }

// take moves a bucket's instant by Every, unless the bucket is empty. clock_timestamp is read after the row is locked, and
// again for the new value: that is later, and grants no more.
const take = `insert into throttle (key, tat) values ($1, clock_timestamp() + $2::interval + $3::interval)
	on conflict (key) do update set tat = greatest(throttle.tat, clock_timestamp() + $2::interval) + $3::interval
	where throttle.tat <= clock_timestamp() + $2::interval + $4::interval`

// Take takes one of each allowance, or none: it returns how long to wait until all of them would be granted, zero when they were.
// Then the thing may be done. It commits by itself, before the thing is done: what happens afterwards undoes nothing.
func (t *Throttle) Take(ctx context.Context, allowances ...Allowance) (time.Duration, error) {
	var wait time.Duration
	batch, shift := &pgx.Batch{}, t.clock.Shift()
	for _, a := range inOrder(allowances) {
		room := a.Every * time.Duration(a.Burst-1)
		granted := false
		batch.Queue(take, a.key(), shift, a.Every, room).Exec(func(tag pgconn.CommandTag) error {
			granted = tag.RowsAffected() == 1
			return nil
		})
		// The statement before has locked the row, granted or not: this is what it decided by.
		batch.Queue(`select extract(epoch from tat - $3::interval - clock_timestamp() - $2::interval)::float8 from throttle where key = $1`,
			a.key(), shift, room).QueryRow(func(row pgx.Row) error {
			var seconds float64
			if err := row.Scan(&seconds); err != nil || granted {
				return err
			}
			wait = max(wait, time.Duration(seconds*float64(time.Second)), time.Millisecond)
			return nil
		})
	}
	err := t.db.WriteAfter(ctx, db.Nothing(), db.Soon, batch, func(*db.Tx) error {
		if wait > 0 {
			return errRefused
		}
		return nil
	})
	if err != nil && !errors.Is(err, errRefused) {
		return 0, fmt.Errorf("take allowance: %w", err)
	}
	return wait, nil
}

// errRefused takes back what was granted beside something that was not.
var errRefused = errors.New("refused")

// GiveBack returns one of each allowance: for what was counted beforehand, and turned out to be right.
func (t *Throttle) GiveBack(ctx context.Context, allowances ...Allowance) error {
	batch := &pgx.Batch{}
	for _, a := range inOrder(allowances) {
		batch.Queue(`update throttle set tat = tat - $2::interval where key = $1`, a.key(), a.Every)
	}
	if err := t.db.Pipeline(ctx, db.Nothing(), db.Soon, batch); err != nil {
		return fmt.Errorf("give allowance back: %w", err)
	}
	return nil
}

// WaitError says that an allowance is used up. Nothing was done; after Until it may be.
type WaitError struct{ Until time.Time }

// Error says so without the time, which a page says in its own words.
func (WaitError) Error() string { return "an allowance is used up" }

// Spend runs an act that takes one of each allowance, and gives them back when the act fails. When one is used up the act is not run, and the error is
// a WaitError.
func (t *Throttle) Spend(ctx context.Context, act func() error, allowances ...Allowance) error {
	now := t.clock.Now()
	wait, err := t.Take(ctx, allowances...)
	switch {
	case err != nil:
		return err
	case wait > 0:
		return WaitError{Until: now.Add(wait)}
	}
	if err := act(); err != nil {
		return errors.Join(err, t.GiveBack(context.WithoutCancel(ctx), allowances...))
	}
	return nil
}

// inOrder sorts by key: everybody locks in the same order.
func inOrder(allowances []Allowance) []Allowance {
	return slices.SortedFunc(slices.Values(allowances), func(a, b Allowance) int { return bytes.Compare(a.key(), b.key()) })
}

// Purge deletes the rows of buckets that are full again, and returns how many. Whoever types addresses makes rows: it goes on until none is left.
func (t *Throttle) Purge(ctx context.Context) (int, error) {
	gone, err := t.db.Purge(ctx, db.Nothing(), `delete from throttle where key in (select key from throttle where tat < clock_timestamp() + $1::interval order by tat limit $2 for update skip locked)`,
		t.clock.Shift())
	if err != nil {
		return 0, fmt.Errorf("purge throttle: %w", err)
	}
	return gone, nil
}
