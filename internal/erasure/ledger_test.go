package erasure_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
)

// A ledger that was cut off anywhere in its last line is told, and goes on behind the line before.
func TestLedger_TornLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []mandate.Mandate
	for n := range 3 {
		all = append(all, w.Sign(t, w.Jeanne, fixture.Citizen(n), fixture.Tax))
		must(t, w.Mandates.End(t.Context(), w.Jeanne, all[n].ID, "citizen"))
	}
	w.later(t)
	for _, m := range all[:2] {
		_, err := w.register.Erase(t.Context(), who(m), erasure.Term)
		must(t, err)
	}
	whole, err := os.ReadFile(w.path)
	must(t, err)
	first := bytes.IndexByte(whole, '\n') + 1
	for cut := first; cut < len(whole); cut++ {
		path := filepath.Join(t.TempDir(), "ledger")
		must(t, os.WriteFile(path, whole[:cut], 0o600))
		noted, torn, err := erasure.ReadLedger(whole[:cut])
		if err != nil || len(noted) != 1 || torn != (cut > first) {
			t.Fatalf("cut at %d: %d lines, %t, %v", cut, len(noted), torn, err)
		}
		l, torn, err := erasure.OpenLedger(path)
		if err != nil || torn != (cut > first) {
			t.Fatalf("cut at %d: %t, %v", cut, torn, err)
		}
		must(t, l.Close())
		if content, err := os.ReadFile(path); err != nil || !bytes.Equal(content, whole[:first]) {
			t.Fatalf("cut at %d: left %q, %v", cut, content, err)
		}
	}
	must(t, w.ledger.Close())
	must(t, os.WriteFile(w.path, whole[:len(whole)-7], 0o600))
	l, torn, err := erasure.OpenLedger(w.path)
	if err != nil || !torn {
		t.Fatal(torn, err)
	}
	defer func() { _ = l.Close() }()
	_, err = erasure.New(w.DB, w.Journal, w.Phones, w.Clock, l).Erase(t.Context(), who(all[2]), erasure.Term)
	must(t, err)
	content, err := os.ReadFile(w.path)
	must(t, err)
	noted, torn, err := erasure.ReadLedger(content)
	if err != nil || torn || len(noted) != 2 || noted[1].Who != who(all[2]) {
		t.Errorf("after it was repaired: %+v, %t, %v", noted, torn, err)
	}
}

// A line in the middle that is not what was written is no torn line: nothing is cut off, and the server does not go on.
func TestLedger_DamagedLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 3 {
		m := w.Sign(t, w.Jeanne, fixture.Citizen(n), fixture.Tax)
		must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
	}
	w.later(t)
	due, err := w.register.Due(t.Context(), w.Clock.Now(), 3)
	must(t, err)
	for _, d := range due {
		_, err := w.register.Erase(t.Context(), d, erasure.Term)
		must(t, err)
	}
	whole, err := os.ReadFile(w.path)
	must(t, err)
	lineLength := len(whole) / 3
	for at := lineLength; at < 2*lineLength; at++ {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1
		noted, torn, err := erasure.ReadLedger(damaged)
		if !errors.Is(err, erasure.ErrLedger) || torn || len(noted) < 1 || len(noted) > 2 {
			t.Fatalf("byte %d: %d lines, %t, %v", at, len(noted), torn, err)
		}
	}
	damaged := bytes.Clone(whole)
	damaged[lineLength+30] ^= 1
	path := filepath.Join(t.TempDir(), "ledger")
	must(t, os.WriteFile(path, damaged, 0o600))
	if _, _, err := erasure.OpenLedger(path); !errors.Is(err, erasure.ErrLedger) {
		t.Errorf("opened a damaged ledger: %v", err)
	}
	if content, err := os.ReadFile(path); err != nil || !bytes.Equal(content, damaged) {
		t.Error("a damaged ledger was changed")
	}
}

// The ledger is on disk before the act commits: one that cannot be written lets nobody be erased.
func TestLedger_ThatCannotBeWrittenStopsTheAct(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	w.over(t, m)
	jeanne := w.Jeanne
	jeanne.FactorAt = w.Clock.Now()
	_, err := w.register.Ask(t.Context(), jeanne, m.Citizen)
	must(t, err)
	w.provable(t)
	must(t, w.ledger.Close())
	if err := w.register.CarryOut(t.Context()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("what was asked: %v", err)
	}
	if _, err := w.register.Erase(t.Context(), who(m), erasure.Term); !errors.Is(err, os.ErrClosed) {
		t.Errorf("%v", err)
	}
	if n := w.number(t, `select count(*) from citizen where id = $1`, m.Citizen); n != 1 {
		t.Error("erased all the same")
	}
	w.content(t)
}
