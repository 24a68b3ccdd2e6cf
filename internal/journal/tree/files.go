package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// Files shows the log as the files of an export that nobody has written: each is read from the database when it is opened, and entries as they
// are asked for. So a log can be verified in place with as little memory as an export. There is no list of the files, as there
// is no time at which all of them were there.
type Files struct {
	e   *exporter
	ctx context.Context // a file system has none to be asked with
}

// OpenFiles shows the log as far as its checkpoint, for as long as ctx lives. auditor is the auditors' login; keys are the log's.
func OpenFiles(ctx context.Context, auditor *db.DB, keys *format.Keys) (*Files, error) {
	l, err := OpenLog(auditor, keys, "")
	if err != nil {
		return nil, err
	}
	signed, err := l.Checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	head, err := format.OpenCheckpoint(signed, keys)
	if err != nil {
		return nil, err
	}
	e := &exporter{db: auditor, log: l, head: head, end: head.Size, whole: true, want: Wanted{Request: format.Request{Form: format.FormJSON}}}
	e.signed = signed
	return &Files{e: e, ctx: ctx}, nil
}

// Size is how many entries the checkpoint covers.
func (f *Files) Size() int64 { return f.e.head.Size }

// Later are the texts of entries behind the checkpoint that say which others were forgotten: of those that the files lack already.
func (f *Files) Later(ctx context.Context) ([][]byte, error) {
	return accountsBehind(ctx, f.e.db, f.e.head.Size)
}

func accountsBehind(ctx context.Context, auditor *db.DB, size int64) (bodies [][]byte, err error) {
	err = auditor.Read(ctx, db.System(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select convert_to(e.body, 'UTF8') from journal_entry e left join journal_leaf l on l.entry_id = e.id where e.action = any ($1) and (l.index is null or l.index >= $2)`,
			format.Accounts, size)
		if err != nil {
			return err
		}
		bodies, err = pgx.CollectRows(rows, pgx.RowTo[[]byte])
		return err
	})
	return bodies, err
}

// Open opens a file.
func (f *Files) Open(name string) (fs.File, error) {
	switch name {
	case format.CheckpointName:
		return whole(f.e.signed), nil
	case format.RequestName:
		return whole(f.e.want.Text()), nil
	}
	if strings.HasPrefix(name, "tile/") {
		return f.tile(name)
	}
	for pattern, open := range map[string]func(first, end int64) (fs.File, error){f.e.want.Form.Pattern(): f.entries, format.HashesName: f.hashes, format.CheckpointsName: f.checkpoints} {
		var n int64
		if _, err := fmt.Sscanf(name, pattern, &n); err == nil && fmt.Sprintf(pattern, n) == name && n >= 0 && n*format.FileEntries < f.e.end {
			return open(n*format.FileEntries, min((n+1)*format.FileEntries, f.e.end))
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (f *Files) tile(name string) (fs.File, error) {
	path, err := format.ParseTilePath(name)
	if err != nil || path.Level < 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	hashes, err := f.e.log.tile(f.ctx, path)
	if errors.Is(err, db.ErrNotFound) {
		err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return whole(hashes), err
}

func (f *Files) hashes(first, end int64) (fs.File, error) {
	return f.read(func(tx pgx.Tx) ([]byte, error) { return leafHashes(f.ctx, tx, first, end, nil) })
}

func (f *Files) checkpoints(first, end int64) (fs.File, error) {
	return f.read(func(tx pgx.Tx) ([]byte, error) { return cosigned(f.ctx, tx, first, end) })
}

func (f *Files) read(get func(pgx.Tx) ([]byte, error)) (fs.File, error) {
	var b []byte
	err := f.e.db.Read(f.ctx, db.System(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(f.ctx, alongIndexes); err != nil {
			return err
		}
		var err error
		b, err = get(tx)
		return err
	})
	return whole(b), err
}

// entries writes lines into one end of a pipe while the other is read.
func (f *Files) entries(first, end int64) (fs.File, error) {
	from, to := io.Pipe()
	go func() {
		l := &lines{form: f.e.want.Form}
		err := f.e.db.Read(f.ctx, db.System(), func(tx pgx.Tx) error {
			if _, err := tx.Exec(f.ctx, alongIndexes); err != nil {
				return err
			}
			for at := first; at < end; at += exportChunk {
				if err := l.write(f.ctx, tx, at, min(at+exportChunk, end), to); err != nil {
					return err
				}
			}
			return nil
		})
		_ = to.CloseWithError(err) // without an error it says io.EOF
	}()
	return &made{Reader: from, close: from.Close}, nil
}

// made is a file that is not on a disk.
type made struct {
	io.Reader
	close func() error
}

func whole(b []byte) fs.File {
	return &made{strings.NewReader(string(b)), func() error { return nil }}
}

// Stat describes nothing: there is nothing to describe.
func (m *made) Stat() (fs.FileInfo, error) { return unknown{}, nil }

// Close ends the reading.
func (m *made) Close() error { return m.close() }

// unknown describes a file of which nothing is known before it is read.
type unknown struct{}

func (unknown) Name() string       { return "" }
func (unknown) Size() int64        { return 0 }
func (unknown) Mode() fs.FileMode  { return 0o400 }
func (unknown) ModTime() time.Time { return time.Time{} }
func (unknown) IsDir() bool        { return false }
func (unknown) Sys() any           { return nil }
