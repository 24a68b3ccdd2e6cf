package tree

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/klauspost/compress/zstd"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// Export writes the whole log, as far as its latest checkpoint, as files that package verify checks without a database. auditor
// is the auditors' login; keys are the log's. Each file of 65,536 entries is a transaction of its own, so
// that neither memory nor the database's clean-up suffer from a long log. It returns the checkpoint.
func Export(ctx context.Context, auditor *db.DB, keys *format.Keys, w Sink) (format.Checkpoint, error) {
	l, err := OpenLog(auditor, keys, "")
	if err != nil {
		return format.Checkpoint{}, err
	}
	signed, err := l.Checkpoint(ctx)
	if err != nil {
		return format.Checkpoint{}, fmt.Errorf("export: %w", err)
	}
	c, err := format.OpenCheckpoint(signed, l.logs)
	if err != nil {
		return format.Checkpoint{}, fmt.Errorf("export: %w", err)
	}
	e := &exporter{db: auditor, size: c.Size, sink: w}
	var stated strings.Builder
	for _, k := range keys.All() {
		stated.WriteString(k.Text() + "\n")
	}
	for name, content := range map[string][]byte{format.ReadmeName: []byte(exportReadme), format.KeyName: []byte(stated.String()), format.CheckpointName: signed} {
		if err := w.Put(name, content); err != nil {
			return format.Checkpoint{}, fmt.Errorf("export: %s: %w", name, err)
		}
	}
	for n := int64(0); n*format.FileEntries < c.Size; n++ {
		if err := e.file(ctx, n); err != nil {
			return format.Checkpoint{}, fmt.Errorf("export: entries from %d: %w", n*format.FileEntries, err)
		}
	}
	return c, nil
}

type exporter struct {
	db    *db.DB
	size  int64
	sink  Sink
	zip   *zstd.Encoder
	lines lines
	out   bytes.Buffer
}

// file writes the entries of one file, the tree's hashes of them, and the checkpoints kept while they were added.
func (e *exporter) file(ctx context.Context, n int64) error {
	first := n * format.FileEntries
	end := min(first+format.FileEntries, e.size)
	var hashes, checkpoints []byte
	err := e.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := e.entries(ctx, tx, first, end); err != nil {
			return err
		}
		var err error
		if hashes, err = leafHashes(ctx, tx, first, end); err != nil {
			return err
		}
		checkpoints, err = keptCheckpoints(ctx, tx, first, end)
		return err
	})
	if err != nil {
		return err
	}
	if err := e.sink.Put(fmt.Sprintf(format.EntriesName, n), e.out.Bytes()); err != nil {
		return err
	}
	if err := e.sink.Put(fmt.Sprintf(format.HashesName, n), hashes); err != nil {
		return err
	}
	return e.sink.Put(fmt.Sprintf(format.CheckpointsName, n), checkpoints)
}

// entries compresses the lines of entries into e.out.
func (e *exporter) entries(ctx context.Context, tx pgx.Tx, first, end int64) error {
	e.out.Reset()
	if e.zip == nil {
		var err error
		if e.zip, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(format.ExportWindow)); err != nil {
			return err
		}
	}
	e.zip.Reset(&e.out)
	if _, err := tx.Exec(ctx, alongIndexes); err != nil {
		return err
	}
	for ; first < end; first += exportChunk {
		if err := e.lines.write(ctx, tx, first, min(first+exportChunk, end), e.zip); err != nil {
			return err
		}
	}
	return e.zip.Close()
}

// leafHashes returns the tree's own hashes of leaves: the tiles of level 0, one after the other.
func leafHashes(ctx context.Context, tx pgx.Tx, first, end int64) ([]byte, error) {
	rows, err := tx.Query(ctx, `select hashes from journal_tile where level = 0 and index >= $1 and index < $2 order by index`,
		first/format.TileWidth, (end+format.TileWidth-1)/format.TileWidth)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, (end-first+format.TileWidth)*int64(len(format.Hash{})))
	var tile pgtype.DriverBytes
	if _, err := pgx.ForEachRow(rows, []any{&tile}, func() error { out = append(out, tile...); return nil }); err != nil {
		return nil, err
	}
	return out[:min(int64(len(out)), (end-first)*int64(len(format.Hash{})))], nil
}

func keptCheckpoints(ctx context.Context, tx pgx.Tx, first, end int64) ([]byte, error) {
	rows, err := tx.Query(ctx, `select note from journal_checkpoint where size > $1 and size <= $2 order by size`, first, end)
	if err != nil {
		return nil, err
	}
	var out []byte
	var signed string
	_, err = pgx.ForEachRow(rows, []any{&signed}, func() error { out = append(append(out, signed...), '\n'); return nil })
	return out, err
}
