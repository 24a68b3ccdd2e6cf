package retention_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"mandat/internal/retention"
)

// period is how docs/retention.md writes a policy's.
func period(p retention.Policy) string {
	if p.Amount == 0 {
		return "as long as valid"
	}
	out := fmt.Sprintf("%d %s", p.Amount, p.Unit)
	if p.Amount != 1 {
		out += "s"
	}
	if !p.Fixed() {
		out += fmt.Sprintf(" (%d to %d)", p.Least, p.Most)
	}
	return out
}

func TestDocs_SayWhatTheTableSays(t *testing.T) {
	t.Parallel()
	k := open(t)
	text, err := os.ReadFile("../../docs/retention.md")
	if err != nil {
		t.Fatal(err)
	}
	var said, want []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [^|]+ \\| ([^|]+) \\| [^|]+ \\|$").FindAllStringSubmatch(string(text), -1) {
		said = append(said, m[1]+": "+m[2])
	}
	all, err := k.register.Policies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		want = append(want, p.Key+": "+period(p))
	}
	if a, b := strings.Join(said, "\n"), strings.Join(want, "\n"); a != b {
		t.Errorf("docs/retention.md says\n%s\nand the table\n%s", a, b)
	}
}
