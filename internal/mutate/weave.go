package mutate

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// piece is a part of a statement's text: written here, or elsewhere under a name.
type piece struct {
	text string
	name string // the source of what stands elsewhere, "" for what is written here
}

// pieces takes a + of strings apart, false if it is anything else.
func (f *file) pieces(e ast.Expr) ([]piece, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return nil, false
		}
		text, err := strconv.Unquote(e.Value)
		return []piece{{text: text}}, err == nil
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return nil, false
		}
		left, ok1 := f.pieces(e.X)
		right, ok2 := f.pieces(e.Y)
		return append(left, right...), ok1 && ok2
	case *ast.ParenExpr:
		return f.pieces(e.X)
	case *ast.Ident, *ast.SelectorExpr:
		return []piece{{name: f.text(e)}}, true
	}
	return nil, false
}

// joined is the text of pieces, with \x00 and a number for each that stands elsewhere.
func joined(parts []piece) string {
	var b strings.Builder
	for i, p := range parts {
		if p.name != "" {
			fmt.Fprintf(&b, "\x00%d\x00", i)
			continue
		}
		b.WriteString(p.text)
	}
	return b.String()
}

// isStatement says whether an expression is a statement of SQL, or part of one.
func (f *file) isStatement(e ast.Expr) ([]piece, bool) {
	parts, ok := f.pieces(e)
	if !ok || !slices.ContainsFunc(parts, func(p piece) bool { return p.name == "" }) {
		return nil, false
	}
	return parts, sqlLike.MatchString(joined(parts))
}

// woven writes an expression that is the statement, or, when one of its mutants is awake, the statement with that
// condition held to be true. The condition stays in it, so that PostgreSQL still knows the types of parameters. "" means
// that there is no condition in it.
func (f *file) woven(e ast.Expr) string {
	parts, ok := f.isStatement(e)
	if !ok {
		return ""
	}
	sql := joined(parts)
	var b strings.Builder
	for _, c := range conditions(sql) {
		text := restore(sql[c.From:c.To], parts, func(p piece) string { return p.name })
		n := f.add(e.Pos(), text, true)
		changed := sql[:c.From] + "(" + sql[c.From:c.To] + " or true)" + sql[c.To:]
		fmt.Fprintf(&b, ", mutantText{%d, %s}", n, expression(changed, parts))
	}
	if b.Len() == 0 {
		return ""
	}
	return "mutantSQL(" + f.text(e) + b.String() + ")"
}

// restore puts what stands elsewhere back into a text of joined.
func restore(sql string, parts []piece, write func(piece) string) string {
	for i, p := range parts {
		if p.name != "" {
			sql = strings.ReplaceAll(sql, fmt.Sprintf("\x00%d\x00", i), write(p))
		}
	}
	return sql
}

// expression writes a text of joined as an expression of Go.
func expression(sql string, parts []piece) string {
	fields := strings.Split(sql, "\x00") // text, number, text, number, …, text
	for i := range fields {
		if i%2 == 0 {
			fields[i] = strconv.Quote(fields[i])
			continue
		}
		n, _ := strconv.Atoi(fields[i])
		fields[i] = parts[n].name
	}
	return strings.Join(fields, " + ")
}

// statement weaves a statement that stands inside a function. It reports whether it did.
func (f *file) statement(e ast.Expr) bool {
	if w := f.woven(e); w != "" {
		f.edits = append(f.edits, edit{f.at(e.Pos()), f.at(e.End()), w, 0})
		return true
	}
	return false
}

// variables names the constants outside functions that have to become variables: statements, and what is made of them.
func (p *pack) variables() map[string]bool {
	names := map[string]bool{}
	for grown := true; grown; {
		grown = false
		for _, f := range p.files {
			for name, value := range f.constants() {
				if names[name] {
					continue
				}
				parts, ok := f.isStatement(value)
				if all, isText := f.pieces(value); !ok && isText {
					parts = all
				}
				made := slices.ContainsFunc(parts, func(q piece) bool { return names[q.name] })
				if made || ok && len(conditions(joined(parts))) > 0 {
					names[name], grown = true, true
				}
			}
		}
	}
	return names
}

