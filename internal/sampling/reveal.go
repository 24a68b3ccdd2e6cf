package sampling

import (
	"context"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/draw"
	"mandat/internal/org"
)

// revealed is the detail of the entry about a share that was given.
type revealed struct {
	Sample string `json:"sample"`
	Number string `json:"number"`
}

// Reveal gives the share to which an order is bound, once the checkpoint that is drawn from stands: an act, after which the sample is drawn as all others are. Errors: draw.ErrShare, ErrNotBound, ErrEarly,
// db.ErrConflict when the share was given, or the sample was drawn or has lapsed, db.ErrNotFound, org.ErrMayNot.
func (r *Register) Reveal(ctx context.Context, by journal.Actor, id uuid.UUID, share draw.Share) error {
	if by.Kind != journal.Auditor {
		return wrap("give the share of a sample", org.ErrMayNot)
	}
	s, err := r.ordered(ctx, id)
	switch {
	case err != nil:
	case !s.Bound:
		err = ErrNotBound
	case s.share != "":
		err = db.ErrConflict
	default:
		err = r.reveal(ctx, by, s, share)
	}
	return wrap("give the share of a sample", err)
}

func (r *Register) reveal(ctx context.Context, by journal.Actor, s standing, share draw.Share) error {
	m, err := r.fixed(ctx, s)
	if err != nil {
		return err
	}
	if share == "" {
		return draw.ErrShare
	}
	if _, err := draw.SeedOf(s.Placed, m, share); err != nil {
		return err
	}
	first, may := begin(by, s.ID)
	return r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		err := tx.ExecOne(ctx, db.ErrConflict, `update sample set share = $2, shared_by = $3, shared_at = $4 where id = $1 and share is null`, s.ID, share, by.Person, tx.Now)
		return journal.Event{Action: "sample.revealed", Detail: revealed{s.ID.String(), s.Name()}}, err
	})
}
