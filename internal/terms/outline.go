package terms

import (
	"slices"
	"time"

	"mandat/internal/procedure"
)

// NotOffered lists the keys of what is asked for that a catalogue does not offer so, nil when there are none: it has no such procedure, or not at this level,
// or has a warning of it that nobody read. Terms that were good under one version of the catalogue may not be under the next.
func (t Terms) NotOffered(c *procedure.Catalogue) []string {
	var out []string
	for _, asked := range t.Powers {
		p, _ := c.Find(asked.Procedure)
		if !slices.Contains(p.Levels, asked.Level) || p.Warning != nil && !t.Warned {
			out = append(out, asked.Procedure)
		}
	}
	return out
}

// Outlined is one power that is asked for, as it may be shown to somebody of whom nobody knows yet who they are.
type Outlined struct {
	procedure.Procedure
	Level procedure.Level
	Case  bool      // for one case only, whose reference is not told
	Until time.Time // its end, if it were signed now
}

// Outline returns the powers that are asked for, in their order, without what the catalogue no longer has.
func (t Terms) Outline(c *procedure.Catalogue, now time.Time) []Outlined {
	var out []Outlined
	for _, asked := range t.Powers {
		if p, ok := c.Find(asked.Procedure); ok {
			out = append(out, Outlined{p, asked.Level, asked.Case != "", t.Span(now, p.MaxDays).Until})
		}
	}
	return out
}
