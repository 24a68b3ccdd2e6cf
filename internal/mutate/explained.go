package mutate

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// ReadExplained reads the list of mutants that survive for a reason: the package, a space and the mutant's name in one
// line, the reason in the next, which begins with a tab. Lines that are empty or begin with # say nothing.
func ReadExplained(r io.Reader) (map[string]string, error) {
	out := map[string]string{}
	name, lines := "", bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "\t"):
			if name == "" {
				return nil, fmt.Errorf("explained, line %d: a reason without a mutant", n)
			}
			out[name], name = strings.TrimSpace(line), ""
		case name != "":
			return nil, fmt.Errorf("explained, line %d: the mutant before has no reason", n)
		default:
			if name = line; out[name] != "" {
				return nil, fmt.Errorf("explained, line %d: stands twice", n)
			}
		}
	}
	if name != "" {
		return nil, fmt.Errorf("explained: the last mutant has no reason")
	}
	return out, lines.Err()
}
