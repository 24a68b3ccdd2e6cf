package signingkey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// turn is the detail of the entries key.made and key.rotated: what is true of the keys it names from now on. docs/journal.md lists it.
type turn struct {
	Use       Use      `json:"use"`
	Why       Why      `json:"why,omitempty"`
	Next      []string `json:"next,omitempty"`
	Current   []string `json:"current,omitempty"`
	Old       []string `json:"old,omitempty"`
	Withdrawn []string `json:"withdrawn,omitempty"` // no longer published, whatever they signed
}

// errNothing says that an act has nothing to do.
var errNothing = errors.New("nothing to do")

// lock lets one act at a time change the keys, those that are not there yet included.
const lock = 0x7369676e6b6579

func locked() *pgx.Batch {
	b := &pgx.Batch{}
	b.Queue(`select pg_advisory_xact_lock($1)`, int64(lock))
	return b
}

// complete makes the keys of a use that are missing. Of several servers that start at once one makes them.
func (r *Ring) complete(ctx context.Context, use Use) error {
	var rows []row
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) (err error) {
		rows, err = list(ctx, tx, r.clock.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("read signing keys: %w", err)
	}
	var made []row // before the transaction: an RSA key takes its time
	for _, alg := range use.algorithms() {
		for _, state := range []string{current, next} {
			if has(rows, use, alg, state) {
				continue
			}
			k, err := r.make(use, alg, state)
			if err != nil {
				return err
			}
			made = append(made, k)
		}
	}
	if len(made) == 0 {
		return nil
	}
	err = r.journal.RecordAfter(ctx, journal.Program(), locked(), func(tx *journal.Tx) (journal.Event, error) {
		rows, err := list(ctx, tx, tx.Now)
		if err != nil {
			return journal.Event{}, err
		}
		detail := turn{Use: use}
		for _, k := range made {
			if has(rows, use, k.Alg, k.State) {
				continue // another server was faster
			}
			insert(tx, k)
			detail.add(k.State, k.KID)
		}
		if len(detail.Current)+len(detail.Next) == 0 {
			return journal.Event{}, errNothing
		}
		return journal.Event{Action: "key.made", Detail: detail}, nil
	})
	if err != nil && !errors.Is(err, errNothing) {
		return fmt.Errorf("make signing keys for %s: %w", use, err)
	}
	return nil
}

func has(rows []row, use Use, alg, state string) bool {
	return slices.ContainsFunc(rows, func(k row) bool { return k.Use == use && k.Alg == alg && k.State == state })
}

func (r *Ring) make(use Use, alg, state string) (row, error) {
	key, err := r.source(alg)
	if err != nil {
		return row{}, fmt.Errorf("make a signing key for %s: %w", use, err)
	}
	return newRow(r.keys, use, state, key)
}

