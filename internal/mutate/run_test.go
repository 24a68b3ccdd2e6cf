package mutate

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The module that the runner is tried on. Its tests look at some of its conditions and not at others.
var module = map[string]string{
	"go.mod": "module example\n\ngo 1.26\n",
	"p/p.go": `// Package p decides.
package p

type answer bool

const (
	most   = 10
	active = ` + "`p.state = 'active' and p.age > 17`" + `
	find   = ` + "`select id from person p where p.id = $1 and `" + ` + active
	unread = ` + "`select id from person p where p.id = $2`" + `
)

// Find is the statement.
func Find() string { return find }

// Unread is another.
func Unread() string { return unread }

// May says who may.
func May(age int, name string, banned bool) answer {
	if (age < 18 || age > most*12) && name != "admin" {
		return false
	}
	switch name {
	case "root", "nobody":
		return false
	}
	return answer(!banned)
}

// Count counts.
func Count(n int) (sum int) {
	for i := 0; i < n; i++ {
		sum++
	}
	return sum
}

// Never is asked by nobody.
func Never(a bool) int {
	if a {
		return 1
	}
	return 2
}

// Local has its statement inside.
func Local() string {
	const q = ` + "`delete from t where a = 1 and b = 2`" + `
	return q
}
`,
	"p/p_test.go": `package p

import "testing"

func TestMay(t *testing.T) {
	if !May(20, "x", false) || May(17, "x", false) || !May(17, "admin", false) || May(20, "root", false) || Count(3) != 3 {
		t.Error("wrong")
	}
}

func TestFind(t *testing.T) {
	if Find() != "select id from person p where p.id = $1 and p.state = 'active' and p.age > 17" || Local() != "delete from t where a = 1 and b = 2" {
		t.Error(Find())
	}
}
`,
}

func write(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range module {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestRun(t *testing.T) {
	t.Parallel()
	o := Options{Root: write(t), Package: "p", Keep: t.TempDir(), Parallel: 2, Say: func(string) {}}
	results, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Outcome{}
	for _, r := range results {
		got[strings.TrimPrefix(r.Name(), "p.go ")] = r.Outcome
	}
	want := map[string]Outcome{
		"find: p.id = $1": Killed, "find: active": Killed, "active: p.state = 'active'": Killed, "active: p.age > 17": Killed,
		"unread: p.id = $2": Survived,
		"May: age < 18":     Killed, "May: age > most*12": Killed, `May: name != "admin"`: Killed,
		`May: case "root"`: Killed, `May: case "nobody"`: Killed,
		"Count: i < n": Killed, "Never: a": Unseen, "Local: a = 1": Killed, "Local: b = 2": Killed,
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if left, err := os.ReadFile(filepath.Join(o.Root, "p/p.go")); err != nil || string(left) != module["p/p.go"] {
		t.Errorf("the source was written to: %v", err)
	}
}

// TestRun_GoesOn ends a run after some results: the next one asks only for the others, unless the sources are others.
func TestRun_GoesOn(t *testing.T) {
	t.Parallel()
	said := 0
	o := Options{Root: write(t), Package: "p", Keep: t.TempDir(), Parallel: 1, Only: regexp.MustCompile("unread|Never"), Say: func(string) { said++ }}
	for _, want := range []int{3, 3} { // how long the tests take, and two that are not noticed; the second time nothing is new
		if results, err := Run(t.Context(), o); err != nil || len(results) != 2 || results[0].Outcome != Survived || results[1].Outcome != Unseen {
			t.Fatalf("%v %v", results, err)
		}
		if said != want {
			t.Errorf("%d lines said, want %d", said, want)
		}
	}
	path := filepath.Join(o.Root, "p/p_test.go")
	if err := os.WriteFile(path, []byte(strings.Replace(module["p/p_test.go"], "Find()", "Unread() == unread && Find()", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), o); err != nil || said != 6 {
		t.Errorf("after a change of the tests: %d lines said, %v", said, err)
	}
}

func TestRun_NeedsTestsThatPass(t *testing.T) {
	t.Parallel()
	o := Options{Root: write(t), Package: "p", Keep: t.TempDir(), Parallel: 1, Say: func(string) {}}
	path := filepath.Join(o.Root, "p/p_test.go")
	if err := os.WriteFile(path, []byte(strings.Replace(module["p/p_test.go"], "Count(3) != 3", "Count(3) != 4", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "without any change") {
		t.Errorf("got %v", err)
	}
}
