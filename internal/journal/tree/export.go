package tree

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"mandat/internal/db"
	"mandat/internal/journal/format"
)

// Wanted says what an export is to hold. The zero Wanted is the whole log.
type Wanted struct {
	format.Request // Form "" is format.FormLines; Since and Until win over From and To

	Policy   string                // a policy file to be put into it; "" is one that trusts the log's keys, and asks for no witnesses
	Progress func(done, all int64) // entries that were passed of those to be passed, after each file; may be nil
}

// Exported is what an export holds.
type Exported struct {
	format.Checkpoint
	Lines   int64 // entries that stand in it
	Resumed bool  // an interrupted export was gone on with
	Late    bool  // entries were forgotten after its checkpoint: those of them that it lacks are named as gone by who checks it
}

// ErrExported says that a folder holds a finished export, or another one than the one that was asked for.
var ErrExported = errors.New("the folder holds a finished export, or another than this one")

// Export writes the whole log, as far as its latest checkpoint (the latest that is witnessed, when the keys ask for witnesses), as files that
// package verify checks without a database. auditor is the auditors' login; keys are the log's. It returns the checkpoint.
func Export(ctx context.Context, auditor *db.DB, keys *format.Keys, w Sink) (format.Checkpoint, error) {
	e, err := ExportWanted(ctx, auditor, keys, Wanted{}, w)
	return e.Checkpoint, err
}

// ExportWanted writes the log, or a part of it, as Export does. Each file of 65,536 entries is a transaction of its own, so that neither
// memory nor the database's clean-up suffer from a long log. A Sink that keeps what it was given (Folder) may be given to it again after an
// interruption: it goes on, with the checkpoint with which it began.
func ExportWanted(ctx context.Context, auditor *db.DB, keys *format.Keys, want Wanted, w Sink) (Exported, error) {
	if want.Form == "" {
		want.Form = format.FormLines
	}
	l, err := OpenLog(auditor, keys, "")
	if err != nil {
		return Exported{}, err
	}
	e := &exporter{db: auditor, log: l, sink: w, want: want, sums: map[string]format.Hash{}}
	e.lines.form = want.Form
	out, err := e.run(ctx, keys)
	if err != nil {
		return Exported{}, fmt.Errorf("export: %w", err)
	}
	return out, nil
}

type exporter struct {
	db     *db.DB
	log    *Log
	sink   Sink
	want   Wanted
	head   format.Checkpoint
	signed []byte // what head was read from
	from   int64  // of the entries asked for
	end    int64
	whole  bool

	sums    map[string]format.Hash
	keptAt  map[int64]bool // sizes of the trees whose checkpoints a part has
	resumed bool
	count   int64

	zip   *zstd.Encoder
	lines lines
	out   file
}

func (e *exporter) run(ctx context.Context, keys *format.Keys) (Exported, error) {
	if err := e.begin(ctx, keys); err != nil {
		return Exported{}, err
	}
	for n := e.from / format.FileEntries; n*format.FileEntries < e.end; n++ {
		first := max(n*format.FileEntries, e.from)
		end := min((n+1)*format.FileEntries, e.end)
		if err := e.file(ctx, n, first, end); err != nil {
			return Exported{}, fmt.Errorf("entries from %d: %w", first, err)
		}
		if e.want.Progress != nil {
			e.want.Progress(end-e.from, e.end-e.from)
		}
	}
	if err := e.spine(ctx); err != nil {
		return Exported{}, err
	}
	if err := e.stamps(ctx); err != nil {
		return Exported{}, err
	}
	late, err := accountsBehind(ctx, e.db, e.head.Size)
	if err != nil {
		return Exported{}, err
	}
	return Exported{Checkpoint: e.head, Lines: e.count, Resumed: e.resumed, Late: len(late) > 0}, e.finish()
}

