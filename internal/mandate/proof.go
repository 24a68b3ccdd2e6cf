package mandate

import (
	"mandat/internal/consent"
	"mandat/internal/draft"
	"mandat/internal/procedure"
)

// ErrRefused says that the citizen was asked by SMS about this draft, and said no: nobody else's word counts against theirs.
var ErrRefused = consent.ErrRefused

// slight reports whether a draft is such that an answer by SMS is proof enough: neither a signature nor money, and no other organisation's mandate ends.
func slight(d *draft.Held) bool {
	t := d.Terms
	for _, p := range t.Powers {
		if !procedure.Act.Covers(p.Level) {
			return false
		}
	}
	return !t.Payments && !t.BankDetails && d.Transfers == nil
}
