package journal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// docs/journal.md has a table of actions: | `action` | what | `field`, `field` |.
func TestActions_AreThoseOfTheDocs(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../docs/journal.md")
	if err != nil {
		t.Fatal(err)
	}
	var got []Action
	field := regexp.MustCompile("`([a-z0-9_]+)`")
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z]+\\.[a-z_]+)` \\|[^|]+\\|([^|]*)\\|$").FindAllStringSubmatch(string(b), -1) {
		a := Action{Name: m[1]}
		for _, f := range field.FindAllStringSubmatch(m[2], -1) {
			a.Detail = append(a.Detail, f[1])
		}
		got = append(got, a)
	}
	if diff := cmp.Diff(Actions(), got); diff != "" {
		t.Errorf("docs/journal.md differs from Actions (-list +docs):\n%s", diff)
	}
}

// Every action that the program's code names in an Event is in the list, and nothing else is.
func TestActions_AreThoseOfTheCode(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if name := eventAction(n); name != "" {
				used[name] = true
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, a := range Actions() {
		listed[a.Name] = true
	}
	if diff := cmp.Diff(listed, used); diff != "" {
		t.Errorf("the code records other actions (-list +code):\n%s", diff)
	}
}

// eventAction returns the action of a composite literal journal.Event.
func eventAction(n ast.Node) string {
	lit, ok := n.(*ast.CompositeLit)
	if !ok {
		return ""
	}
	switch s := lit.Type.(type) {
	case *ast.SelectorExpr:
		ok = s.Sel.Name == "Event"
	case *ast.Ident:
		ok = s.Name == "Event" // of package journal itself
	default:
		ok = false
	}
	if !ok {
		return ""
	}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Action" {
				if value, ok := kv.Value.(*ast.BasicLit); ok {
					name, _ := strconv.Unquote(value.Value)
					return name
				}
			}
		}
	}
	return ""
}
