package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/journal/verify"
	"mandat/internal/token"
)

// wanted takes an export and verifies it.
func (h *house) wanted(t testing.TB, w Wanted) (memory, Exported, verify.Report) {
	t.Helper()
	m := memory{}
	e, err := ExportWanted(t.Context(), h.OpenAuditor(t), h.in.signer.Keys(), w, m)
	if err != nil {
		t.Fatal(err)
	}
	r, err := verified(t, m, h.policy(t))
	if err != nil {
		t.Fatalf("%s: %v", w.Text(), err)
	}
	return m, e, r
}

// A part holds those lines of the whole log that were asked for, in each form, and can be verified without the others.
func TestExportWanted_APart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.bulk(t, 1000)
	h.catchUp(t)
	ours := journal.Actor{Kind: journal.Aidant, Person: token.ID(), Organisation: token.ID()}
	citizen, mandate := token.ID(), token.ID()
	for n := range 30 {
		e := journal.Event{Action: "power.used", Citizen: citizen, Mandate: mandate}
		if n%3 == 0 {
			e = journal.Event{Action: "session.closed"}
		}
		if err := h.journal.Record(t.Context(), ours, func(*journal.Tx) (journal.Event, error) { return e, nil }); err != nil {
			t.Fatal(err)
		}
	}
	h.catchUp(t)
	h.bulk(t, 500)
	c := h.catchUp(t)
	whole := h.export(t).lines(t)
	for name, c := range map[string]struct {
		asked format.Request
		lines [][]byte
	}{
		"a stretch":           {format.Request{From: 200, To: 1100}, whole[200:1100]},
		"the end":             {format.Request{From: 1400}, whole[1400:]},
		"the beginning":       {format.Request{To: 3}, whole[:3]},
		"beyond the end":      {format.Request{From: 1528, To: 99999}, whole[1528:]},
		"an organisation":     {format.Request{Filter: format.Filter{Organisation: ours.Organisation.String()}}, whole[1000:1030]},
		"a person":            {format.Request{Filter: format.Filter{Person: ours.Person.String()}}, whole[1000:1030]},
		"a citizen":           {format.Request{Filter: format.Filter{Citizen: citizen.String()}}, linesWith(whole, citizen)},
		"a mandate":           {format.Request{Filter: format.Filter{Mandate: mandate.String()}}, linesWith(whole, mandate)},
		"an action":           {format.Request{Filter: format.Filter{Action: "session.closed"}}, linesWithout(whole[1000:1030], citizen)},
		"all of it, and from": {format.Request{From: 1010, To: 1020, Filter: format.Filter{Action: "power.used", Organisation: ours.Organisation.String(), Citizen: citizen.String()}}, linesWith(whole[1010:1020], citizen)},
		"nobody's":            {format.Request{Filter: format.Filter{Citizen: uuid.NewString()}}, nil},
	} {
		for _, form := range []format.Form{"", format.FormLines, format.FormJSON, format.FormJSONZip} {
			c.asked.Form = form
			m, e, r := h.wanted(t, Wanted{Request: c.asked})
			if r.Asked == nil || e.Lines != int64(len(c.lines)) || r.Entries != e.Lines {
				t.Errorf("%s, %q: %+v, %+v", name, form, e, r)
			}
			if form == "" && len(c.lines) > 0 && !slices.EqualFunc(m.lines(t), c.lines, bytes.Equal) {
				t.Errorf("%s: other lines than those of the whole", name)
			}
		}
	}
	for _, form := range []format.Form{format.FormJSON, format.FormJSONZip} {
		if m, e, r := h.wanted(t, Wanted{Request: format.Request{Form: form}}); r.Asked != nil || r.Entries != c.Size || e.Lines != c.Size || m[form.Name(0)] == nil {
			t.Errorf("all of it as %s: %+v, %+v", form, e, r)
		}
	}
	for _, asked := range []format.Request{{From: c.Size + 1}, {Filter: format.Filter{Citizen: "nobody"}}} {
		if _, err := ExportWanted(t.Context(), h.OpenAuditor(t), h.in.signer.Keys(), Wanted{Request: asked}, memory{}); err == nil {
			t.Errorf("%s was exported", asked.Text())
		}
	}
}

