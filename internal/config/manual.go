package config

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
)

//go:embed config.go
var source []byte

// Manual returns the table of settings in Markdown, made from the comments and tags of Config.
func Manual() (string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "config.go", source, parser.ParseComments)
	if err != nil {
		return "", fmt.Errorf("settings' manual: %w", err)
	}
	var b strings.Builder
	b.WriteString("| setting | default | what it is |\n|---|---|---|\n")
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != "Config" {
			return true
		}
		for _, f := range spec.Type.(*ast.StructType).Fields.List {
			tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
			name, options, _ := strings.Cut(tag.Get("env"), ",")
			value := "–"
			if d, ok := tag.Lookup("envDefault"); ok {
				value = "`" + d + "`"
			} else if strings.Contains(options, "required") {
				value = "required"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, value, strings.Join(strings.Fields(f.Doc.Text()), " "))
		}
		return false
	})
	return b.String(), nil
}

// The lines between which the table stands in docs/operations.md.
const (
	ManualBegin = "<!-- settings: made from internal/config/config.go by `make docs` -->\n"
	ManualEnd   = "<!-- end of settings -->\n"
)

// PutManual replaces the table in a document that has both marks.
func PutManual(document string) (string, error) {
	table, err := Manual()
	if err != nil {
		return "", err
	}
	before, rest, ok := strings.Cut(document, ManualBegin)
	_, after, ok2 := strings.Cut(rest, ManualEnd)
	if !ok || !ok2 {
		return "", fmt.Errorf("settings' manual: the document lacks its marks")
	}
	return before + ManualBegin + table + ManualEnd + after, nil
}
