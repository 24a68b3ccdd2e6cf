// Package internal_test holds the structure of the program, as rules that fail when it drifts: which package may import
// which, who writes which table, and the house rules that a reader can count. Adding a package or a table means adding a
// line here; changing an order is a decision that belongs in docs/decisions.
package internal_test

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// levels is the order of imports, lowest first. A package may import those of lower levels, and of its own level only
// what beside says. Folders below one of these count as part of it, unless they have a line of their own.
var levels = [][]string{
	// 0 knows nothing of the program
	{"migrations", "web", "config", "clock", "token", "envelope", "evidence", "oidc", "procedure", "prose", "opening", "private", "paper", "pdf", "qr", "upstream", "mail", "sms", "sirene", "outward", "journal/format", "journal/verify", "journal/witness", "journal/stamp", "journal/draw", "journal/checker", "cmd/mandat-verify", "receipt/format", "spreadsheet", "chart"},
	// 1 the way to PostgreSQL, the way to the browser, the program's keys
	{"db", "page"},
	// 2 what every act needs
	{"journal", "throttle", "jobs", "wrapping", "dpop"},
	// 3 rules and their SQL, no HTTP
	{"client", "org", "anomaly", "statistics", "contact", "invitation", "card", "credential", "citizen", "terms", "draft", "mandate", "caseload", "attestation", "comparison", "keyring", "signingkey", "certification", "charter", "dossier", "retention", "notify", "backup", "phone", "consent", "report", "receipt", "unsealing", "inquiry", "sampling", "recipient", "erasure"},
	// 4 protocols
	{"session", "signin", "maillink", "proconnect", "franceconnect", "idp", "smsin", "clientauth", "apitoken", "decision", "backchannel"},
	// 5 pages, no SQL
	{"site/public", "site/mails", "site/login", "site/account", "site/aidant", "site/counter", "site/auditor", "site/referent", "site/admin", "site/figures", "site/recipient", "site/staff"},
	// 6 the whole
	{"app"},
	// 7 what runs the whole with stand-ins around it
	{"demo"},
	{"cmd/mandat"},
}

// beside lists the imports allowed within one level.
var beside = map[string][]string{
	"envelope":          {"token"},
	"paper":             {"prose", "pdf"},
	"opening":           {"prose"},
	"journal/verify":    {"journal/format", "journal/stamp"},
	"journal/draw":      {"journal/format", "journal/stamp", "journal/verify"},
	"journal/checker":   {"journal/format", "journal/verify"},
	"cmd/mandat-verify": {"journal/checker"}, // and nothing else, ever: it is for those who trust no more
	"sirene":            {"clock"},
	"upstream":          {"oidc", "token"},
	"backup":            {"keyring"},
	"idp":               {"session", "clientauth", "apitoken", "backchannel"},
	"decision":          {"apitoken", "clientauth"},
	"jobs":              {"journal"},
	"wrapping":          {"journal"},
	"page":              {"db"},
	"card":              {"org"},
	"credential":        {"org", "card"},
	"terms":             {"citizen"},
	"draft":             {"org", "citizen", "terms"},
	"mandate":           {"org", "citizen", "credential", "terms", "draft", "consent"},
	"attestation":       {"org", "citizen", "terms", "mandate"},
	"caseload":          {"org", "citizen", "draft", "mandate"},
	"certification":     {"org"},
	"charter":           {"org"},
	"notify":            {"org", "citizen"},
	"contact":           {"org"},
	"client":            {"org"},
	"phone":             {"org", "citizen"},
	"consent":           {"org", "citizen", "phone"},
	"invitation":        {"org"},
	"report":            {"org", "citizen", "draft", "mandate", "unsealing"},
	"unsealing":         {"org", "citizen"},
	"anomaly":           {"org"},
	"statistics":        {"org"},
	"receipt":           {"org", "mandate"},
	"inquiry":           {"org", "mandate"},
	"recipient":         {"org", "mandate", "caseload"},
	"sampling":          {"org"},
	"retention":         {"org", "erasure"},
	"dossier":           {"org", "citizen", "terms", "draft", "mandate", "attestation", "report", "phone", "consent"},
	"erasure":           {"org", "citizen", "mandate", "draft", "attestation", "report", "consent", "phone", "notify", "receipt"},
	"comparison":        {"client", "anomaly", "statistics", "receipt", "report", "phone", "consent", "org", "contact", "invitation", "card", "credential", "citizen", "mandate", "caseload", "attestation", "certification", "charter", "signingkey", "unsealing", "sampling", "inquiry", "recipient", "erasure"},
	"signin":            {"session"},
	"maillink":          {"session"},
	"proconnect":        {"session", "signin"},
	"franceconnect":     {"session"},
	"site/aidant":       {"site/staff"},
	"site/counter":      {"site/staff"},
	"site/referent":     {"site/staff"},
	"site/admin":        {"site/staff"},
	"site/auditor":      {"site/staff"},
	"site/recipient":    {"site/staff"},

	"journal/witness": {"journal/format", "clock"},
}

