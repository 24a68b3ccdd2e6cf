package conformance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Plan is one of the suite's plans.
type Plan struct {
	Name    string // of the certification
	ID      string // of the suite's plan
	Results []Result
}

// Result is what became of a test.
type Result struct {
	Name    string
	Passed  bool
	Missing string // for what is not offered, the member of our metadata that says so, as JSON; "" when it is offered
	Note    string // what a reader of the suite's description has to know beside it
}

// Document writes docs/conformance.md.
func Document(plans []Plan) string {
	var b strings.Builder
	b.WriteString(`# What our provider and our relying parties are tested for

Written by the tests (` + "`go test ./internal/conformance -update`" + `), which compare it at each run. The names are those of the OpenID
Foundation's conformance suite, the tests are our own (` + "`internal/conformance`" + `): Mandat has not been certified. A test is **passed**, or
what it is about is **not offered**, and our metadata says so in the member beside it; of a relying party, that is what it registers.

`)
	passed, missing, failed := 0, 0, 0
	for _, p := range plans {
		for _, r := range p.Results {
			switch {
			case !r.Passed:
				failed++
			case r.Missing != "":
				missing++
			default:
				passed++
			}
		}
	}
	fmt.Fprintf(&b, "%d passed, %d not offered.\n", passed, missing)
	if failed > 0 {
		fmt.Fprintf(&b, "**%d failed.**\n", failed)
	}
	for _, p := range plans {
		fmt.Fprintf(&b, "\n## %s (`%s`)\n\n| test | | |\n|---|---|---|\n", p.Name, p.ID)
		for _, r := range p.Results {
			outcome, note := "passed", r.Note
			switch {
			case !r.Passed:
				outcome = "**failed**"
			case r.Missing != "":
				outcome, note = "not offered", strings.TrimSpace("`"+r.Missing+"` "+note)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Name, outcome, note)
		}
	}
	return b.String()
}

// Member writes a member of metadata as it stands there, or an error if it says that the value is offered: a list must
// not have it, a boolean must be false, and a member that is a list must be there.
func Member(metadata map[string]any, name, value string) (string, error) {
	member, ok := metadata[name]
	if list, isList := member.([]any); ok && isList && value != "" && !slices.Contains(list, any(value)) || ok && member == false && value == "" {
		written, err := json.Marshal(map[string]any{name: member})
		return strings.Trim(string(written), "{}"), err
	}
	return "", fmt.Errorf("the metadata does not say that %s %s is not offered: %v", name, value, member)
}