// begin puts what says what the export is, or finds it when one was interrupted.
func (e *exporter) begin(ctx context.Context, keys *format.Keys) error {
	if k, ok := e.sink.(keeper); ok {
		if err := k.Tidy(); err != nil {
			return err
		}
	}
	if _, err := e.kept(format.SumsName); err == nil {
		return ErrExported
	}
	if err := e.request(ctx); err != nil {
		return err
	}
	signed, err := e.checkpoint(ctx)
	if err != nil {
		return err
	}
	if e.head, err = format.OpenCheckpoint(signed, e.log.logs); err != nil {
		return err
	}
	e.from, e.end = e.want.From, e.want.End(e.head.Size)
	if e.whole = e.want.Whole(e.head.Size); e.from > 0 && e.from >= e.end {
		return fmt.Errorf("%w: it has %d, and none from %d on", ErrNone, e.head.Size, e.from)
	}
	var stated strings.Builder
	for _, k := range keys.All() {
		stated.WriteString(k.Text() + "\n")
	}
	if e.want.Policy == "" {
		e.want.Policy = policyTrusting(keys)
	}
	for _, f := range []struct {
		name    string
		content []byte
	}{{format.ReadmeName, []byte(exportReadme)}, {format.KeyName, []byte(stated.String())}, {format.PolicyName, []byte(e.want.Policy)}, {format.CheckpointName, signed}} {
		if err := e.put(f.name, f.content); err != nil {
			return err
		}
	}
	return nil
}

// request puts what was asked for, which is the first file of an export; or compares it with what an interrupted one was asked for.
func (e *exporter) request(ctx context.Context) error {
	text, err := e.kept(format.RequestName)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := e.kept(format.CheckpointName); err == nil {
			return ErrExported // of before exports had this file
		}
		if e.want.Request, err = Resolve(ctx, e.db, e.want.Request); err != nil {
			return err
		}
		return e.put(format.RequestName, e.want.Text())
	}
	if err != nil {
		return err
	}
	before, err := format.ParseRequest(text)
	if err != nil {
		return err
	}
	asked := e.want.Request
	if asked.Since != "" {
		asked.From = before.From
	}
	if asked.Until != "" {
		asked.To = before.To
	}
	if asked != before {
		return ErrExported
	}
	e.want.Request, e.resumed = before, true
	return e.put(format.RequestName, text)
}

// checkpoint is the one with which an interrupted export began, or the log's.
func (e *exporter) checkpoint(ctx context.Context) ([]byte, error) {
	now, err := e.log.Checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	signed, err := e.kept(format.CheckpointName)
	if errors.Is(err, fs.ErrNotExist) {
		return now, nil
	}
	if err != nil {
		return nil, err
	}
	before, err := format.OpenCheckpoint(signed, e.log.logs)
	if err != nil {
		return nil, err
	}
	next, err := format.OpenCheckpoint(now, e.log.logs)
	if err != nil {
		return nil, err
	}
	return signed, admit(before, next, e.log.tiles(ctx))
}

// keeper is a Sink that still has what an interrupted export gave it.
type keeper interface {
	Get(name string) ([]byte, error) // fs.ErrNotExist: it was not put
	Tidy() error                     // removes what is half written
}

// kept is a file that an interrupted export has put already.
func (e *exporter) kept(name string) ([]byte, error) {
	if k, ok := e.sink.(keeper); ok {
		return k.Get(name)
	}
	return nil, fs.ErrNotExist
}

// put stores a file that is not there yet, and notes its sum.
func (e *exporter) put(name string, content []byte) error {
	if e.resumed {
		before, err := e.kept(name)
		if err == nil {
			e.sums[name] = sha256.Sum256(before)
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := e.sink.Put(name, content); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	e.sums[name] = sha256.Sum256(content)
	return nil
}

// finish puts the list of the files, with which the export is whole.
func (e *exporter) finish() error {
	var list []byte
	for _, name := range slices.Sorted(maps.Keys(e.sums)) {
		list = format.AppendSum(list, e.sums[name], name)
	}
	if err := e.sink.Put(format.SumsName, list); err != nil {
		return fmt.Errorf("%s: %w", format.SumsName, err)
	}
	return nil
}

// policyTrusting is a policy file that trusts keys, and asks for no witnesses.
func policyTrusting(keys *format.Keys) string {
	var b strings.Builder
	for _, k := range keys.All() {
		if k.End != nil {
			b.WriteString("former " + k.Text() + "\n")
		} else {
			b.WriteString("log " + k.Text() + "\n")
		}
	}
	return b.String() + "quorum none\n"
}