// helpers are for the demo and for tests; what serves people never imports them. They may import one another, and the
// packages of levels that they list, "*" for any.
var helpers = map[string][]string{
	"npm":         {},
	"certs":       {},
	"cluster":     {},
	"twin":        {},
	"browse":      {},
	"walk":        {},
	"mailbox":     {},
	"softkey":     {},
	"tsa":         {},
	"mishap":      {},
	"rogue":       {"oidc", "token", "clock", "upstream"},
	"mutate":      {},
	"conformance": {"*"},
	"dbtest":      {"db", "migrations"},
	"fixture":     {"*"},
	"load":        {"*"},
	"desk":        {"*"},
	"sitetest":    {"*"},
	"apptest":     {"*"},
	"bench":       {"*"},
	"e2e":         {"*"},
}

// mayUseHelpers are the packages of levels that run stand-ins.
var mayUseHelpers = []string{"demo", "cmd/mandat"}

// forbidden lists outside packages that a level must not import: the lowest need no database, rules know no
// HTTP, handlers know no SQL.
var forbidden = map[int][]string{
	0: {"github.com/jackc/pgx/v5", "github.com/jackc/pgx/v5/pgxpool", "database/sql"},
	3: {"net/http"},
	5: {"github.com/jackc/pgx/v5", "github.com/jackc/pgx/v5/pgxpool", "database/sql"},
}

// writers says which package writes each table. A rule about the rows of a table is then in one place.
var writers = map[string]string{
	"organisation":     "org",
	"person":           "org",
	"membership":       "org",
	"citizen":          "citizen",
	"mandate":          "mandate",
	"mandate_draft":    "draft",
	"mandate_power":    "mandate",
	"mandate_handover": "caseload",
	"mandate_evidence": "mandate",
	"mandate_end_told": "caseload",
	"credential_card":  "card",
	"client":           "client",
}

// writersByPrefix is for packages that own several tables named after them.
var writersByPrefix = map[string]string{
	"organisation_":   "org",
	"person_identity": "org",
	"person_warning":  "org",
	"person_giver":    "org",
	"person_contact":  "contact",
	"citizen_mails":   "citizen",
	"invitation":      "invitation",
	"comparison":      "comparison",
	"journal_":        "journal",
	"session":         "session",
	"throttle":        "throttle",
	"credential_":     "credential",
	"proconnect_":     "proconnect",
	"franceconnect_":  "franceconnect",
	"idp_":            "idp",
	"decision_":       "decision",
	"dpop_":           "dpop",
	"api_token":       "apitoken",
	"backchannel_":    "backchannel",
	"attestation":     "attestation",
	"security_":       "session",
	"notify_":         "notify",
	"certification":   "certification",
	"charter":         "charter",
	"signing_key":     "signingkey",
	"wrapping_key":    "wrapping",
	"maillink":        "maillink",
	"phone":           "phone",
	"consent":         "consent",
	"smsin_":          "smsin",
	"report_":         "report",
	"client_":         "clientauth",
	"receipt_":        "receipt",
	"unsealing":       "unsealing",
	"anomaly_":        "anomaly",
	"statistics_":     "statistics",
	"inquiry":         "inquiry",
	"recipient_":      "recipient",
	"sample":          "sampling",
	"erasure_":        "erasure",
	"retention_":      "retention",
}

const (
	longestFile     = 500 // lines
	longestFunction = 100
)

func TestStructure(t *testing.T) {
	t.Parallel()
	for _, fault := range examine(os.DirFS("..")) {
		t.Error(fault)
	}
}

// examine applies every rule to the source tree.
func examine(tree fs.FS) []string {
	src, faults := read(tree)
	faults = append(faults, checkImports(src)...)
	faults = append(faults, checkTables(src)...)
	faults = append(faults, checkDocs(src)...)
	faults = append(faults, checkInit(src)...)
	faults = append(faults, checkSizes(src)...)
	return append(faults, checkLeftovers(src)...)
}

