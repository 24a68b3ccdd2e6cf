package mandate

import (
	"context"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// ErrRefused says that the citizen was asked by SMS about this draft, and said no: nobody else's word counts against theirs.
var ErrRefused = draft.ErrRefused

// slight reports whether terms are such that an answer by SMS is proof enough: neither a signature nor money.
func slight(t terms.Terms) bool {
	for _, p := range t.Powers {
		if !procedure.Act.Covers(p.Level) {
			return false
		}
	}
	return !t.Payments && !t.BankDetails
}

// refused returns ErrRefused when the citizen has said no to the draft, in whatever version.
func refused(ctx context.Context, tx *db.Tx, d *draft.Held) error {
	var no bool
	err := tx.QueryRow(ctx, `select exists (select from consent where organisation_id = $1 and draft_id = $2 and state = 'no')`, d.Organisation, d.ID).Scan(&no)
	if err == nil && no {
		err = ErrRefused
	}
	return err
}
