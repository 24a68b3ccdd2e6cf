// Package load fills an empty database with invented mandates, millions of them, to see how the program does at that size. Nothing
// here is for a database that serves people: Run refuses one in which anything was ever done.
//
// Organisations and aidants are added by acts of the program (people.go). What there are millions of is made in lots (invent.go), as
// the program would make it: each citizen has a data key of their own, under which identity, terms and accounts are sealed; each entry has
// its canonical text and its place in the tree (entry.go, journal/tree.Bulk). Lots are made on every core and copied, one after the
// other, by the owner of the tables in one transaction (tables.go): either all of it is there or nothing.
//
// What a mandate here has not: the draft that it was made of (drafts live a day), evidence (as mandates of before it was kept), and in its
// terms who a procedure is done with, and where. Nobody asked for mails, and nothing but the time ends a mandate.
package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal/tree"
	"mandat/internal/procedure"
)

// Errors of Run.
var (
	ErrUsed  = errors.New("something was done in this database already: test data is loaded into a new one only")
	ErrName  = errors.New("this is not the database that was named")
	ErrOther = errors.New("somebody else is connected to this database: stop the servers first")
)

// The sizes that are asked for by default: those of the budgets of the architecture. An organisation then has 20,000 mandates.
const (
	Mandates      = 10_000_000
	Organisations = 500
)

// span is how long ago the first mandate was signed.
const span = 2 * 365 * 24 * time.Hour

// Options says what to load, and where.
type Options struct {
	App, Owner    string // addresses of the database for the logins mandat_app and mandat_owner
	Name          string // of the database, for certainty
	Keys          *envelope.Keys
	Signer        *tree.Signer
	StateFile     string // see tree.OpenLog
	Mandates      int
	Organisations int
	Progress      func(what string, done, all int) // may be nil
}

// Run loads. It returns ErrName, ErrUsed or ErrOther before anything is changed.
func Run(ctx context.Context, o Options) error {
	if o.Mandates < 1 || o.Organisations < 1 {
		return errors.New("load: want at least one mandate and one organisation")
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	owner, err := pgx.Connect(ctx, o.Owner)
	if err != nil {
		return errors.New("load: the owner cannot connect to the database") // the error may quote the address
	}
	defer func() { _ = owner.Close(context.WithoutCancel(ctx)) }()
	if err := refuse(ctx, owner, o.Name); err != nil {
		return err
	}
	m := &maker{keys: o.Keys, mandates: o.Mandates, began: time.Now().Add(-span), each: span / time.Duration(entriesUpTo(o.Mandates)+2)}
	if err := m.prepare(ctx, o); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	if err := m.load(ctx, owner, o); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	for _, t := range append(names(filled), "journal_leaf") {
		o.Progress("vacuum and analyze "+t, 0, 0)
		if _, err := owner.Exec(ctx, "vacuum (analyze) "+t); err != nil {
			return fmt.Errorf("load: vacuum %s: %w", t, err)
		}
	}
	return nil
}

// refuse looks for anything that was ever done: the journal has an entry of it. Drafts have none until a citizen is identified.
func refuse(ctx context.Context, owner *pgx.Conn, name string) error {
	var is string
	var used bool
	err := owner.QueryRow(ctx, `select current_database(), exists (select from journal_entry) or exists (select from journal_leaf) or exists (select from organisation) or exists (select from person)
		or exists (select from citizen) or exists (select from mandate_draft)`).Scan(&is, &used)
	switch {
	case err != nil:
		return fmt.Errorf("load: look at the database (mandat migrate makes its tables): %w", err)
	case is != name:
		return ErrName
	case used:
		return ErrUsed
	}
	return alone(ctx, owner)
}

// alone returns ErrOther when another login is connected. One that has just gone is waited for a little.
func alone(ctx context.Context, q interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}) error {
	for begun := time.Now(); ; {
		var others bool
		err := q.QueryRow(ctx, `select exists (select from pg_stat_activity where datname = current_database()
			and pid <> pg_backend_pid() and usesysid is not null)`).Scan(&others)
		switch {
		case err != nil || !others:
			return err
		case time.Since(begun) > 3*time.Second:
			return ErrOther
		}
		if _, err := q.Exec(ctx, `select pg_sleep(0.02), pg_stat_clear_snapshot()`); err != nil {
			return err
		}
	}
}

