package internal_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mandat/internal/journal"
)

// formerly are members that entries of before have, and that no code writes any more.
var formerly = map[string][]string{"mandate.signed": {"procedures"}}

// Each action has one Go type for its detail, or none, and what its members are called in JSON is what docs/journal.md says, which
// TestActions_AreThoseOfTheDocs holds against the list. A type may serve several actions: then each of its members belongs to one
// of them. An action has a second type where the package that records it has two acts that are called the same.
func TestEvents_HaveOneTypeForEachAction(t *testing.T) {
	t.Parallel()
	listed := map[string][]string{}
	for _, a := range journal.Actions() {
		listed[a.Name] = a.Detail
	}
	types, claimed := map[string][]detail{}, map[string][]string{}
	var replaced []event
	for _, e := range compile(t).events(t) {
		if e.action == again {
			replaced = append(replaced, e)
			continue
		}
		if _, ok := listed[e.action]; !ok {
			t.Errorf("%s: what was done is not said with one of the actions in the docs, but %q", e.at, e.action)
			continue
		}
		if e.name != "" && e.members == nil {
			t.Errorf("%s: the detail of %s is %s, not a struct whose fields have names in JSON", e.at, e.action, e.name)
		}
		if before := types[e.action]; len(before) > 0 && before[0].pkg() != e.pkg() {
			t.Errorf("%s: the detail of %s is %q here, and %q elsewhere", e.at, e.action, e.name, before[0].name)
		}
		types[e.action] = append(types[e.action], e.detail)
		claimed[e.name] = append(claimed[e.name], listed[e.action]...)
	}
	for _, e := range replaced {
		if claimed[e.name] == nil {
			t.Errorf("%s: a detail is replaced by %s, which stands with no action", e.at, e.name)
		}
	}
	for action, members := range listed {
		for _, member := range members {
			has := func(d detail) bool { return slices.Contains(d.members, member) }
			if !slices.ContainsFunc(types[action], has) && !slices.Contains(formerly[action], member) {
				t.Errorf("%s has a member %q in the docs, and not in the code", action, member)
			}
		}
	}
	for action, all := range types {
		for _, d := range all {
			for _, member := range d.members {
				if !slices.Contains(claimed[d.name], member) {
					t.Errorf("%s, of %s, has a member %q that the docs have for no action of that type", d.name, action, member)
				}
			}
		}
	}
}

// Acts that the service in use before journals, and those that it leaves out.
var (
	before = strings.Fields(`connect_aidant activity_check_aidant card_association card_validation card_dissociation franceconnect_usager update_email_usager
		update_phone_usager create_attestation create_autorisation use_autorisation cancel_autorisation cancel_mandat init_renew_mandat transfer_mandat
		switch_organisation import_totp_cards remote_sms_recap_sent remote_sms_consent_sent remote_sms_consent_received remote_sms_denial_received`)
	leftOut = []string{"Looking citizens up", "Exports", "Printing", "Acts of administrators", "Acts of referents", "Acts of the operator", "Refused steps",
		"Sign-ins that failed", "Signing out", "The charter", "Steps of a login before the identity is given", "Reading the journal", "Destroying"}
)

// Each of them has its counterpart on docs/acts.md, which is an action that the program records.
func TestEvents_CoverWhatWasRecordedBefore(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../docs/acts.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, a := range journal.Actions() {
		listed[a.Name] = true
	}
	rows := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+) \| ([^|]+) \|[^|]*\|$`).FindAllStringSubmatch(string(b), -1) {
		rows[strings.Trim(m[1], "`")] = m[2]
	}
	action := regexp.MustCompile("`([a-z]+\\.[a-z_]+)`")
	for _, what := range append(slices.Clone(before), leftOut...) {
		named := action.FindAllStringSubmatch(rows[what], -1)
		if len(named) == 0 {
			t.Errorf("docs/acts.md names no action for %q", what)
		}
		for _, name := range named {
			if !listed[name[1]] {
				t.Errorf("docs/acts.md names %s for %q, which is not recorded", name[1], what)
			}
		}
		delete(rows, what)
	}
	for what, here := range rows {
		if action.MatchString(here) {
			t.Errorf("docs/acts.md has a line of %q, which no list has", what)
		}
	}
}

// compiled is the program's packages that record acts.
type compiled struct {
	set     *token.FileSet
	exports map[string]string   // by import path: the file of what the compiler knows of it
	files   map[string][]string // of our own packages
}

