package tree

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/klauspost/compress/zstd"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// file is what is put for 65,536 entries of the log.
type file struct {
	entries     bytes.Buffer
	hashes      []byte
	checkpoints []byte
	tiles       []int64 // of leaves, in which the entries stand, in order; of a whole export: nil
	count       int64
}

// file writes the entries from first to before end, which stand in one file, the tree's hashes of them, and the checkpoints kept while they
// were added. The entries come last: when they are there, all is.
func (e *exporter) file(ctx context.Context, n, first, end int64) error {
	name := e.want.Form.Name(n)
	if e.resumed {
		if done, err := e.passed(n, name); done || err != nil {
			return err
		}
	}
	err := e.db.Read(ctx, db.System(), func(tx pgx.Tx) error { return e.read(ctx, tx, n, first, end) })
	if err != nil {
		return err
	}
	if e.out.count == 0 {
		return nil // a filter found nothing
	}
	if err := e.put(fmt.Sprintf(format.HashesName, n), e.out.hashes); err != nil {
		return err
	}
	if err := errors.Join(e.keeps(e.out.checkpoints), e.put(fmt.Sprintf(format.CheckpointsName, n), e.out.checkpoints)); err != nil {
		return err
	}
	if err := e.tile(ctx, 1, n); err != nil {
		return err
	}
	e.count += e.out.count
	return e.put(name, e.out.entries.Bytes())
}

