package receipt

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/receipt/format"
)

// Checked is what a receipt says, and what it is worth now.
type Checked struct {
	format.Receipt
	Standings []format.Standing // of its powers, in their order; never format.Unknown
}

// Standing reports whether any of it stands now.
func (c Checked) Standing() bool {
	for _, s := range c.Standings {
		if s == format.Stands {
			return true
		}
	}
	return false
}

// Check opens a receipt of ours that somebody shows, with blanks and line breaks around and within it, and says what it is worth now: by the tables, not
// by a list of some seconds ago. Nothing of it is kept. Errors: those of format.Open.
func (r *Register) Check(ctx context.Context, text string) (Checked, error) {
	keys, err := r.trusted()
	if err != nil {
		return Checked{}, err
	}
	out := Checked{}
	if out.Receipt, err = format.Open(strings.Join(strings.Fields(text), ""), keys); err != nil {
		return Checked{}, err
	}
	if out.Issuer != r.settings.Issuer() {
		return Checked{}, format.ErrKey
	}
	said, err := r.statusesOf(ctx, out.Places())
	if err != nil {
		return Checked{}, fmt.Errorf("check receipt: %w", err)
	}
	out.Standings = out.Judge(r.clock.Now(), func(p format.Place) (uint8, bool) {
		status, known := said[p]
		if !known {
			status = format.Invalid // a place that we never gave
		}
		return status, true
	})
	return out, nil
}

// statusesOf asks the tables what stands at places of our lists.
func (r *Register) statusesOf(ctx context.Context, asked []format.Place) (map[format.Place]uint8, error) {
	out := map[format.Place]uint8{}
	batch, now := &pgx.Batch{}, r.clock.Now()
	for _, p := range asked {
		number, ours := strings.CutPrefix(p.URI, r.settings.Issuer()+"/statuts/")
		list, err := strconv.Atoi(number)
		if !ours || err != nil {
			continue
		}
		batch.Queue(placesOf+`and s.idx = $3`+grouped, list, now, p.Index).Query(func(rows pgx.Rows) error {
			var idx int
			var status uint8
			_, err := pgx.ForEachRow(rows, []any{&idx, &status}, func() error {
				out[p] = status
				return nil
			})
			return err
		})
	}
	return out, r.db.Ask(ctx, db.System(), batch)
}