// compile lets the go command build the program, as every test does anyway.
func compile(t *testing.T) compiled {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-json=ImportPath,Export,Dir,GoFiles", "mandat/cmd/mandat")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	p := compiled{token.NewFileSet(), map[string]string{}, map[string][]string{}}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var x struct {
			ImportPath, Export, Dir string
			GoFiles                 []string
		}
		if err := d.Decode(&x); errors.Is(err, io.EOF) {
			return p
		} else if err != nil {
			t.Fatal(err)
		}
		p.exports[x.ImportPath] = x.Export
		if strings.HasPrefix(x.ImportPath, module) {
			for _, name := range x.GoFiles {
				p.files[x.ImportPath] = append(p.files[x.ImportPath], filepath.Join(x.Dir, name))
			}
		}
	}
}

// event is a place in the code that says what was done.
type event struct {
	action string // "?": not a constant; again: the detail of an event that has an action is replaced
	at     token.Position
	detail
}

const again = "again"

// detail is the type of an entry's detail: "" is none.
type detail struct {
	name    string
	members []string
}

// pkg is where the type is declared.
func (d detail) pkg() string { return strings.TrimPrefix(strings.Split(d.name, ".")[0], "*") }

// events finds every literal of journal.Event.
func (p compiled) events(t *testing.T) []event {
	t.Helper()
	imports := importer.ForCompiler(p.set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(p.exports[path]) })
	var out []event
	for _, path := range slices.Sorted(maps.Keys(p.files)) {
		files, records := p.parse(t, path)
		if !records {
			continue
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
		if _, err := (&types.Config{Importer: imports}).Check(path, p.set, files, info); err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				if e := eventOf(n, info); e.action != "" {
					e.at = p.set.Position(n.Pos())
					out = append(out, e)
				}
				return true
			})
		}
	}
	return out
}

// parse reads the files of a package; records says that it may hold events.
func (p compiled) parse(t *testing.T, path string) (files []*ast.File, records bool) {
	t.Helper()
	for _, name := range p.files[path] {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(p.set, name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files, records = append(files, f), records || strings.Contains(string(text), "Event{")
	}
	return files, records
}

// eventOf reads a literal of journal.Event. It has to name the action, unless it says where the act was and no more.
func eventOf(n ast.Node, info *types.Info) event {
	var e event
	switch n := n.(type) {
	case *ast.AssignStmt:
		for i, to := range n.Lhs {
			s, ok := to.(*ast.SelectorExpr)
			switch {
			case !ok || !isEvent(info.TypeOf(s.X)):
			case s.Sel.Name == "Action":
				e.action = "?"
			case s.Sel.Name == "Detail" && len(n.Lhs) == len(n.Rhs):
				e = event{action: again, detail: detailOf(info.TypeOf(n.Rhs[i]))}
			}
		}
	case *ast.CompositeLit:
		if !isEvent(info.TypeOf(n)) {
			break
		}
		for _, elt := range n.Elts {
			kv, ok := elt.(*ast.KeyValueExpr)
			if !ok {
				return event{action: "?"}
			}
			switch types.ExprString(kv.Key) {
			case "Action":
				if v := info.Types[kv.Value].Value; v != nil {
					e.action = constant.StringVal(v)
				}
			case "Detail":
				e.detail = detailOf(info.TypeOf(kv.Value))
			}
		}
		if e.action == "" && e.name != "" {
			e.action = "?"
		}
	}
	return e
}

func detailOf(t types.Type) detail {
	return detail{strings.TrimPrefix(t.String(), module+"internal/"), jsonMembers(t)}
}

func isEvent(t types.Type) bool {
	return t != nil && strings.TrimPrefix(t.String(), "*") == module+"internal/journal.Event"
}

// jsonMembers are the names that a struct's fields have in JSON; nil: it is none, or one has no name of its own.
func jsonMembers(t types.Type) []string {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	var out []string
	for i := range s.NumFields() {
		name, _, _ := strings.Cut(reflect.StructTag(s.Tag(i)).Get("json"), ",")
		switch {
		case s.Field(i).Embedded() && name == "":
			out = append(out, jsonMembers(s.Field(i).Type())...)
		case name == "":
			return nil
		default:
			out = append(out, name)
		}
	}
	return out
}
