package recipient

import (
	"context"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/throttle"
)

// How often one person may ask for what. Whoever works with the pages does not come near it; whoever carries their part away page by page does.
var (
	searches = throttle.Allowance{Of: "recipient.searches", Burst: 60, Every: time.Minute}
	readings = throttle.Allowance{Of: "recipient.readings", Burst: 200, Every: 30 * time.Second} // a large department has as many organisations
	signals  = throttle.Allowance{Of: "recipient.signals", Burst: 30, Every: 5 * time.Minute}
)

// spend takes one of an allowance of somebody of a kind before anything is read, and does not give it back, whatever is found. When it is used up, that is recorded as a refusal, and the error is a
// throttle.WaitError; it is org.ErrMayNot for everybody else.
func (r *Register) spend(ctx context.Context, by journal.Actor, kind journal.Kind, a throttle.Allowance, page string) error {
	if by.Kind != kind {
		return org.ErrMayNot
	}
	a.Who = by.Person.String()
	now := r.clock.Now()
	wait, err := r.limits.Take(ctx, a)
	if err != nil || wait == 0 {
		return err
	}
	return r.refuse(ctx, by, refused{page, tooOften}, uuid.Nil, throttle.WaitError{Until: now.Add(wait)})
}
