package app_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/apptest"
)

var update = flag.Bool("update", false, "write testdata instead of comparing with it; read the difference before committing it")

// Every route with its audience and its handler. A change here is a change of what strangers can reach.
func TestRoutes(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	var out strings.Builder
	for _, r := range site.App.Routes() {
		_, _ = fmt.Fprintf(&out, "%-4s %-53s %-13s %s\n", r.Method, r.Pattern, r.Audience, r.Handler)
	}
	golden(t, "testdata/routes.txt", out.String())
}

func golden(t testing.TB, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
		t.Errorf("%s is not what is served (-file +served):\n%s", path, d)
	}
}
