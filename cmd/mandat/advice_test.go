package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// What an administrator is told to do follows the kind of the error, wherever it comes from.
func TestAdvice(t *testing.T) {
	t.Parallel()
	_, refused := pgconn.Connect(t.Context(), "postgres://x@127.0.0.1:1/y?sslmode=disable")
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"nobody there":  {fmt.Errorf("open: %w", refused), "Is PostgreSQL up"},
		"wrong secret":  {&pgconn.PgError{Code: "28P01"}, "password"},
		"no database":   {&pgconn.PgError{Code: "3D000"}, "admin roles"},
		"not migrated":  {fmt.Errorf("add: %w", &pgconn.PgError{Code: "42P01"}), "mandat migrate"},
		"no right":      {&pgconn.PgError{Code: "42501"}, "mandat_owner"},
		"only reading":  {&pgconn.PgError{Code: "25006"}, "standby"},
		"something new": {&pgconn.PgError{Code: "XX000"}, ""},
		"not the base":  {errors.New("x"), ""},
	} {
		if got := advice(c.err); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
