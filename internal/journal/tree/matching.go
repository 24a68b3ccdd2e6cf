package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// matching writes the lines of those entries of the leaves from first to before end that fit a filter. It returns the tiles of leaves in which
// they stand, and how many there are. Those that were forgotten fit none: nothing is known of them.
func (l *lines) matching(ctx context.Context, tx pgx.Tx, filter format.Filter, first, end int64, to io.Writer) (tiles []int64, count int64, err error) {
	var lowest, highest int64
	if err := tx.QueryRow(ctx, `select coalesce(min(entry_id), 0), coalesce(max(entry_id), -1) from journal_leaf where index >= $1 and index < $2`, first, end).Scan(&lowest, &highest); err != nil {
		return nil, 0, err
	}
	where, args, err := conditions(filter, []any{lowest, highest, first, end})
	if err != nil {
		return nil, 0, err
	}
	rows, err := tx.Query(ctx, `select l.index, l.commitment, e.salt, e.body from journal_entry e join journal_leaf l on l.entry_id = e.id
		where e.id >= $1 and e.id <= $2 and l.index >= $3 and l.index < $4`+where, args...)
	if err != nil {
		return nil, 0, err
	}
	type place struct {
		index      int64
		start, end int
	}
	var found []place
	var index int64
	var commitment, salt, body pgtype.DriverBytes
	l.out = l.out[:0]
	if _, err = pgx.ForEachRow(rows, []any{&index, &commitment, &salt, &body}, func() error {
		start := len(l.out)
		l.out = l.form.Append(l.out, index, commitment, salt, body)
		found = append(found, place{index, start, len(l.out)})
		return nil
	}); err != nil {
		return nil, 0, err
	}
	slices.SortFunc(found, func(a, b place) int { return int(a.index - b.index) })
	for _, p := range found {
		if _, err := to.Write(l.out[p.start:p.end]); err != nil {
			return nil, 0, err
		}
		if tile := p.index / format.TileWidth; len(tiles) == 0 || tiles[len(tiles)-1] != tile {
			tiles = append(tiles, tile)
		}
	}
	l.out = l.out[:0]
	return tiles, int64(len(found)), nil
}

// ErrFilter says that a filter names something that is no id.
var ErrFilter = errors.New("an organisation, a person, a citizen and a mandate are named by their ids")

// conditions are those of a filter, behind arguments that are there already.
func conditions(f format.Filter, args []any) (string, []any, error) {
	var where strings.Builder
	for _, c := range []struct{ column, value string }{{"organisation_id", f.Organisation}, {"person_id", f.Person}, {"citizen_id", f.Citizen}, {"mandate_id", f.Mandate}} {
		if c.value == "" {
			continue
		}
		id, err := uuid.Parse(c.value)
		if err != nil {
			return "", nil, ErrFilter
		}
		args = append(args, id)
		fmt.Fprintf(&where, " and e.%s = $%d", c.column, len(args))
	}
	if f.Action != "" {
		args = append(args, f.Action)
		fmt.Fprintf(&where, " and e.action = $%d", len(args))
	}
	return where.String(), args, nil
}

// ErrNone says that no entry is of the time, or has the index, that was asked for.
var ErrNone = errors.New("the journal has no such entries")

// Resolve turns the times of a request into indexes: of the first entry of then or later. Acts stand in the order in which they were
// committed, so that near that time one may have begun a little earlier than the one before it. auditor is the auditors' login.
func Resolve(ctx context.Context, auditor *db.DB, r format.Request) (format.Request, error) {
	var err error
	if r.Since != "" {
		if r.From, err = indexAt(ctx, auditor, r.Since); err != nil {
			return r, err
		}
	}
	if r.Until == "" {
		return r, nil
	}
	if r.To, err = indexAt(ctx, auditor, r.Until); err == nil && r.To <= r.From {
		err = fmt.Errorf("%w: none is of then, before %s", ErrNone, r.Until)
	}
	return r, err
}

// indexAt finds the place of a time by halving: what lies before it is mostly earlier.
func indexAt(ctx context.Context, auditor *db.DB, text string) (int64, error) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a time like 2026-11-21T10:00:00Z", text)
	}
	var low, high int64
	err = auditor.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, alongIndexes); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `select size from journal_tree`).Scan(&high); err != nil {
			return err
		}
		for low < high {
			middle := low + (high-low)/2
			var index int64
			var when time.Time
			err := tx.QueryRow(ctx, `select l.index, e.at from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index >= $1 and l.index < $2 order by l.index limit 1`, middle, high).Scan(&index, &when)
			switch {
			case errors.Is(err, pgx.ErrNoRows): // forgotten, all of them
				high = middle
			case err != nil:
				return err
			case when.Before(at):
				low = index + 1
			default:
				high = middle
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("find the entries of %s: %w", text, err)
	}
	return low, nil
}
