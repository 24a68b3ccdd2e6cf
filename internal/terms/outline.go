package terms

import (
	"time"

	"mandat/internal/procedure"
)

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