func linesWith(lines [][]byte, id uuid.UUID) [][]byte {
	return slices.DeleteFunc(slices.Clone(lines), func(l []byte) bool { return !bytes.Contains(l, []byte(id.String())) })
}

func linesWithout(lines [][]byte, id uuid.UUID) [][]byte {
	return slices.DeleteFunc(slices.Clone(lines), func(l []byte) bool { return bytes.Contains(l, []byte(id.String())) })
}

// Times stand for the first entry of then or later.
func TestExportWanted_FromATimeOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.bulk(t, 600)
	h.catchUp(t)
	session{h.Connect(t, h.Superuser)}.do(t, `set session_replication_role = replica; update journal_entry e set at = '2026-11-21T10:00:00Z'::timestamptz + l.index * interval '1 second' from journal_leaf l where l.entry_id = e.id`)
	at := func(index int, off time.Duration) string {
		return time.Date(2026, 11, 21, 10, 0, index, 0, time.UTC).Add(off).Format(time.RFC3339Nano)
	}
	for _, c := range []struct {
		since, until string
		from, to     int64
	}{
		{at(17, 0), "", 17, 600}, {at(17, -time.Millisecond), "", 17, 600}, {at(17, time.Millisecond), "", 18, 600}, {"", at(300, 0), 0, 300},
		{at(17, 0), at(18, 0), 17, 18}, {at(-100, 0), at(900, 0), 0, 600},
	} {
		_, e, r := h.wanted(t, Wanted{Request: format.Request{Since: c.since, Until: c.until}})
		if e.Lines != c.to-c.from || r.Asked != nil && (r.Asked.From != c.from || r.Asked.End(600) != c.to) || r.Asked == nil && e.Lines != 600 {
			t.Errorf("%s to %s: %+v, %+v", c.since, c.until, e, r.Asked)
		}
	}
	for _, asked := range []format.Request{{Since: "yesterday"}, {Until: at(0, 0)}, {Since: at(5, 0), Until: at(5, 0)}} {
		if _, err := ExportWanted(t.Context(), h.OpenAuditor(t), h.in.signer.Keys(), Wanted{Request: asked}, memory{}); err == nil {
			t.Errorf("%s was exported", asked.Text())
		}
	}
}

// broken is a folder whose disk fails after some files.
type broken struct {
	Folder
	left int
}

var errBroken = errors.New("the disk is full")

// Put stores a file, or half of it.
func (b *broken) Put(name string, content []byte) error {
	if b.left--; b.left < 0 {
		half := filepath.Join(string(b.Folder), unfinished+"half")
		return errors.Join(errBroken, os.MkdirAll(filepath.Dir(half), 0o700), os.WriteFile(half, content[:len(content)/2], 0o600))
	}
	return b.Folder.Put(name, content)
}

// An export that was interrupted anywhere goes on, and becomes what it would have been, whatever was added to the log meanwhile.
func TestExportWanted_GoesOnAfterAnInterruption(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.bulk(t, 700)
	h.catchUp(t)
	auditor, keys := h.OpenAuditor(t), h.in.signer.Keys()
	for _, asked := range []format.Request{{}, {From: 10, To: 600, Form: format.FormJSONZip}, {Filter: format.Filter{Action: "session.opened"}}, {Since: "2020-01-01T00:00:00Z", Until: "2100-01-01T00:00:00Z"}} {
		honest := Folder(filepath.Join(t.TempDir(), "honest"))
		before, err := ExportWanted(t.Context(), auditor, keys, Wanted{Request: asked}, honest)
		if err != nil {
			t.Fatal(err)
		}
		want := contents(t, honest)
		for at := range len(want) {
			folder := Folder(filepath.Join(t.TempDir(), "export"))
			if _, err := ExportWanted(t.Context(), auditor, keys, Wanted{Request: asked}, &broken{folder, at}); !errors.Is(err, errBroken) {
				t.Fatalf("%d files: %v", at, err)
			}
			files, closer, err := verify.OpenExport(string(folder))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := verify.Log(t.Context(), verify.Options{Policy: h.policy(t), Export: files}); err == nil {
				t.Errorf("%d files: what is not finished passes for an export", at)
			}
			_ = closer.Close()
			if at > 0 && asked.Until == "" {
				if _, err := ExportWanted(t.Context(), auditor, keys, Wanted{Request: format.Request{From: 5}}, folder); !errors.Is(err, ErrExported) {
					t.Errorf("%d files: something else was asked for: %v", at, err)
				}
			}
			after, err := ExportWanted(t.Context(), auditor, keys, Wanted{Request: asked}, folder)
			if err != nil || after.Checkpoint != before.Checkpoint || after.Lines != before.Lines || after.Resumed != (at > 0) {
				t.Fatalf("%d files: %+v, %v; want %+v", at, after, err, before)
			}
			if got := contents(t, folder); !maps.EqualFunc(got, want, bytes.Equal) {
				t.Errorf("%d files: another export than without the interruption", at)
			}
			if _, err := ExportWanted(t.Context(), auditor, keys, Wanted{Request: asked}, folder); !errors.Is(err, ErrExported) {
				t.Errorf("over a finished export: %v", err)
			}
		}
	}
}

