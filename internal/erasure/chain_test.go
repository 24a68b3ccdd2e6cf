package erasure_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mandat/internal/erasure"
	"mandat/internal/fixture"
)

// due are so many citizens whose time is over.
func (w *world) due(t testing.TB, n int) []erasure.Who {
	t.Helper()
	for i := range n {
		m := w.Sign(t, w.Jeanne, fixture.Citizen(i), fixture.Tax)
		must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
	}
	w.later(t)
	due, err := w.register.Due(t.Context(), w.Clock.Now(), n)
	must(t, err)
	return due
}

// erased erases citizens, and returns the lines of the ledger.
func (w *world) erased(t testing.TB, all ...erasure.Who) [][]byte {
	t.Helper()
	for _, who := range all {
		_, err := w.register.Erase(t.Context(), who, erasure.Term)
		must(t, err)
	}
	return w.lines(t)
}

func (w *world) lines(t testing.TB) [][]byte {
	t.Helper()
	content, err := os.ReadFile(w.path)
	must(t, err)
	lines := bytes.SplitAfter(content, []byte("\n"))
	return lines[:len(lines)-1]
}

// holed fails the test unless lines are no ledger: neither to who reads it nor to a server, which leaves it as it is.
func holed(t *testing.T, what string, lines [][]byte) {
	t.Helper()
	content := bytes.Join(lines, nil)
	if all, torn, err := erasure.ReadLedger(content); !errors.Is(err, erasure.ErrHole) || torn || len(all) != len(lines) {
		t.Errorf("%s: read %d lines, %t, %v", what, len(all), torn, err)
	}
	path := filepath.Join(t.TempDir(), "ledger")
	must(t, os.WriteFile(path, content, 0o600))
	if _, _, err := erasure.OpenLedger(path); !errors.Is(err, erasure.ErrHole) {
		t.Errorf("%s: opened: %v", what, err)
	}
	if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, content) {
		t.Errorf("%s: the file was changed: %v", what, err)
	}
}

// A line that is taken out, moved, repeated or put in is told; one at the end by the journal, which has the SHA-256 of each.
func TestLedger_Chain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lines := w.erased(t, w.due(t, 4)...)
	if all, torn, err := erasure.ReadLedger(bytes.Join(lines, nil)); err != nil || torn || len(all) != 4 {
		t.Fatalf("%d lines, %t, %v", len(all), torn, err)
	}
	for n := range 3 {
		holed(t, "cut out", slices.Delete(slices.Clone(lines), n, n+1))
		holed(t, "moved", slices.Concat(lines[:n], [][]byte{lines[n+1], lines[n]}, lines[n+2:]))
		holed(t, "repeated", slices.Insert(slices.Clone(lines), n, lines[n]))
		holed(t, "of before there was a chain", slices.Insert(slices.Clone(lines), n+1, unchained(lines[n])))
	}
	for _, line := range lines {
		sum := sha256.Sum256(line)
		if n := w.number(t, `select count(*) from journal_entry where action = 'citizen.erased' and body::jsonb #>> '{detail,ledger_sha256}' = $1`, hex.EncodeToString(sum[:])); n != 1 {
			t.Errorf("%d entries of %q", n, line)
		}
	}
	for left := range len(lines) + 1 {
		all, _, err := erasure.ReadLedger(bytes.Join(lines[:left], nil))
		must(t, err)
		if missing, err := w.register.Unledgered(t.Context(), all); err != nil || len(missing) != len(lines)-left {
			t.Errorf("cut off behind %d lines: %v, %v", left, missing, err)
		}
	}
}

// unchained is a line as it was written before lines said what stands before them.
func unchained(line []byte) []byte {
	text := strings.Join(strings.Fields(string(line))[:4], " ") + " "
	sum := sha256.Sum256([]byte(text))
	return []byte(text + hex.EncodeToString(sum[:8]) + "\n")
}

// A ledger of before there was a chain goes on with one, which holds what was there already from then on.
func TestLedger_OfBeforeGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	due := w.due(t, 4)
	before := w.erased(t, due[:2]...)
	for n := range before {
		before[n] = unchained(before[n])
	}
	must(t, w.ledger.Close())
	must(t, os.WriteFile(w.path, bytes.Join(before, nil), 0o600))
	ledger, torn, err := erasure.OpenLedger(w.path)
	if err != nil || torn {
		t.Fatal(torn, err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	w.ledger, w.register = ledger, erasure.New(w.DB, w.Journal, w.Phones, w.Clock, ledger)
	lines := w.erased(t, due[2:]...)
	all, torn, err := erasure.ReadLedger(bytes.Join(lines, nil))
	if err != nil || torn || len(all) != 4 || all[0].Before != "" || all[1].Before != "" || all[2].Before == "" || all[3].Before == "" {
		t.Fatalf("%+v, %t, %v", all, torn, err)
	}
	for n := range 3 {
		holed(t, "cut out", slices.Delete(slices.Clone(lines), n, n+1))
	}
}
