package mutate

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// Mutant is one change to one condition.
type Mutant struct {
	Number int    // behind which it sleeps, from 1
	File   string // its name within the package
	Line   int
	Place  string // the function or the declaration that it stands in
	Text   string // the condition, in one line
	Nth    int    // among those of the same text in the same place, from 1
	SQL    bool
}

// Name says which condition it is, wherever the lines of its file move to.
func (m Mutant) Name() string {
	name := fmt.Sprintf("%s %s: %s", m.File, m.Place, m.Text)
	if m.Nth > 1 {
		name += fmt.Sprintf(" (%d)", m.Nth)
	}
	return name
}

// edit replaces the bytes from From up to To by Text. Where several begin at one place, those with the lower Order come first.
type edit struct {
	From, To int
	Text     string
	Order    int
}

// file is one source file while its conditions are looked for.
type file struct {
	name     string
	source   []byte
	set      *token.FileSet
	tree     *ast.File
	edits    []edit
	moved    []string // declarations that come after everything else
	variable map[string]bool
	seen     map[string]int
	place    string
	inside   []ast.Node // what stands around the node at hand
	in       *pack
}

// pack is a package while its conditions are looked for.
type pack struct {
	files   []*file
	mutants []Mutant
}

// find parses sources (name to text) and finds every condition in them, in the order of names and lines.
func find(sources map[string][]byte) (*pack, error) {
	p := &pack{}
	for name, source := range sources {
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("mutate: %w", err)
		}
		p.files = append(p.files, &file{name: name, source: source, set: set, tree: tree, seen: map[string]int{}, in: p})
	}
	slices.SortFunc(p.files, func(a, b *file) int { return strings.Compare(a.name, b.name) })
	variable := p.variables()
	for _, f := range p.files {
		f.variable = variable
		for _, d := range f.tree.Decls {
			f.declaration(d)
		}
	}
	return p, nil
}

// add gives a condition its number.
func (f *file) add(pos token.Pos, text string, sql bool) int {
	text = strings.Join(strings.Fields(text), " ")
	m := Mutant{Number: len(f.in.mutants) + 1, File: filepath.Base(f.name), Line: f.set.Position(pos).Line, Place: f.place, Text: text, SQL: sql}
	f.seen[m.Place+"\x00"+text]++
	m.Nth = f.seen[m.Place+"\x00"+text]
	f.in.mutants = append(f.in.mutants, m)
	return m.Number
}

// text is the source of a node.
func (f *file) text(n ast.Node) string { return string(f.source[f.at(n.Pos()):f.at(n.End())]) }

func (f *file) at(p token.Pos) int { return f.set.Position(p).Offset }

func (f *file) declaration(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Body == nil {
			return
		}
		f.place = d.Name.Name
		if d.Recv != nil {
			f.place = strings.TrimPrefix(f.text(d.Recv.List[0].Type), "*") + "." + f.place
		}
		f.walk(d.Body)
	case *ast.GenDecl:
		f.values(d)
	}
}

// values looks into the values of a declaration outside functions.
func (f *file) values(d *ast.GenDecl) {
	for _, s := range d.Specs {
		spec, ok := s.(*ast.ValueSpec)
		if !ok || len(spec.Values) == 0 {
			continue
		}
		f.place = spec.Names[0].Name
		if d.Tok != token.CONST {
			for _, v := range spec.Values {
				f.walk(v)
			}
			continue
		}
		if len(spec.Names) == 1 && f.variable[f.place] {
			f.move(d, spec)
		}
	}
}

// walk finds the conditions in a node, outer before inner.
func (f *file) walk(root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			f.inside = f.inside[:len(f.inside)-1]
			return false
		}
		descend := f.visit(n)
		if descend {
			f.inside = append(f.inside, n)
		}
		return descend
	})
}

func (f *file) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IfStmt:
		f.condition(n.Cond)
	case *ast.ForStmt:
		if n.Cond != nil {
			f.condition(n.Cond)
		}
	case *ast.SwitchStmt:
		f.cases(n)
	case *ast.DeclStmt:
		if d, ok := n.Decl.(*ast.GenDecl); ok && d.Tok == token.CONST {
			return f.local(d)
		}
	case *ast.BinaryExpr:
		switch n.Op {
		case token.LAND, token.LOR:
			f.condition(n.X)
			f.condition(n.Y)
		case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			f.condition(n)
		case token.ADD:
			return !f.statement(n)
		}
	case *ast.BasicLit:
		f.statement(n)
	}
	return true
}

// condition lets an expression say the opposite. What is made of others by && and || is those; a ! or a parenthesis around
// one changes nothing about it.
func (f *file) condition(e ast.Expr) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		f.condition(e.X)
		return
	case *ast.UnaryExpr:
		if e.Op == token.NOT {
			f.condition(e.X)
			return
		}
	case *ast.BinaryExpr:
		if e.Op == token.LAND || e.Op == token.LOR {
			return // visit comes to its sides
		}
	}
	begin, end := f.at(e.Pos()), f.at(e.End())
	for _, old := range f.edits {
		if old.From == begin && old.To == begin && old.Order == -end {
			return // an if over a comparison: it is one condition
		}
	}
	n := f.add(e.Pos(), f.text(e), false)
	f.edits = append(f.edits, edit{begin, begin, fmt.Sprintf("mutantIs(%d, ", n), -end}, edit{end, end, ")", -n})
}

// cases lets each value of a switch over something be missed, or taken for any other: `switch x { case a: }` is written as
// `switch m := x; { case m == a: }`. A switch without anything to compare has conditions for cases.
func (f *file) cases(s *ast.SwitchStmt) {
	var values []ast.Expr
	for _, c := range s.Body.List {
		values = append(values, c.(*ast.CaseClause).List...)
	}
	if s.Tag == nil {
		for _, v := range values {
			f.condition(v)
		}
		return
	}
	labelled := len(f.inside) > 0
	if labelled {
		_, labelled = f.inside[len(f.inside)-1].(*ast.LabeledStmt)
	}
	if len(values) == 0 || s.Init != nil || labelled {
		return
	}
	name := fmt.Sprintf("mutantOf%d", len(f.in.mutants)+1)
	tag := f.at(s.Tag.Pos())
	f.edits = append(f.edits, edit{tag, tag, name + " := ", -len(f.source)}, edit{f.at(s.Tag.End()), f.at(s.Tag.End()), ";", 1})
	for _, v := range values {
		n := f.add(v.Pos(), "case "+f.text(v), false)
		begin, end := f.at(v.Pos()), f.at(v.End())
		f.edits = append(f.edits, edit{begin, begin, fmt.Sprintf("mutantIs(%d, %s == ", n, name), -end - 1}, edit{end, end, ")", -n})
	}
}