// constants are those outside functions with a name and a value each.
func (f *file) constants() map[string]ast.Expr {
	out := map[string]ast.Expr{}
	for _, d := range f.tree.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
			for _, s := range g.Specs {
				if spec := s.(*ast.ValueSpec); len(spec.Names) == 1 && len(spec.Values) == 1 {
					out[spec.Names[0].Name] = spec.Values[0]
				}
			}
		}
	}
	return out
}

// move makes a constant a variable at the end of the file: within a list of constants it cannot be one.
func (f *file) move(d *ast.GenDecl, spec *ast.ValueSpec) {
	value := f.woven(spec.Values[0])
	if value == "" {
		value = f.text(spec.Values[0])
	}
	kind := ""
	if spec.Type != nil {
		kind = " " + f.text(spec.Type)
	}
	f.moved = append(f.moved, "var "+spec.Names[0].Name+kind+" = "+value)
	from, to := f.at(spec.Pos()), f.at(spec.End())
	if !d.Lparen.IsValid() {
		from = f.at(d.Pos())
	}
	lines := strings.Repeat("\n", strings.Count(string(f.source[from:to]), "\n"))
	f.edits = append(f.edits, edit{from, to, lines, 0})
}

// local makes the statements among the constants of a function variables. It returns whether to look into them.
func (f *file) local(d *ast.GenDecl) bool {
	if d.Lparen.IsValid() || len(d.Specs) != 1 {
		return false
	}
	spec := d.Specs[0].(*ast.ValueSpec)
	if len(spec.Values) != 1 {
		return false
	}
	parts, ok := f.pieces(spec.Values[0])
	made := ok && slices.ContainsFunc(parts, func(q piece) bool { return f.variable[q.name] })
	if w := f.woven(spec.Values[0]); w != "" {
		f.edits = append(f.edits, edit{f.at(spec.Values[0].Pos()), f.at(spec.Values[0].End()), w, 0})
		made = true
	}
	if made {
		f.edits = append(f.edits, edit{f.at(d.Pos()), f.at(d.Pos()) + len("const"), "var", 0})
	}
	return false
}

// weave returns the file with every mutant in it, asleep. Lines stay where they were.
func (f *file) weave() string {
	edits := slices.Clone(f.edits)
	slices.SortStableFunc(edits, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(closes(b), closes(a)), cmp.Compare(a.Order, b.Order))
	})
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.Write(f.source[at:e.From])
		b.WriteString(e.Text)
		at = e.To
	}
	b.Write(f.source[at:])
	return b.String() + "\n" + strings.Join(f.moved, "\n") + "\n"
}

// closes orders edits at one place: what ends something comes before what begins something.
func closes(e edit) int {
	if strings.HasPrefix(e.Text, ")") {
		return 1
	}
	return 0
}

// runtime is what a woven package needs: %s is its name.
const runtime = `package %s

import (
	"os"
	"strconv"
	"sync"
)

var mutantAwake, _ = strconv.Atoi(os.Getenv("MANDAT_MUTANT"))

var mutantsSeen struct {
	sync.Mutex
	numbers map[int]bool
}

// mutantHere notes in the file MANDAT_MUTANTS_SEEN that a test came by.
func mutantHere(n int) {
	name := os.Getenv("MANDAT_MUTANTS_SEEN")
	if name == "" {
		return
	}
	mutantsSeen.Lock()
	defer mutantsSeen.Unlock()
	if mutantsSeen.numbers[n] {
		return
	}
	if mutantsSeen.numbers == nil {
		mutantsSeen.numbers = map[int]bool{}
	}
	mutantsSeen.numbers[n] = true
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	if _, err := file.WriteString(strconv.Itoa(n) + "\n"); err != nil {
		panic(err)
	}
}

func mutantIs[B ~bool](n int, holds B) B {
	mutantHere(n)
	return holds != (n == mutantAwake)
}

type mutantText struct {
	n    int
	text string
}

func mutantSQL(text string, changed ...mutantText) string {
	for _, c := range changed {
		if c.n == mutantAwake {
			return c.text
		}
	}
	return text
}
`