// While an export is interrupted the log grows: the export stays of the log as it was. One of another log, or of before exports had a
// request, is not gone on with.
func TestExportWanted_GoesOnWithItsOwnCheckpoint(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.bulk(t, 300)
	before := h.catchUp(t)
	auditor, keys := h.OpenAuditor(t), h.in.signer.Keys()
	folder := Folder(filepath.Join(t.TempDir(), "export"))
	if _, err := ExportWanted(t.Context(), auditor, keys, Wanted{}, &broken{folder, 6}); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	h.bulk(t, 300)
	h.catchUp(t)
	e, err := ExportWanted(t.Context(), auditor, keys, Wanted{}, folder)
	if err != nil || e.Checkpoint != before || !e.Resumed {
		t.Fatalf("%+v, %v", e, err)
	}
	if r, err := verified(t, memoryOf(contents(t, folder)), h.policy(t)); err != nil || r.Entries != 300 {
		t.Errorf("%+v, %v", r, err)
	}
	other := newHouse(t)
	other.bulk(t, 300)
	other.catchUp(t)
	folder = Folder(filepath.Join(t.TempDir(), "other"))
	if _, err := ExportWanted(t.Context(), other.OpenAuditor(t), other.in.signer.Keys(), Wanted{}, &broken{folder, 6}); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	if _, err := ExportWanted(t.Context(), auditor, keys, Wanted{}, folder); err == nil {
		t.Error("an export of another log was gone on with")
	}
	old := Folder(filepath.Join(t.TempDir(), "old"))
	if err := old.Put(format.CheckpointName, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := ExportWanted(t.Context(), auditor, keys, Wanted{}, old); !errors.Is(err, ErrExported) {
		t.Errorf("over an export of before: %v", err)
	}
}

// contents reads all files below a folder.
func contents(t testing.TB, folder Folder) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(string(folder)), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		out[name], err = folder.Get(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func memoryOf(files map[string][]byte) memory {
	out := memory{}
	for name, content := range files {
		out[name] = &fstest.MapFile{Data: content}
	}
	return out
}

// Whoever takes an export while entries are forgotten is told, before somebody else finds them gone.
func TestExportWanted_TellsOfEntriesForgottenMeanwhile(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.bulk(t, 10)
	h.catchUp(t)
	if _, e, _ := h.wanted(t, Wanted{}); e.Late {
		t.Error("nothing was forgotten")
	}
	h.act(t, "citizen.erased")
	if _, e, _ := h.wanted(t, Wanted{}); !e.Late {
		t.Error("it is not told that entries were forgotten since the checkpoint")
	}
	h.catchUp(t)
	if _, e, _ := h.wanted(t, Wanted{}); e.Late {
		t.Error("the checkpoint covers it")
	}
}

// An export of before, which has no list of its files, is verified as it always was.
func TestExport_OfBeforeVerifies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.bulk(t, 700)
	h.catchUp(t)
	before := memory{}
	for name, file := range h.export(t) {
		if strings.HasPrefix(name, "entries/") || strings.HasPrefix(name, "hashes/") || strings.HasPrefix(name, "checkpoints/") || name == format.CheckpointName {
			before[name] = file
		}
	}
	if r, err := verified(t, before, h.policy(t)); err != nil || r.Entries != 700 || len(before) != 4 {
		t.Errorf("%+v, %v, of %s", r, err, fmt.Sprint(slices.Sorted(maps.Keys(before))))
	}
}