// TestStructure_Finds plants one violation of each rule and expects exactly that one to be named.
func TestStructure_Finds(t *testing.T) {
	t.Parallel()
	const doc = "// Package p is.\npackage p\n"
	long := strings.Repeat("\n", longestFunction)
	for want, files := range map[string]map[string]string{
		"internal/clock imports internal/db, which is not below it":          {"internal/clock/x.go": doc + `import _ "mandat/internal/db"`},
		"internal/citizen imports internal/mandate, which is not below it":   {"internal/citizen/x.go": doc + `import _ "mandat/internal/mandate"`},
		"internal/journal/verify imports internal/db, which is not below it": {"internal/journal/verify/x.go": doc + `import _ "mandat/internal/db"`},
		"internal/journal imports internal/dbtest, which is for tests":       {"internal/journal/x.go": doc + `import _ "mandat/internal/dbtest"`},
		"internal/browse imports internal/org, which is not in its list":     {"internal/browse/x.go": doc + `import _ "mandat/internal/org"`},
		"internal/novelty has no line in levels or helpers":                  {"internal/novelty/x.go": doc},
		"internal/mandate imports net/http":                                  {"internal/mandate/x.go": doc + `import _ "net/http"`},
		"internal/site/aidant imports github.com/jackc/pgx/v5":               {"internal/site/aidant/x.go": doc + `import _ "github.com/jackc/pgx/v5"`},
		"internal/org/x.go:3: org writes citizen, which belongs to citizen":  {"internal/org/x.go": doc + "const q = `with x as (UPDATE public.citizen set a = 1) select`"},
		"internal/idp/x.go:3: idp writes session, which belongs to session":  {"internal/idp/x.go": doc + "const q = \"delete from\\n session where\""},
		"internal/org/x.go:3: the table's name is not in the statement":      {"internal/org/x.go": doc + "const q = \"insert into \" + \"x\""},
		"internal/org/x.go:4: org writes mandate, which belongs to mandate":  {"internal/org/x.go": doc + "import \"github.com/jackc/pgx/v5\"\nvar x = pgx.Identifier{\"mandate\"}"},
		"table newcomer has no writer":                                       {"migrations/0009_x.sql": "create table newcomer (id int);"},
		"internal/org: no package comment":                                   {"internal/org/x.go": "package org"},
		"internal/org/x.go:3: F is exported and not documented":              {"internal/org/x.go": doc + "func F() {}"},
		"internal/org/x.go:4: T.M is exported and not documented":            {"internal/org/x.go": doc + "type T struct{}; // T is.\nfunc (T) M() {}"},
		"internal/org/x.go:3: V is exported and not documented":              {"internal/org/x.go": doc + "var V = 1"},
		"internal/org/x.go:3: f has 102 lines, more than 100":                {"internal/org/x.go": doc + "func f() {\n" + long + "}"},
		"internal/org/x.go has 502 lines, more than 500":                     {"internal/org/x.go": doc + strings.Repeat("\n", 500)},
		"internal/org/x_test.go:1: " + "TO" + "DO":                           {"internal/org/x_test.go": "// TO" + "DO later\npackage org"},
		"internal/org/x_test.go:3: " + "t.Sk" + "ip":                         {"internal/org/x_test.go": "package org\n\nfunc f() { t.Sk" + "ip(\"later\") }"},
		"internal/org/x.go:3: init runs before anybody asked for it":         {"internal/org/x.go": doc + "func init() {}"},
		"web/templates/x.html:2: " + "FIX" + "ME":                            {"web/templates/x.html": "<p>\n{{/* FIX" + "ME */}}"},
		"internal/org/x.go: 3:1: expected declaration, found nonsense":       {"internal/org/x.go": doc + "nonsense"},
	} {
		tree := fstest.MapFS{"migrations/0001_x.sql": {Data: []byte(planted)}}
		for name, content := range files {
			tree[name] = &fstest.MapFile{Data: []byte(content)}
			if dir := path.Dir(name); strings.HasSuffix(name, "_test.go") {
				tree[dir+"/doc.go"] = &fstest.MapFile{Data: []byte(doc)}
			}
		}
		if got := examine(tree); !slices.Equal(got, []string{want}) {
			t.Errorf("planted for %q, found %q", want, got)
		}
	}
}

// planted creates every table of writers, so that only the planted fault shows.
const planted = `create table organisation (); create table person (); create table membership ();
create table citizen (); create table mandate (); create table mandate_draft (); create table mandate_power (); create table mandate_handover (); create table mandate_evidence (); create table mandate_end_told ();
create table session (); create table credential_card (); create table client ();`
