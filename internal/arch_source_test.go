package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// source is what the rules look at.
type source struct {
	set      *token.FileSet
	packages map[string][]file // by import path without the module's name, files that are not tests
	texts    map[string]string // every file that people write, by name
	tables   []string          // those that migrations create and do not drop
}

type file struct {
	name string
	ast  *ast.File
	// generated files and data are exempt from the rules about size
	generated bool
}

const module = "mandat/"

// notOurs tells the folders of fetched files, of samples, and of what the program makes.
func notOurs(dir string) bool {
	return slices.Contains([]string{"bin", "certs", "screenshots", "internal/tools"}, dir) ||
		slices.Contains([]string{"node_modules", "testdata"}, path.Base(dir))
}

// read loads the tree.
func read(tree fs.FS) (source, []string) {
	src := source{set: token.NewFileSet(), packages: map[string][]file{}, texts: map[string]string{}}
	var faults []string
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if hidden := name != "." && strings.HasPrefix(d.Name(), "."); hidden || notOurs(name) {
				return fs.SkipDir
			}
			return nil
		}
		if !written(name) {
			return nil
		}
		content, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		src.texts[name] = string(content)
		if path.Ext(name) == ".go" {
			faults = append(faults, src.parse(name, content)...)
		}
		return nil
	})
	if err != nil {
		faults = append(faults, err.Error())
	}
	src.tables = tablesOf(src.texts)
	return src, faults
}

func written(name string) bool {
	return slices.Contains([]string{".go", ".sql", ".html", ".js", ".mjs", ".css", ".sh"}, path.Ext(name))
}

func (s *source) parse(name string, content []byte) []string {
	f, err := parser.ParseFile(s.set, name, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return []string{name + ": " + strings.TrimPrefix(err.Error(), name+":")}
	}
	if strings.HasSuffix(name, "_test.go") {
		return nil
	}
	dir := path.Dir(name)
	s.packages[dir] = append(s.packages[dir], file{name: name, ast: f, generated: ast.IsGenerated(f)})
	return nil
}

// at is where something stands, as file:line.
func (s *source) at(pos token.Pos) string {
	p := s.set.Position(pos)
	return p.Filename + ":" + strconv.Itoa(p.Line)
}