// passed says whether an interrupted export has put a file and what belongs to it.
func (e *exporter) passed(n int64, name string) (bool, error) {
	content, err := e.kept(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	lines, err := countLines(content, e.want.Form)
	if err != nil {
		return false, err
	}
	e.count += lines
	all := []string{name, fmt.Sprintf(format.HashesName, n), fmt.Sprintf(format.CheckpointsName, n)}
	if t := e.tilePath(1, n); t.Width > 0 {
		all = append(all, t.String())
	}
	for _, name := range all {
		content, err := e.kept(name)
		if err != nil {
			return false, err
		}
		e.sums[name] = sha256.Sum256(content)
		if name == fmt.Sprintf(format.CheckpointsName, n) {
			if err := e.keeps(content); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// countLines counts the lines of a file of entries.
func countLines(content []byte, form format.Form) (int64, error) {
	if !form.Zipped() {
		return int64(bytes.Count(content, []byte{'\n'})), nil
	}
	zip, err := zstd.NewReader(bytes.NewReader(content), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(format.MaxWindow))
	if err != nil {
		return 0, err
	}
	defer zip.Close()
	var lines int64
	for chunk := make([]byte, 64<<10); ; {
		n, err := zip.Read(chunk)
		lines += int64(bytes.Count(chunk[:n], []byte{'\n'}))
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// read reads what is put for a file.
func (e *exporter) read(ctx context.Context, tx pgx.Tx, n, first, end int64) error {
	e.out.entries.Reset()
	e.out.tiles, e.out.count = nil, end-first
	if _, err := tx.Exec(ctx, alongIndexes); err != nil {
		return err
	}
	to, done, err := e.writer()
	if err != nil {
		return err
	}
	if e.want.Filter == (format.Filter{}) {
		for at := first; at < end && err == nil; at += exportChunk {
			err = e.lines.write(ctx, tx, at, min(at+exportChunk, end), to)
		}
		for tile := first / format.TileWidth; !e.whole && tile*format.TileWidth < end; tile++ {
			e.out.tiles = append(e.out.tiles, tile)
		}
	} else {
		e.out.tiles, e.out.count, err = e.lines.matching(ctx, tx, e.want.Filter, first, end, to)
	}
	if err != nil || e.out.count == 0 {
		return err
	}
	if err := done(); err != nil {
		return err
	}
	from, upTo := n*format.FileEntries, min((n+1)*format.FileEntries, e.head.Size)
	if e.out.hashes, err = leafHashes(ctx, tx, from, upTo, e.out.tiles); err != nil {
		return err
	}
	if e.whole {
		e.out.checkpoints, err = cosigned(ctx, tx, from, upTo)
		return err
	}
	e.out.checkpoints, err = cosignedIn(ctx, tx, from, upTo, e.out.tiles)
	return err
}

// writer is where lines are written, compressed if that is asked for; done ends the file.
func (e *exporter) writer() (to io.Writer, done func() error, err error) {
	if !e.want.Form.Zipped() {
		return &e.out.entries, func() error { return nil }, nil
	}
	if e.zip == nil {
		if e.zip, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(format.ExportWindow)); err != nil {
			return nil, nil, err
		}
	}
	e.zip.Reset(&e.out.entries)
	return e.zip, e.zip.Close, nil
}

// leafHashes returns the tree's own hashes of the leaves from first to before end, as the tiles of level 0 hold them: of some tiles, or with
// nil of all, one after the other.
func leafHashes(ctx context.Context, tx pgx.Tx, first, end int64, tiles []int64) ([]byte, error) {
	where, args := `index >= $1 and index < $2`, []any{first / format.TileWidth, (end + format.TileWidth - 1) / format.TileWidth}
	if tiles != nil {
		where, args = `index = any ($1)`, []any{tiles}
	}
	rows, err := tx.Query(ctx, `select index, hashes from journal_tile where level = 0 and `+where+` order by index`, args...)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, (end-first+format.TileWidth)*int64(len(format.Hash{})))
	var index int64
	var tile pgtype.DriverBytes
	_, err = pgx.ForEachRow(rows, []any{&index, &tile}, func() error {
		width := min(format.TileWidth, end-index*format.TileWidth)
		out = append(out, tile[:min(int64(len(tile)), width*int64(len(format.Hash{})))]...)
		return nil
	})
	return out, err
}

// cosignedIn returns, as cosigned does, the kept checkpoints of trees whose last entry stands in one of the tiles.
func cosignedIn(ctx context.Context, tx pgx.Tx, first, end int64, tiles []int64) ([]byte, error) {
	rows, err := tx.Query(ctx, `select c.size, `+cosignedNote+` from journal_checkpoint c where c.size > $1 and c.size <= $2 order by c.size`, first, end)
	if err != nil {
		return nil, err
	}
	var out []byte
	var size int64
	var note string
	_, err = pgx.ForEachRow(rows, []any{&size, &note}, func() error {
		if _, in := slices.BinarySearch(tiles, (size-1)/format.TileWidth); in {
			out = append(append(out, note...), '\n')
		}
		return nil
	})
	return out, err
}

// tilePath is the path of a tile of the log as the export's checkpoint has it. One without hashes has the width 0.
func (e *exporter) tilePath(level int, index int64) format.TilePath {
	width := e.head.Size>>(8*level) - index*format.TileWidth
	return format.TilePath{Level: level, Index: index, Width: int(max(0, min(format.TileWidth, width)))}
}

// tile puts a tile of the tree, if it has hashes.
func (e *exporter) tile(ctx context.Context, level int, index int64) error {
	path := e.tilePath(level, index)
	if path.Width == 0 {
		return nil
	}
	if _, done := e.sums[path.String()]; done {
		return nil
	}
	hashes, err := e.log.tile(ctx, path)
	if errors.Is(err, db.ErrNotFound) {
		hashes, err = nil, nil // whoever checks the export names it
	}
	if err != nil {
		return err
	}
	return e.put(path.String(), hashes)
}

// spine puts the tiles that lead from those of the files to the root. Of the whole log the leaves give all others, and these show that the log's
// own are right; of a part, they give the root.
func (e *exporter) spine(ctx context.Context) error {
	for level := 2; e.head.Size>>(8*level) > 0; level++ {
		for index := int64(0); index*format.TileWidth < e.head.Size>>(8*level); index++ {
			if err := e.tile(ctx, level, index); err != nil {
				return err
			}
		}
	}
	if e.whole {
		return nil
	}
	for level := range 2 {
		if e.head.Size>>(8*level)%format.TileWidth == 0 {
			continue
		}
		if err := e.tile(ctx, level, e.head.Size>>(8*level)/format.TileWidth); err != nil {
			return err
		}
	}
	return nil
}
