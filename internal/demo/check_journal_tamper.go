package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mandat/internal/journal"
	"mandat/internal/journal/format"
)

// tampered is what somebody changes in an export that they hand on. The list of its files is made anew each time, so that nothing but the journal itself shows it.
func (j *journals) tampered() []step {
	named := func() string { return fmt.Sprintf("entry %d", j.signed) }
	between := func() string { return "entries " }
	one := func(change func(line string) string) tampering {
		return func(_ string, lines []string) ([]string, error) {
			lines[j.signed] = change(lines[j.signed])
			return lines, nil
		}
	}
	return []step{
		{"one letter of what was granted", j.tamper("letter", one(func(l string) string { return strings.Replace(l, tax, tax[:len(tax)-1]+"m", 1) }), named)},
		{"an entry's text is taken out, as if its time were over", j.tamper("taken-out", one(func(l string) string {
			before, _, _ := strings.Cut(l, `,"salt":`)
			return before + "}"
		}), named)},
		{"an entry is dropped", j.tamper("dropped", func(_ string, lines []string) ([]string, error) {
			return slices.Delete(lines, int(j.signed), int(j.signed)+1), nil
		}, named)},
		{"an entry stands in the place of another one", j.tamper("moved", func(_ string, lines []string) ([]string, error) {
			_, from, _ := strings.Cut(lines[j.beside], ",")
			lines[j.signed] = fmt.Sprintf(`{"index":%d,%s`, j.signed, from)
			return lines, nil
		}, named)},
		{"an entry is dated a day back, with a commitment and a leaf to fit: it lies between two signatures", j.tamper("dated-back", j.dateBack, between)},
		{"the newest entries are cut off", j.tamper("cut-off", func(_ string, lines []string) ([]string, error) { return lines[:len(lines)-3], nil }, func() string { return "entry " })},
		{"and what was not touched is whole", func() error { return j.verifies("lines").works("whole: ") }},
	}
}

// tampering changes the lines of an export that lies in a folder, and what else it needs to hide that.
type tampering func(dir string, lines []string) ([]string, error)

// tamper makes a copy of the export, changes it, and expects the check to say where.
func (j *journals) tamper(name string, change tampering, where func() string) func() error {
	return func() error {
		dir := filepath.Join(j.dir, name)
		if err := os.CopyFS(dir, os.DirFS(filepath.Join(j.dir, "lines"))); err != nil {
			return err
		}
		path := filepath.Join(dir, "entries/00000000.jsonl")
		before, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines, err := change(dir, strings.Split(strings.TrimSuffix(string(before), "\n"), "\n"))
		if err != nil {
			return err
		}
		after := []byte(strings.Join(lines, "\n") + "\n")
		if bytes.Equal(before, after) {
			return errors.New("nothing was changed")
		}
		if err := errors.Join(os.WriteFile(path, after, 0o600), listAnew(dir)); err != nil {
			return err
		}
		return j.verifies(name).fails(where())
	}
}

// dateBack dates the entry a day earlier, and makes its commitment and its leaf anew, which need no key.
func (j *journals) dateBack(dir string, lines []string) ([]string, error) {
	var line struct {
		Index int64           `json:"index"`
		Salt  []byte          `json:"salt"`
		Entry json.RawMessage `json:"entry"`
	}
	if err := json.Unmarshal([]byte(lines[j.signed]), &line); err != nil || len(line.Salt) != format.SaltSize {
		return nil, fmt.Errorf("line %d: %w", j.signed, err)
	}
	var said struct {
		At string `json:"at"`
	}
	if err := json.Unmarshal(line.Entry, &said); err != nil {
		return nil, err
	}
	at, err := time.Parse(journal.TimeFormat, said.At)
	if err != nil {
		return nil, err
	}
	body := bytes.Replace(line.Entry, []byte(said.At), []byte(journal.TimeText(at.AddDate(0, 0, -1))), 1)
	commitment := format.Commitment([format.SaltSize]byte(line.Salt), body)
	lines[j.signed] = strings.TrimSuffix(string(format.AppendJSON(nil, line.Index, commitment[:], line.Salt, body)), "\n")
	path := filepath.Join(dir, fmt.Sprintf(format.HashesName, 0))
	hashes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	leaf := format.LeafHash(commitment)
	copy(hashes[int(j.signed)*len(leaf):], leaf[:])
	return lines, os.WriteFile(path, hashes, 0o600)
}

// listAnew makes the list of the files of an export again.
func listAnew(dir string) error {
	var list []byte
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || name == format.SumsName {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		list = format.AppendSum(list, sha256.Sum256(content), name)
		return err
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, format.SumsName), list, 0o600)
}
