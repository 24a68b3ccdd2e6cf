package mandate

import (
	"mandat/internal/draft"
	"mandat/internal/terms"
)

// KeepEvidence is keepEvidence, for acts that tests put together.
var KeepEvidence = keepEvidence

// Slight is slight of a draft with some terms.
func Slight(t terms.Terms) bool { return slight(&draft.Held{Draft: draft.Draft{Terms: t}}) }

// SlightTransfer is slight of a draft that transfers a mandate.
func SlightTransfer(t terms.Terms) bool {
	return slight(&draft.Held{Draft: draft.Draft{Terms: t, Transfers: &terms.Transferred{}}})
}
