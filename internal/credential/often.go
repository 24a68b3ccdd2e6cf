package credential

import (
	"context"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/throttle"
)

// sparing runs an act that asks for a reset. What was asked for is told to its person, and so is that it was refused: nobody fills a mailbox with that,
// and nobody uses up what another one may ask. The operator asks as they like.
func (r *Register) sparing(ctx context.Context, by journal.Actor, person uuid.UUID, act func() error) error {
	if by.Kind == journal.System {
		return act()
	}
	return r.throttle.Spend(ctx, act, throttle.Allowance{Of: "reset.person", Who: by.Person.String() + " " + person.String(), Burst: 5, Every: 8 * time.Hour},
		throttle.Allowance{Of: "reset.by", Who: by.Person.String(), Burst: 20, Every: 5 * time.Minute})
}
