package mandate

import (
	"context"

	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/procedure"
)

// ErrRefused says that the citizen was asked by SMS about this draft, and said no: nobody else's word counts against theirs.
var ErrRefused = draft.ErrRefused

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

// refused returns ErrRefused when the citizen has said no to the draft, in whatever version.
func refused(ctx context.Context, tx *db.Tx, d *draft.Held) error {
	var no bool
	err := tx.QueryRow(ctx, `select exists (select from consent where organisation_id = $1 and draft_id = $2 and state = 'no')`, d.Organisation, d.ID).Scan(&no)
	if err == nil && no {
		err = ErrRefused
	}
	return err
}