// prepare adds organisations and aidants, and lets the integrator begin the tree with them.
func (m *maker) prepare(ctx context.Context, o Options) error {
	var err error
	if m.catalogue, err = procedure.Load(); err != nil {
		return err
	}
	for _, t := range m.catalogue.Themes() {
		for _, p := range t.Procedures {
			if p.MaxDays == 365 && p.Warning == nil && p.Offers(procedure.Act) {
				m.procedures = append(m.procedures, p)
			}
		}
	}
	if len(m.procedures) < 3*powersEach {
		return errors.New("the catalogue has too few procedures")
	}
	app, err := db.Open(ctx, db.Options{URL: o.App})
	if err != nil {
		return err
	}
	defer app.Close()
	o.Progress("organisations", 0, o.Organisations)
	if m.offices, err = open(ctx, app, m.began.Add(-24*time.Hour), o.Organisations); err != nil {
		return fmt.Errorf("add organisations: %w", err)
	}
	i, err := tree.NewIntegrator(tree.IntegratorOptions{DB: app, Signer: o.Signer, StateFile: o.StateFile, Clock: &clock.Clock{}})
	if err != nil {
		return err
	}
	return i.CatchUp(ctx)
}

// load copies everything in one transaction of the owner.
func (m *maker) load(ctx context.Context, owner *pgx.Conn, o Options) error {
	return pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		for _, sql := range []string{`set local statement_timeout = 0`, `set local idle_in_transaction_session_timeout = 0`, `set local lock_timeout = '10s'`, `set local maintenance_work_mem = '1GB'`,
			`lock table journal_entry, journal_leaf, journal_tile, journal_tree, ` + strings.Join(names(frozen), ", ") + ` in access exclusive mode`} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		if err := tx.QueryRow(ctx, `select nextval('journal_entry_id')`).Scan(&m.firstEntry); err != nil {
			return err
		}
		if err := m.alone(ctx, tx); err != nil {
			return err
		}
		grow, err := tree.NewBulk(ctx, tx, o.Signer)
		if err != nil {
			return err
		}
		again, err := bare(ctx, tx, append(names(filled), leaves.name))
		if err != nil {
			return err
		}
		// Emptied though empty: rows can then be copied as frozen, which need no vacuuming, and with wal_level = minimal are not logged.
		if _, err := tx.Exec(ctx, `truncate `+strings.Join(names(frozen), ", ")); err != nil {
			return err
		}
		if err := m.copyAll(ctx, tx, grow, o.Progress); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `select setval('journal_entry_id', $1)`, m.firstEntry+int64(entriesUpTo(m.mandates))); err != nil {
			return err
		}
		for n, sql := range again {
			o.Progress("indexes, keys and triggers", n, len(again))
			if _, err := tx.Exec(ctx, sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return grow.Close(ctx)
	})
}

// alone makes sure, under the journal's lock, that what is done here follows what the tree holds, and nothing else does.
func (m *maker) alone(ctx context.Context, tx pgx.Tx) error {
	if err := alone(ctx, tx); err != nil {
		return err
	}
	for _, t := range frozen {
		var rows bool
		if err := tx.QueryRow(ctx, `select exists (select from `+t.name+`)`).Scan(&rows); err != nil || rows {
			return errors.Join(err, ErrUsed)
		}
	}
	return nil
}

// copyAll makes lots on every core and copies them in their order.
func (m *maker) copyAll(ctx context.Context, tx pgx.Tx, grow *tree.Bulk, progress func(string, int, int)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	lots := make(chan chan *lot, runtime.GOMAXPROCS(0))
	go func() {
		defer close(lots)
		for n := range m.lots() {
			one := make(chan *lot, 1)
			select {
			case lots <- one:
			case <-ctx.Done():
				return
			}
			go func() { one <- m.lot(n) }()
		}
	}()
	done := 0
	for one := range lots {
		l := <-one
		if l.err != nil {
			return l.err
		}
		for n, t := range filled {
			if _, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(l.tables[n]), "copy "+t.name+" ("+t.columns+") from stdin (format binary"+t.freeze()+")"); err != nil {
				return fmt.Errorf("copy %s: %w", t.name, err)
			}
		}
		if err := grow.Add(ctx, l.first, l.writer.commits); err != nil {
			return err
		}
		done += l.mandates
		progress("mandates", done, m.mandates)
	}
	return ctx.Err()
}
