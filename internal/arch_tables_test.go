package internal_test

import (
	"go/ast"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// created and dropped find tables in migrations.
var (
	created = regexp.MustCompile(`(?i)\bcreate\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?(?:public\.)?"?(\w+)`)
	dropped = regexp.MustCompile(`(?i)\bdrop\s+table\s+(?:if\s+exists\s+)?(?:public\.)?"?(\w+)`)
)

// writes finds the table of a changing statement. Groups: the verb, the name.
var writes = regexp.MustCompile(`(?i)\b(insert\s+into|update|delete\s+from|truncate(?:\s+table)?|copy|merge\s+into)\s+(?:only\s+)?(?:public\.)?"?(\w+)`)

// unnamed finds a statement whose table is put together elsewhere, so that no rule can see it.
var unnamed = regexp.MustCompile(`(?i)\b(insert\s+into|delete\s+from|truncate\s+table|merge\s+into)\s+("?%\w+|"?)$`)

// checkTables holds the rule that a table has one writer: every string of Go and every SQL file of a package is searched.
func checkTables(src source) []string {
	var faults []string
	for _, table := range src.tables {
		if writerOf(table) == "" {
			faults = append(faults, "table "+table+" has no writer")
		}
	}
	for table := range writers {
		if !slices.Contains(src.tables, table) {
			faults = append(faults, "table "+table+" has a writer and no migration")
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(src.packages)) {
		name, level := place(dir)
		if name == "" || level == aside || name == "migrations" || name == "demo" {
			continue // the demonstration's check changes rows behind the program's back, to see them named
		}
		for _, f := range src.packages[dir] {
			faults = append(faults, src.tablesIn(name, f)...)
		}
	}
	for _, sql := range slices.Sorted(maps.Keys(src.texts)) {
		if name, level := place(path.Dir(sql)); path.Ext(sql) == ".sql" && name != "migrations" && name != "" && level != aside {
			faults = append(faults, src.foreign(name, sql, src.texts[sql])...)
		}
	}
	return faults
}

// tablesIn searches one Go file.
func (s *source) tablesIn(name string, f file) []string {
	var faults []string
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				text, _ := strconv.Unquote(n.Value) // the parser has read it
				faults = append(faults, s.foreign(name, s.at(n.Pos()), text)...)
			}
		case *ast.CompositeLit:
			if table := identifier(n); table != "" && slices.Contains(s.tables, table) && writerOf(table) != name {
				faults = append(faults, notOwner(s.at(n.Pos()), name, table))
			}
		}
		return true
	})
	return faults
}

// foreign names the tables that a piece of SQL writes and the package does not own. Words that are no table (select for
// update of …, do update set …, a sentence in English) are not looked at.
func (s *source) foreign(name, where, sql string) []string {
	var faults []string
	for _, m := range writes.FindAllStringSubmatch(sql, -1) {
		table := strings.ToLower(m[2])
		if slices.Contains(s.tables, table) && writerOf(table) != name {
			faults = append(faults, notOwner(where, name, table))
		}
	}
	if unnamed.MatchString(sql) {
		faults = append(faults, where+": the table's name is not in the statement")
	}
	return faults
}

func notOwner(where, name, table string) string {
	return where + ": " + name + " writes " + table + ", which belongs to " + writerOf(table)
}

// identifier is the table of a pgx.Identifier{"table"}, as CopyFrom takes it.
func identifier(lit *ast.CompositeLit) string {
	sel, ok := lit.Type.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Identifier" || len(lit.Elts) == 0 {
		return ""
	}
	last, ok := lit.Elts[len(lit.Elts)-1].(*ast.BasicLit)
	if !ok {
		return ""
	}
	table, _ := strconv.Unquote(last.Value)
	return table
}

func writerOf(table string) string {
	if w, ok := writers[table]; ok {
		return w
	}
	for prefix, w := range writersByPrefix {
		if strings.HasPrefix(table, prefix) {
			return w
		}
	}
	return ""
}

// tablesOf lists what the migrations leave, in the order of their numbers.
func tablesOf(texts map[string]string) []string {
	var tables []string
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if path.Dir(name) != "migrations" || path.Ext(name) != ".sql" {
			continue
		}
		for _, m := range created.FindAllStringSubmatch(texts[name], -1) {
			tables = append(tables, strings.ToLower(m[1]))
		}
		for _, m := range dropped.FindAllStringSubmatch(texts[name], -1) {
			tables = slices.DeleteFunc(tables, func(t string) bool { return t == strings.ToLower(m[1]) })
		}
	}
	slices.Sort(tables)
	return slices.Compact(tables)
}