func insert(tx *journal.Tx, k row) {
	var since *time.Time
	if k.State == current {
		since = &tx.Now
	}
	tx.QueueOne(`insert into signing_key (kid, use, alg, public, proof, created_at, state, private, current_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		k.KID, k.Use, k.Alg, k.Public, k.Proof, tx.Now, k.State, k.Private, since)
}

func (t *turn) add(state string, kid string) {
	switch state {
	case next:
		t.Next = append(t.Next, kid)
	case current:
		t.Current = append(t.Current, kid)
	case old:
		t.Old = append(t.Old, kid)
	}
}

// Rotate lets the next keys of some uses sign from now on, and makes new next ones; of those that signed only the public halves
// stay, for OldLife, or ReceiptLife. It returns ErrTooEarly, or ErrNotOurs when it cannot open the keys there are. Each use is an
// act of its own; this server has the new keys when it returns, others within Every.
//
// Stolen replaces every key instead, at once, also those it cannot open, and takes them out of the key set: nothing they signed
// is believed any longer, and clients that keep our keys have to read them anew. A server signs with a withdrawn key until it
// looks.
func (r *Ring) Rotate(ctx context.Context, by journal.Actor, why Why, uses ...Use) error {
	for _, use := range uses {
		if err := r.rotate(ctx, by, use, why); err != nil {
			return fmt.Errorf("rotate signing keys for %s: %w", use, err)
		}
	}
	return r.Refresh(ctx)
}

// RotateDue rotates the keys of each use that have signed for Life, and forgets old ones whose time is over. A job does it.
func (r *Ring) RotateDue(ctx context.Context) error {
	var out []error
	for _, use := range Uses() {
		if err := r.rotateDue(ctx, use); err != nil {
			out = append(out, err)
		}
	}
	now := r.clock.Now()
	forget := r.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `delete from signing_key where published_until < $1`, now)
		return err
	})
	return errors.Join(append(out, forget)...)
}

func (r *Ring) rotateDue(ctx context.Context, use Use) error {
	var due bool
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := list(ctx, tx, r.clock.Now())
		due = isDue(rows, use, r.clock.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("read signing keys: %w", err)
	}
	if !due {
		return nil
	}
	err = r.Rotate(ctx, journal.Program(), Scheduled, use)
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

func isDue(rows []row, use Use, now time.Time) bool {
	return slices.ContainsFunc(rows, func(k row) bool { return k.Use == use && k.State == current && now.Sub(*k.CurrentAt) >= Life })
}

func (r *Ring) rotate(ctx context.Context, by journal.Actor, use Use, why Why) error {
	var made []row
	for _, alg := range use.algorithms() {
		k, err := r.make(use, alg, next)
		if err != nil {
			return err
		}
		made = append(made, k)
		if why != Stolen {
			continue
		}
		if k, err = r.make(use, alg, current); err != nil {
			return err
		}
		made = append(made, k)
	}
	return r.journal.RecordAfter(ctx, by, locked(), func(tx *journal.Tx) (journal.Event, error) {
		rows, err := list(ctx, tx, tx.Now)
		if err != nil {
			return journal.Event{}, err
		}
		rows = slices.DeleteFunc(rows, func(k row) bool { return k.Use != use })
		if why == Scheduled && !isDue(rows, use, tx.Now) {
			return journal.Event{}, errNothing
		}
		detail := turn{Use: use, Why: why}
		if why == Stolen {
			withdraw(tx, rows, &detail)
		} else if err := errors.Join(r.own(rows), succeed(tx, rows, &detail)); err != nil {
			return journal.Event{}, err
		}
		for _, k := range made {
			insert(tx, k)
			detail.add(k.State, k.KID)
		}
		return journal.Event{Action: "key.rotated", Detail: detail}, nil
	})
}

// own refuses to go on with keys that this program cannot open: with another key-encryption key, what it made would open nowhere else.
func (r *Ring) own(rows []row) error {
	for _, k := range rows {
		if _, _, err := k.open(r.keys); err != nil {
			return err
		}
	}
	return nil
}

// succeed moves each key on by one place: first those that sign, because of one algorithm only one does. The lock keeps the rows as they
// were read, and the database lets a key go one way only (signing_key_ages).
func succeed(tx *journal.Tx, rows []row, detail *turn) error {
	for _, k := range rows {
		switch k.State {
		case next:
			if tx.Now.Sub(k.CreatedAt) < NextLife {
				return ErrTooEarly
			}
		case current:
			tx.QueueOne(`update signing_key set state = 'old', private = null, old_at = $2, published_until = $3 where kid = $1`, k.KID, tx.Now, tx.Now.Add(k.Use.oldLife()))
			detail.add(old, k.KID)
		default:
			detail.add(old, k.KID)
		}
	}
	for _, k := range rows {
		if k.State == next {
			tx.QueueOne(`update signing_key set state = 'current', current_at = $2 where kid = $1`, k.KID, tx.Now)
			detail.add(current, k.KID)
		}
	}
	return nil
}

// withdraw takes every key out of the set.
func withdraw(tx *journal.Tx, rows []row, detail *turn) {
	for _, k := range rows {
		tx.QueueOne(`delete from signing_key where kid = $1`, k.KID)
		detail.Withdrawn = append(detail.Withdrawn, k.KID)
	}
}
