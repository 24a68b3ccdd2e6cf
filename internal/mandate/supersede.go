package mandate

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
)

// superseded is an earlier power that this act ended.
type superseded struct {
	Mandate   string `json:"mandate"`
	Procedure string `json:"procedure"`
	Case      string `json:"case,omitempty"`
	Reason    string `json:"reason"` // superseded, or expired when its time was over already
}

// taken lists the powers whose place others take at a time.
func taken(earlier []Power, at time.Time) []superseded {
	var out []superseded
	for _, p := range earlier {
		reason := "superseded"
		if !at.Before(p.EndsAt) {
			reason = "expired"
		}
		out = append(out, superseded{p.Mandate.String(), p.Procedure, p.Case, reason})
	}
	return out
}

// supersede ends powers whose place others take, and the mandates of which nothing is left that lasts. Rows are named by their primary key, of which
// the lock of the citizen has kept everybody else away since they were read.
func (r *Register) supersede(tx *journal.Tx, earlier []Power) {
	var mandates []uuid.UUID
	for _, p := range earlier {
		tx.Queue(`update mandate_power set state = 'ended', ended_at = least(ends_at, $4), end_reason = case when ends_at <= $4 then 'expired' else 'superseded' end
			where mandate_id = $1 and procedure = $2 and case_ref = $3 and state <> 'ended'`, p.Mandate, p.Procedure, p.Case, tx.Now)
		if !slices.Contains(mandates, p.Mandate) {
			mandates = append(mandates, p.Mandate)
		}
	}
	for _, mandate := range mandates {
		conclude(tx, mandate)
		r.closed(tx, mandate)
	}
}
