package report

import (
	"slices"

	"github.com/google/uuid"

	"mandat/internal/paper"
)

// Part is one page of a report as it is read on a screen. What is printed and handed over is the whole.
type Part struct {
	Body         []paper.Block
	Number, Of   int       // from 1
	Before, Next uuid.UUID // the uses after which the page before and the next one begin; the nil id is the beginning of the report
}

// Part returns the page of the report that begins after a use, the first for the nil id; false when the report has no such page. At its head each says how many
// uses there were; what follows the uses stands on the last.
func (r Report) Part(after uuid.UUID) (Part, bool) {
	from := 0
	if after != uuid.Nil {
		from = 1 + slices.IndexFunc(r.Uses, func(u Use) bool { return u.ID == after })
		if from == 0 || from == len(r.Uses) {
			return Part{}, false
		}
	}
	if len(r.Uses) == 0 {
		return Part{Body: r.Body, Number: 1, Of: 1}, true
	}
	to := min(from+PageLength, len(r.Uses))
	out := Part{Number: from/PageLength + 1, Of: (len(r.Uses) + PageLength - 1) / PageLength, Next: r.Uses[to-1].ID}
	if from > PageLength {
		out.Before = r.Uses[from-PageLength-1].ID
	}
	end := usesFrom + blocksEach*len(r.Uses)
	out.Body = slices.Concat(r.Body[:usesFrom], r.Body[usesFrom+blocksEach*from:usesFrom+blocksEach*to])
	if to == len(r.Uses) {
		out.Body = append(out.Body, r.Body[end:]...)
	}
	return out, true
}
