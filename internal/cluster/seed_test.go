package cluster

import (
	"os"
	"path/filepath"
	"testing"
)

// A cluster begins as what was kept of another, and shares nothing with it. What is durable begins by itself, and so does what would begin as a
// file that is damaged.
func TestSow(t *testing.T) {
	t.Parallel()
	o := Options{Seed: filepath.Join(t.TempDir(), "seeds", "seed")}
	first := start(t, o)
	do(t, first, "create table kept as select 42 as n")
	if err := first.Sow(t.Context()); err != nil {
		t.Fatal(err)
	}
	do(t, first, "update kept set n = 7")
	second := start(t, o)
	if got := query(t, second, "select n::text from kept"); got != "42" {
		t.Errorf("kept %q", got)
	}
	do(t, second, "update kept set n = 8")
	if got := query(t, first, "select n::text from kept"); got != "7" {
		t.Errorf("the first now has %q", got)
	}
	const empty = "select (to_regclass('kept') is null)::text"
	if got := query(t, start(t, Options{Seed: o.Seed, Durable: true, SharedBuffers: "16MB"}), empty); got != "true" {
		t.Error("a durable one has what was kept")
	}
	files, err := filepath.Glob(o.Seed + "-*.tar")
	if err != nil || len(files) != 1 {
		t.Fatalf("kept as %v, %v", files, err)
	}
	if err := os.Truncate(files[0], size(files[0])/2); err != nil {
		t.Fatal(err)
	}
	if got := query(t, start(t, o), empty); got != "true" {
		t.Error("begun as a file that is cut off")
	}
}

func TestSow_WantsSomewhereToKeepIt(t *testing.T) {
	t.Parallel()
	if err := start(t, Options{}).Sow(t.Context()); err == nil {
		t.Error("kept nowhere")
	}
}
