package signingkey_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/signingkey"
	"mandat/internal/wrapping"
)

// sealed is what a column has under some keys, after an id.
func sealed(t *testing.T, p *place, c wrapping.Column, after string, prefixes ...[]byte) (kids []string, values [][]byte) {
	t.Helper()
	must(t, p.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), c.Read, after, prefixes, nil)
		if err != nil {
			return err
		}
		var kid, purpose string
		var value []byte
		_, err = pgx.ForEachRow(rows, []any{&kid, &purpose, &value}, func() error {
			if now, err := c.Rewrap(p.Keys, purpose, value); err != nil || len(now) != len(value) {
				t.Errorf("%s does not open: %v", purpose, err)
			}
			kids, values = append(kids, kid), append(values, slices.Clone(value))
			return nil
		})
		return err
	}))
	return kids, values
}

// What is sealed of the keys is found by what sealed it, in order, and replaced only where it still stands.
func TestWrapped(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	own := p.Keys.Prefix()
	for _, c := range signingkey.Wrapped() {
		kids, values := sealed(t, p, c, "", own[:])
		if len(kids) != 8 || !slices.IsSorted(kids) {
			t.Fatalf("found %v", kids)
		}
		if rest, _ := sealed(t, p, c, kids[2], own[:]); !slices.Equal(rest, kids[3:]) {
			t.Errorf("after %s: %v", kids[2], rest)
		}
		if others, _ := sealed(t, p, c, "", []byte{1, 2, 3, 4, 5}); len(others) != 0 {
			t.Errorf("under another key: %v", others)
		}
		undone := errors.New("undone")
		err := p.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
			for _, was := range []int{1, 0} { // another row's, then its own
				tag, err := tx.Exec(t.Context(), c.Write, kids[:1], values[was:was+1], values[2:3])
				if err != nil {
					return err
				}
				if tag.RowsAffected() != int64(1-was) {
					t.Errorf("wrote over %d rows", tag.RowsAffected())
				}
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
	}
}
