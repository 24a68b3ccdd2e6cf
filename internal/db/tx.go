package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Tx is a transaction that may change rows. Only this package makes one.
type Tx struct {
	conn   *pgx.Conn
	queued pgx.Batch
}

// Exec runs a statement now.
func (t *Tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return t.conn.Exec(ctx, sql, args...)
}

// ExecOne runs a statement now that has to change one row, and returns otherwise when it did not.
func (t *Tx) ExecOne(ctx context.Context, otherwise error, sql string, args ...any) error {
	tag, err := t.conn.Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() != 1 {
		return otherwise
	}
	return err
}

// Query runs a query now.
func (t *Tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return t.conn.Query(ctx, sql, args...)
}

// QueryRow runs a query of one row now.
func (t *Tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return t.conn.QueryRow(ctx, sql, args...)
}

// SendBatch runs several statements in one round trip now.
func (t *Tx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.conn.SendBatch(ctx, b)
}

// CopyFrom copies rows into a table now.
func (t *Tx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return t.conn.CopyFrom(ctx, table, columns, rows)
}

// Queue sends a statement later, in order, in the round trip of the commit. Use it for changes whose rows the act has
// locked and looked at: an error undoes the act, a count of rows cannot be asked.
func (t *Tx) Queue(sql string, args ...any) { t.queued.Queue(sql, args...) }

// QueueOne is Queue for an insert that must add one row. When it did not (a trigger of somebody else's swallowed it), the
// commit is an error, although what else was queued may stand.
func (t *Tx) QueueOne(sql string, args ...any) {
	t.queued.Queue(sql, args...).Exec(func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() != 1 {
			return fmt.Errorf("added %d rows instead of one", tag.RowsAffected())
		}
		return nil
	})
}

// opening returns BEGIN and the scope, followed by what b holds.
func opening(s Scope, m Mode, b *pgx.Batch) *pgx.Batch {
	out := &pgx.Batch{}
	if m == ReadOnly {
		out.Queue("begin read only")
	} else {
		out.Queue("begin read write")
	}
	s.queue(out, m)
	if b != nil {
		out.QueuedQueries = append(out.QueuedQueries, b.QueuedQueries...)
	}
	return out
}

func begin(ctx context.Context, conn *pgx.Conn, s Scope, m Mode, first *pgx.Batch) (*Tx, error) {
	if err := conn.SendBatch(ctx, opening(s, m, first)).Close(); err != nil {
		return nil, errors.Join(fmt.Errorf("begin: %w", err), rollback(ctx, conn))
	}
	return &Tx{conn: conn}, nil
}

// commit sends what is queued and COMMIT, and is content only with the answer "COMMIT": PostgreSQL answers COMMIT of a
// failed transaction with "ROLLBACK", and no error.
func (t *Tx) commit(ctx context.Context) error {
	var answer string
	t.queued.Queue("commit").Exec(func(tag pgconn.CommandTag) error {
		answer = tag.String()
		return nil
	})
	if err := t.conn.SendBatch(ctx, &t.queued).Close(); err != nil {
		return errors.Join(fmt.Errorf("commit: %w", err), rollback(ctx, t.conn))
	}
	if answer != "COMMIT" {
		return fmt.Errorf("commit: the database answered %q", answer)
	}
	return nil
}
