package db_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/dbtest"
)

// Ids go there and back alone, absent, in lists, as text, and compare with what PostgreSQL itself reads.
func TestUUID_ThereAndBack(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	id, other := uuid.New(), uuid.New()
	var missing *uuid.UUID
	var got, fromText uuid.UUID
	var absent, present *uuid.UUID
	var list []uuid.UUID
	var text string
	err := d.DB.Read(t.Context(), db.Nothing(), func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `select $1::uuid, $2::uuid, $3::uuid, $4::uuid[], $1::uuid::text, $5::text::uuid`, id, missing, &other, []uuid.UUID{id, other}, other.String()).
			Scan(&got, &absent, &present, &list, &text, &fromText)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got != id || absent != nil || present == nil || *present != other || text != id.String() || fromText != other || !cmp.Equal(list, []uuid.UUID{id, other}) {
		t.Error(got, absent, present, list, text, fromText)
	}
}

// A plan is kept as long as its connection: it must suit tables that have grown since.
func TestOpen_PlansForTablesThatGrow(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	got := map[string]string{}
	err := d.DB.Read(t.Context(), db.Nothing(), func(tx pgx.Tx) error {
		for _, name := range []string{"enable_seqscan", "plan_cache_mode", "jit"} {
			var value string
			if err := tx.QueryRow(t.Context(), `select current_setting($1)`, name).Scan(&value); err != nil {
				return err
			}
			got[name] = value
		}
		return nil
	})
	if d := cmp.Diff(map[string]string{"enable_seqscan": "off", "plan_cache_mode": "force_generic_plan", "jit": "off"}, got); d != "" || err != nil {
		t.Error(d, err)
	}
}
