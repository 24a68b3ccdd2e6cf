package demo_test

import (
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/demo"
	"mandat/internal/twin/twintest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	apptest.Clean()
	os.Exit(code)
}

// TestDemo walks the stories that `mandat demo --check` walks, to their end. The whole story comes last: it ends with changes behind the
// program's back, which the comparisons at the end of the others must not find.
func TestDemo(t *testing.T) {
	t.Parallel()
	twin, err := twintest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	d, err := demo.Start(t.Context(), demo.Options{Twin: twin, Program: apptest.Program(t), KeepEvery: 500 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	var out strings.Builder
	if err := d.CheckPeople(t.Context(), &out); err != nil {
		t.Fatalf("people: %v\n%s", err, out.String())
	}
	out.Reset()
	if err := d.CheckJournal(t.Context(), &out); err != nil {
		t.Fatalf("journal: %v\n%s", err, out.String())
	}
	out.Reset()
	if err := d.CheckMandates(t.Context(), &out); err != nil {
		t.Fatalf("mandates: %v\n%s", err, out.String())
	}
	out.Reset()
	if err := d.CheckProvider(t.Context(), &out); err != nil {
		t.Fatalf("provider: %v\n%s", err, out.String())
	}
	out.Reset()
	if err := d.Check(t.Context(), &out); err != nil {
		t.Fatalf("whole: %v\n%s", err, out.String())
	}
}
