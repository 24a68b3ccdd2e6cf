package internal_test

import (
	"fmt"
	"go/ast"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// checkDocs holds that every package, and every exported name, says what it is.
func checkDocs(src source) []string {
	var faults []string
	for _, dir := range slices.Sorted(maps.Keys(src.packages)) {
		documented := false
		for _, f := range src.packages[dir] {
			documented = documented || f.ast.Doc != nil
			if f.ast.Name.Name == "main" || f.generated {
				continue
			}
			for _, decl := range f.ast.Decls {
				for _, name := range undocumented(decl) {
					faults = append(faults, fmt.Sprintf("%s: %s is exported and not documented", src.at(decl.Pos()), name))
				}
			}
		}
		if !documented {
			faults = append(faults, dir+": no package comment")
		}
	}
	return faults
}

// undocumented lists the exported names of a declaration that have no comment of their own, nor of their group.
func undocumented(decl ast.Decl) []string {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		receiver := receiverOf(d)
		if d.Doc == nil && d.Name.IsExported() && (receiver == "" || ast.IsExported(receiver)) {
			return []string{strings.TrimPrefix(receiver+"."+d.Name.Name, ".")}
		}
	case *ast.GenDecl:
		if d.Doc != nil {
			return nil
		}
		var names []string
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Doc == nil && s.Comment == nil && s.Name.IsExported() {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if s.Doc == nil && s.Comment == nil && n.IsExported() {
						names = append(names, n.Name)
					}
				}
			}
		}
		return names
	}
	return nil
}

func receiverOf(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if generic, ok := t.(*ast.IndexExpr); ok {
		t = generic.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// checkInit holds that nothing happens because a package was imported.
func checkInit(src source) []string {
	var faults []string
	for _, dir := range slices.Sorted(maps.Keys(src.packages)) {
		for _, f := range src.packages[dir] {
			for _, decl := range f.ast.Decls {
				if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					faults = append(faults, src.at(fn.Pos())+": init runs before anybody asked for it")
				}
			}
		}
	}
	return faults
}

// checkSizes holds that a file can be read in one go, and a function on one screen or two.
func checkSizes(src source) []string {
	var faults []string
	for _, dir := range slices.Sorted(maps.Keys(src.packages)) {
		for _, f := range src.packages[dir] {
			if f.generated {
				continue
			}
			for _, decl := range f.ast.Decls {
				fn, ok := decl.(*ast.FuncDecl)
				if !ok {
					continue
				}
				if n := src.set.Position(fn.End()).Line - src.set.Position(fn.Pos()).Line + 1; n > longestFunction {
					faults = append(faults, fmt.Sprintf("%s: %s has %d lines, more than %d", src.at(fn.Pos()), fn.Name.Name, n, longestFunction))
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(src.texts)) {
		text := src.texts[name]
		if path.Ext(name) != ".go" || strings.Contains(text, "\n// Code generated ") || strings.HasPrefix(text, "// Code generated ") {
			continue
		}
		if n := strings.Count(text, "\n"); n > longestFile {
			faults = append(faults, fmt.Sprintf("%s has %d lines, more than %d", name, n, longestFile))
		}
	}
	return faults
}

// leftover finds what was put off, and tests that do not run. Written so that it does not find itself.
var leftover = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|[tb]b?\.Sk` + `ip)(?:Now|f)?\b`)

// checkLeftovers holds that what is in the tree is done: what is not is an issue, not a comment.
func checkLeftovers(src source) []string {
	var faults []string
	for _, name := range slices.Sorted(maps.Keys(src.texts)) {
		for i, line := range strings.Split(src.texts[name], "\n") {
			if m := leftover.FindStringSubmatch(line); m != nil {
				faults = append(faults, fmt.Sprintf("%s:%d: %s", name, i+1, m[1]))
			}
		}
	}
	return faults
}
