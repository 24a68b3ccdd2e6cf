package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The package from npm is fetched into the checkout's cache the first time, and used from there.
func TestBundle_RunsACluster(t *testing.T) {
	who, err := servantFor("")
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle{cache: filepath.Join("..", "..", ".data", "cache"), progress: os.Stderr, who: who}.find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PG_BIN", b.dir)
	c := start(t, Options{Durable: true})
	if c.Major() != 18 || c.Bin() != b.dir {
		t.Fatalf("runs %d from %s", c.Major(), c.Bin())
	}
	// ICU is found through one of the links that the package lacks.
	if got := query(t, c, `select ('b' > 'A' collate "fr-x-icu")::text`); got != "true" {
		t.Fatal(got)
	}
	t.Log("wal_compression", query(t, c, "show wal_compression"))
}

func TestFind_DoesNotReplaceAWrongPGBIN(t *testing.T) {
	t.Setenv("PG_BIN", t.TempDir())
	if _, err := Start(t.Context(), Options{}); err == nil || !strings.Contains(err.Error(), "PG_BIN") {
		t.Fatalf("start with an empty PG_BIN: %v", err)
	}
}
