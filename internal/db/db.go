// Package db is the way to PostgreSQL. Reads go through Read, Snapshot and Ask; changes through
// Write, WriteAfter and Pipeline; and nothing else commits.
//
// Connections are read-only by default; only those three ask for READ WRITE. Each transaction carries a Scope, which row-level
// security enforces: without one, organisation-owned tables show no rows. The scope is set inside the transaction, so a
// connection given back to the pool keeps none. It guards against a WHERE that we forgot, not against somebody who runs
// SQL of their own as mandat_app.
//
// Round trips decide how fast an act is. Begin and scope travel with the first statements, what is queued on a Tx travels
// with the commit (Tx.Queue): an act that knows its statements costs two.
package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrNotFound says that no row fits: there is none, or it is outside the scope.
var ErrNotFound = errors.New("not found")

// ErrConflict says that another act changed the row first.
var ErrConflict = errors.New("conflict")

// DB is a pool of connections of one login.
type DB struct{ pool *pgxpool.Pool }

// Options says how to open a DB.
type Options struct {
	URL      string // connection string; several hosts are allowed (target_session_attrs=read-write)
	MaxConns int32  // 0 is 12: 8 to 16 is right for two cores, more only makes acts wait inside PostgreSQL
}

// connectWithin bounds the making of a connection unless the address says another connect_timeout: nobody waits longer for
// a server that has gone without a word.
const connectWithin = 10 * time.Second

// Open connects. It refuses a login that could pass by the guards: owner of our tables, superuser or BYPASSRLS.
func Open(ctx context.Context, o Options) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, errors.New("database address: not a valid connection string") // the parser's error may quote a password
	}
	cfg.MaxConns = o.MaxConns
	if cfg.MaxConns == 0 {
		cfg.MaxConns = 12
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectWithin
	}
	set := cfg.ConnConfig.RuntimeParams
	set["default_transaction_read_only"] = "on"
	set["timezone"] = "UTC"
	set["application_name"] = "mandat"
	cfg.AfterConnect = registerTypes
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	d := &DB{pool: pool}
	if err := d.refuseStrongLogin(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return d, nil
}

func (d *DB) refuseStrongLogin(ctx context.Context) error {
	var strong, owner bool
	err := d.pool.QueryRow(ctx, `select rolsuper or rolbypassrls, exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where n.nspname = 'public' and pg_has_role(current_user, c.relowner, 'USAGE')) from pg_roles where rolname = current_user`).Scan(&strong, &owner)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if strong || owner {
		return errors.New("open database: this login is owner, superuser or BYPASSRLS; give the program the login mandat_app (mandat admin roles prints how)")
	}
	return nil
}

// Close gives all connections back.
func (d *DB) Close() { d.pool.Close() }

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error { return d.pool.Ping(ctx) }

// Stat tells the pool's figures, for metrics.
func (d *DB) Stat() *pgxpool.Stat { return d.pool.Stat() }

// Scope says whose rows a transaction may see: a query that sets it, with its argument if it has one. Queries are prepared
// statements, of which a connection keeps a few hundred: there must not be one for each organisation. And they may stand in
// a transaction that nobody began (see Ask), unlike SET LOCAL.
type Scope struct {
	query string
	arg   any
	set   string // the same as SET LOCAL, to follow BEGIN
}

// InOrganisation is the scope of one organisation's people.
func InOrganisation(id uuid.UUID) Scope {
	return Scope{`select set_config('mandat.org', $1, true)`, id.String(), "set local mandat.org = '" + id.String() + "'"}
}

// OrganisationOf is InOrganisation of whom a query finds by its argument $1: it returns the organisation's id as text, or
// no row, and then nothing is seen. It is for Ask and Pipeline.
func OrganisationOf(query string, arg any) Scope {
	return Scope{query: `select set_config('mandat.org', coalesce((` + query + `), ''), true)`, arg: arg}
}

// RecipientBy is the scope of a recipient (package recipient), as which a query says what somebody reads by its argument $1: it returns one text, or no row, and
// then nothing is seen. It is for Ask.
func RecipientBy(query string, arg any) Scope {
	return Scope{query: `select set_config('mandat.recipient', coalesce((` + query + `), ''), true)`, arg: arg}
}

// Asked is the scope of a batch whose first query sets it, with set_config('mandat.org', …, true), and answers as well. Before
// that nothing is seen. It is for Ask.
func Asked() Scope { return Scope{} }

