package db_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
	"mandat/internal/dbtest"
)

func TestDown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"nothing":              {nil, false},
		"no row":               {db.ErrNotFound, false},
		"a unique violation":   {&pgconn.PgError{Code: "23505"}, false},
		"a statement too long": {&pgconn.PgError{Code: "57014"}, false},
		"somebody went away":   {context.Canceled, false},
		"stopping":             {fmt.Errorf("commit: %w", &pgconn.PgError{Code: "57P01"}), true},
		"starting":             {&pgconn.PgError{Code: "57P03"}, true},
		"full":                 {errors.Join(&pgconn.PgError{Code: "53300"}, io.EOF), true},
		"gone in the middle":   {fmt.Errorf("read: %w", io.ErrUnexpectedEOF), true},
	} {
		if got := db.Down(c.err); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What the ways to the database say of a server that was killed, and of one that is not there.
func TestDown_WhenTheServerIsGone(t *testing.T) {
	t.Parallel()
	d := dbtest.NewDurable(t)
	ask := func() error {
		b := &pgx.Batch{}
		b.Queue("select 1")
		return d.DB.Ask(t.Context(), db.System(), b)
	}
	ways := map[string]func() error{
		"ask": ask,
		"read": func() error {
			return d.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), "select 1")
				return err
			})
		},
		"write": func() error {
			return d.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
				_, err := tx.Exec(t.Context(), "select 1")
				return err
			})
		},
		"pipeline": func() error { return d.DB.Pipeline(t.Context(), db.System(), db.Durable, &pgx.Batch{}) },
	}
	for name, way := range ways {
		if err := way(); err != nil {
			t.Fatalf("%s before: %v", name, err)
		}
	}
	inside := make(chan error)
	for range 2 { // two whose connection dies under them
		entered := make(chan struct{})
		go func() {
			inside <- d.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
				close(entered)
				_, err := tx.Exec(t.Context(), "select pg_sleep(60)")
				return err
			})
		}()
		<-entered
	}
	d.Cluster.Kill()
	for range 2 {
		if err := <-inside; !db.Down(err) {
			t.Errorf("in the middle: %v", err)
		}
	}
	for name, way := range ways {
		if err := way(); !db.Down(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := d.Cluster.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, way := range ways {
		for range 12 { // as many as there are connections that have died
			if err := way(); err != nil && !db.Down(err) {
				t.Errorf("%s, again: %v", name, err)
			}
		}
		if err := way(); err != nil {
			t.Errorf("%s, afterwards: %v", name, err)
		}
	}
}
