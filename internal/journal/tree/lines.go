package tree

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"mandat/internal/journal/format"
)

// exportChunk is the number of leaves that are asked for at a time.
const exportChunk = 16384

// strayFactor is how much wider than a chunk its range of ids may be before the entries are asked for one by one. Ids of
// leaves that follow each other follow each other, but for a few; only somebody who changed the table can make a chunk
// span all of it.
const strayFactor = 16

// lines writes the lines of entries for one chunk of leaves after the other. It asks for leaves and entries apart and
// joins them here: a join in PostgreSQL looks every entry up by itself, which takes four times as long.
type lines struct {
	leaves []leaf         // by index
	byID   []int          // positions in leaves, by the ids of their entries
	next   int            // position of the line to be written
	early  map[int][]byte // lines that are read and not yet due, by position
	out    []byte
	to     io.Writer
	form   format.Form
}

type leaf struct {
	entry      int64
	commitment format.Hash
}

func (l *lines) write(ctx context.Context, tx pgx.Tx, first, end int64, to io.Writer) error {
	if err := l.readLeaves(ctx, tx, first, end); err != nil {
		return err
	}
	l.next, l.early, l.to = 0, map[int][]byte{}, to
	lowest, highest := l.leaves[l.byID[0]].entry, l.leaves[l.byID[len(l.byID)-1]].entry
	where, args := `id >= $1 and id <= $2`, []any{lowest, highest}
	if highest-lowest > strayFactor*exportChunk {
		ids := make([]int64, len(l.byID))
		for n, at := range l.byID {
			ids[n] = l.leaves[at].entry
		}
		where, args = `id = any($1)`, []any{ids}
	}
	rows, err := tx.Query(ctx, `select id, salt, body from journal_entry where `+where+` order by id`, args...)
	if err != nil {
		return err
	}
	var id int64
	var salt, body pgtype.DriverBytes // not copied
	rest := l.byID
	_, err = pgx.ForEachRow(rows, []any{&id, &salt, &body}, func() error {
		for len(rest) > 0 && l.leaves[rest[0]].entry < id {
			if err := l.line(first, rest[0], nil, nil); err != nil {
				return err
			}
			rest = rest[1:]
		}
		if len(rest) == 0 || l.leaves[rest[0]].entry != id {
			return nil // of another chunk, or not in the tree
		}
		at := rest[0]
		rest = rest[1:]
		return l.line(first, at, salt, body)
	})
	for ; err == nil && len(rest) > 0; rest = rest[1:] {
		err = l.line(first, rest[0], nil, nil)
	}
	if err == nil {
		err = l.flush(0)
	}
	return err
}

// readLeaves reads the leaves from first to before end.
func (l *lines) readLeaves(ctx context.Context, tx pgx.Tx, first, end int64) error {
	rows, err := tx.Query(ctx, `select index, entry_id, commitment from journal_leaf where index >= $1 and index < $2 order by index`, first, end)
	if err != nil {
		return err
	}
	l.leaves, l.byID = l.leaves[:0], l.byID[:0]
	var index, entry int64
	var commitment pgtype.DriverBytes
	_, err = pgx.ForEachRow(rows, []any{&index, &entry, &commitment}, func() error {
		if index != first+int64(len(l.leaves)) {
			return fmt.Errorf("%w: leaf %d is missing", ErrTree, first+int64(len(l.leaves)))
		}
		l.byID = append(l.byID, len(l.leaves))
		l.leaves = append(l.leaves, leaf{entry, format.Hash(commitment)})
		return nil
	})
	if err == nil && first+int64(len(l.leaves)) != end {
		err = fmt.Errorf("%w: leaf %d is missing", ErrTree, first+int64(len(l.leaves)))
	}
	slices.SortFunc(l.byID, func(a, b int) int { return cmp.Compare(l.leaves[a].entry, l.leaves[b].entry) })
	return err
}

// line writes the line of the leaf at a position, and those that waited for it; or keeps it until it is due.
func (l *lines) line(first int64, at int, salt, body []byte) error {
	index := first + int64(at)
	if at != l.next {
		l.early[at] = l.form.Append(nil, index, l.leaves[at].commitment[:], salt, body)
		return nil
	}
	l.out = l.form.Append(l.out, index, l.leaves[at].commitment[:], salt, body)
	for l.next++; len(l.early) > 0; l.next++ {
		waited, ok := l.early[l.next]
		if !ok {
			break
		}
		l.out = append(l.out, waited...)
		delete(l.early, l.next)
	}
	return l.flush(64 << 10)
}

// flush passes on what was written, if it is more than some bytes.
func (l *lines) flush(above int) error {
	if len(l.out) <= above {
		return nil
	}
	_, err := l.to.Write(l.out)
	l.out = l.out[:0]
	return err
}