// System is the scope of what serves no one organisation: token and userinfo, jobs, the integrator, sign-in.
func System() Scope {
	return Scope{query: `select set_config('mandat.system', 'on', true)`, set: "set local mandat.system = 'on'"}
}

// Nothing is the scope in which no organisation-owned row is seen.
func Nothing() Scope {
	return Scope{query: `select set_config('mandat.org', '', true)`, set: "set local mandat.org = ''"}
}

// Mode says how a transaction begins and commits.
type Mode int

// The modes. Soon commits without waiting for the disk: only for steps whose loss costs a click.
const (
	ReadOnly Mode = iota
	Durable
	Soon
)

// queue sends the scope and the mode with a batch.
func (s Scope) queue(b *pgx.Batch, m Mode) {
	if s.query == "" && m == ReadOnly {
		return
	}
	query := s.query
	if m == Soon {
		query += `, set_config('synchronous_commit', 'off', true)`
	}
	if s.arg == nil {
		b.Queue(query)
		return
	}
	b.Queue(query, s.arg)
}

// Read runs f in a read-only transaction that sees one snapshot per statement.
func (d *DB) Read(ctx context.Context, s Scope, f func(pgx.Tx) error) error {
	return d.read(ctx, "begin read only", s, f)
}

// Snapshot is Read whose statements all see the database as it was at one instant.
func (d *DB) Snapshot(ctx context.Context, s Scope, f func(pgx.Tx) error) error {
	return d.read(ctx, "begin isolation level repeatable read read only", s, f)
}

func (d *DB) read(ctx context.Context, begin string, s Scope, f func(pgx.Tx) error) error {
	if s.set == "" {
		return errors.New("read: a scope that is set by a query goes with Ask and Pipeline only")
	}
	return pgx.BeginTxFunc(ctx, d.pool, pgx.TxOptions{BeginQuery: begin + "; " + s.set}, f)
}

// Write runs f in a transaction that may change rows, and commits what f did together with what it queued. It is for
// what is not an act (sessions, logins under way); acts go through journal.Record.
func (d *DB) Write(ctx context.Context, s Scope, m Mode, f func(*Tx) error) error {
	return d.WriteAfter(ctx, s, m, nil, f)
}

// WriteAfter is Write whose first statements are known beforehand: they travel with BEGIN in one round trip. Their
// results go to the callbacks of first (see pgx.QueuedQuery) before f runs.
func (d *DB) WriteAfter(ctx context.Context, s Scope, m Mode, first *pgx.Batch, f func(*Tx) error) error {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquire connection: %w", err)
	}
	defer conn.Release()
	tx, err := begin(ctx, conn.Conn(), s, m, first)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, rollback(ctx, conn.Conn()))
	}
	return tx.commit(ctx)
}

// Ask runs queries in one round trip; callbacks of the batch read the results. Statements sent together are one transaction
// without BEGIN and COMMIT, read-only as every transaction of ours that does not ask for more: half the statements of a
// Pipeline with one query.
func (d *DB) Ask(ctx context.Context, s Scope, b *pgx.Batch) error {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquire connection: %w", err)
	}
	defer conn.Release()
	out := &pgx.Batch{}
	s.queue(out, ReadOnly)
	out.QueuedQueries = append(out.QueuedQueries, b.QueuedQueries...)
	return conn.SendBatch(ctx, out).Close()
}

// Pipeline runs a whole transaction in one round trip: BEGIN, scope, the batch and COMMIT. Callbacks of the batch read
// the results; they cannot prevent the commit, so each changing statement carries its own guard.
func (d *DB) Pipeline(ctx context.Context, s Scope, m Mode, b *pgx.Batch) error {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquire connection: %w", err)
	}
	defer conn.Release()
	tx := &Tx{conn: conn.Conn()}
	tx.queued = *opening(s, m, b)
	return tx.commit(ctx)
}

func rollback(ctx context.Context, conn *pgx.Conn) error {
	if conn.IsClosed() || conn.PgConn().TxStatus() == 'I' {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := conn.Exec(ctx, "rollback"); err != nil {
		_ = conn.Close(ctx) // a connection in an unknown state is never given back
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

// Unique reports whether err is a unique violation of the named index (SQLSTATE 23505); "" is any index.
func Unique(err error, index string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && (index == "" || pg.ConstraintName == index)
}
