package db_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/fixture"
)

func TestOrNull(t *testing.T) {
	t.Parallel()
	if db.OrNull("") != nil || db.OrNull(uuid.Nil) != nil {
		t.Error("a zero value is not null")
	}
	id := uuid.New()
	if *db.OrNull("x") != "x" || *db.OrNull(id) != id {
		t.Error("a value became another one")
	}
	if db.OrZero[uuid.UUID](nil) != uuid.Nil || db.OrZero(&id) != id {
		t.Error("a column became another value")
	}
}

func TestFound(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	if err := db.Found("look", broken); !errors.Is(err, broken) || err.Error() != "look: broken" {
		t.Error(err)
	}
	if err := db.Found("look", fmt.Errorf("x: %w", pgx.ErrNoRows)); !errors.Is(err, db.ErrNotFound) {
		t.Error(err)
	}
	if err := db.Found("look", nil); err != nil {
		t.Error(err)
	}
}

func TestExecOne(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	for sql, want := range map[string]error{
		`insert into throttle (key, tat) select sha256('1'), now()`:                                         nil,
		`insert into throttle (key, tat) select sha256('2'), now() where false`:                             db.ErrConflict,
		`insert into throttle (key, tat) select sha256(n::text::bytea), now() from generate_series(3, 4) n`: db.ErrConflict,
	} {
		err := w.DB.Write(t.Context(), db.Nothing(), db.Durable, func(tx *db.Tx) error { return tx.ExecOne(t.Context(), db.ErrConflict, sql) })
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", sql, err, want)
		}
	}
}
