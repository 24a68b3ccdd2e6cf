package tree

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/klauspost/compress/zstd"

	"mandat/internal/journal/format"
	"mandat/internal/journal/verify"
)

// memory is an export in memory.
type memory fstest.MapFS

// Put stores a file.
func (m memory) Put(name string, content []byte) error {
	m[name] = &fstest.MapFile{Data: bytes.Clone(content)}
	return nil
}

func (h *house) export(t testing.TB) memory {
	t.Helper()
	m := memory{}
	if _, err := Export(t.Context(), h.OpenAuditor(t), h.in.signer.Keys(), m); err != nil {
		t.Fatal(err)
	}
	return m
}

func (h *house) policy(t testing.TB) *verify.Policy {
	t.Helper()
	p, err := verify.ParsePolicy([]byte(h.in.signer.Policy("")))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func verified(t testing.TB, m memory, p *verify.Policy) (verify.Report, error) {
	t.Helper()
	return verify.Log(t.Context(), verify.Options{Policy: p, Export: fstest.MapFS(m)})
}

// lines returns the lines of the first file of entries.
func (m memory) lines(t testing.TB) [][]byte {
	t.Helper()
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b, err := d.DecodeAll(m[fmt.Sprintf(format.EntriesName, 0)].Data, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(b, []byte("\n"))
	return lines[:len(lines)-1]
}

func TestExport_OfAnHonestLogIsWhole(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 3000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.bulk(t, n)
			c := h.catchUp(t)
			r, err := verified(t, h.export(t), h.policy(t))
			if err != nil {
				t.Fatal(err)
			}
			if r.Size != int64(n) || r.Entries != int64(n) || r.Root != c.Root || r.Origin != testOrigin {
				t.Fatalf("%+v, want %+v", r, c)
			}
		})
	}
}

// What an attacker with every right on the database changes is named, whichever table they forget.
func TestExport_NamesWhatWasChangedInTheDatabase(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"a byte of the body":      "update journal_entry set body = replace(body, '\"n\":3', '\"n\":4') where id = %s",
		"a byte of the salt":      "update journal_entry set salt = set_byte(salt, 31, 255 - get_byte(salt, 31)) where id = %s",
		"the commitment":          "update journal_leaf set commitment = set_byte(commitment, 0, 255 - get_byte(commitment, 0)) where index = 5",
		"the body and commitment": "update journal_entry set body = '{}' where id = %s; update journal_leaf l set commitment = sha256('\\x01'::bytea || e.salt || '{}') from journal_entry e where e.id = l.entry_id and index = 5",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.acts(t, 9)
			h.catchUp(t)
			id := "(select entry_id from journal_leaf where index = 5)"
			session{h.Connect(t, h.Superuser)}.do(t, "set session_replication_role = replica; "+strings.ReplaceAll(sql, "%s", id))
			_, err := verified(t, h.export(t), h.policy(t))
			f, ok := verify.AsFault(err)
			if !ok || f.Index != 5 || f.Last != 5 {
				t.Fatalf("%v; want a fault at 5", err)
			}
			if !strings.Contains(name, "and") && f.Action != "session.opened" {
				t.Errorf("%v does not tell the action", f)
			}
		})
	}
}

// An entry whose id was drawn early and committed late stands behind those that came between; one that somebody put far
// away is found as well.
func TestExport_OfEntriesThatAreNotInTheOrderOfTheirIDs(t *testing.T) {
	t.Parallel()
	for name, apart := range map[string]int{"close": 1, "far apart": 2 * strayFactor * exportChunk} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.catchUp(t)
			older, younger := h.session(t), h.session(t)
			older.begin(t)
			younger.begin(t)
			younger.entry(t, "second.committed")
			session{h.Connect(t, h.Superuser)}.do(t, fmt.Sprintf("select setval('journal_entry_id', last_value + %d) from journal_entry_id", apart))
			older.entry(t, "first.committed")
			older.do(t, "commit")
			deadline := time.Now().Add(time.Minute)
			for h.step(t, 1); len(h.order(t)) == 0; h.step(t, 1) { // transactions of other databases hold it back too
				if time.Now().After(deadline) {
					t.Fatal("what an older transaction committed is not taken")
				}
			}
			younger.do(t, "commit")
			h.acts(t, 2)
			h.catchUp(t)
			if got := h.order(t); !slices.Equal(got, []string{"first.committed", "second.committed", "session.opened", "session.opened"}) {
				t.Fatalf("the log has %v", got)
			}
			if r, err := verified(t, h.export(t), h.policy(t)); err != nil || r.Entries != 4 {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

func TestExport_ToAFolderAndATar(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts(t, 20)
	c := h.catchUp(t)
	dir := t.TempDir()
	archive, err := os.Create(filepath.Join(dir, "export.tar"))
	if err != nil {
		t.Fatal(err)
	}
	sink := NewTar(archive, time.Now())
	for _, w := range []Sink{Folder(filepath.Join(dir, "export")), sink} {
		if got, err := Export(t.Context(), h.OpenAuditor(t), h.in.signer.Keys(), w); err != nil || got != c {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "export"), archive.Name()} {
		files, closer, err := verify.OpenExport(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := verify.Log(t.Context(), verify.Options{Policy: h.policy(t), Export: files})
		if err != nil || r.Entries != 20 {
			t.Errorf("%s: %+v, %v", path, r, err)
		}
		if b, err := fs.ReadFile(files, "README.txt"); err != nil || string(b) != exportReadme {
			t.Errorf("%s: README.txt: %v", path, err)
		}
		_ = closer.Close()
	}
	if _, err := Export(t.Context(), h.OpenAuditor(t), h.in.signer.Keys(), Folder(filepath.Join(dir, "export"))); err == nil {
		t.Error("an export was written over another")
	}
	if _, err := Export(t.Context(), h.OpenAuditor(t), newHouse(t).in.signer.Keys(), memory{}); err == nil {
		t.Error("exported under another log's key")
	}
}

// The program in README.txt is what somebody without ours checks an export with.
func TestReadme_ItsProgramFindsTheRoot(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.bulk(t, 3000)
	c := h.catchUp(t)
	export := h.export(t)
	_, program, _ := strings.Cut(exportReadme, "node check.mjs\n")
	path := filepath.Join(t.TempDir(), "check.mjs")
	if err := os.WriteFile(path, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(lines [][]byte) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "node", path)
		cmd.Stdin = bytes.NewReader(bytes.Join(lines, nil))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run(export.lines(t)); err != nil || strings.TrimSpace(out) != "3000 "+base64.StdEncoding.EncodeToString(c.Root[:]) {
		t.Errorf("%s, %v", out, err)
	}
	lines := export.lines(t)
	lines[1234][150] ^= 1
	if out, err := run(lines); err == nil || !strings.Contains(out, "entry 1234 does not fit") {
		t.Errorf("%s, %v", out, err)
	}
}
