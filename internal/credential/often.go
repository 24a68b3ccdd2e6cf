package credential

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/throttle"
)

// ErrOften says that somebody has asked for resets too often, of this person or of all: each is told by mail. Nothing was asked; after Until it may be.
type ErrOften struct{ Until time.Time }

// Error says so without the time, which a page says in its own words.
func (ErrOften) Error() string { return "too many resets were asked for" }

// asking is how often somebody asks for resets. What was asked for is told to its person, and so is that it was refused: nobody fills a mailbox with that,
// and nobody uses up what another one may ask.
func asking(by, person uuid.UUID) []throttle.Allowance {
	return []throttle.Allowance{{Of: "reset.person", Who: by.String() + " " + person.String(), Burst: 5, Every: 8 * time.Hour},
		{Of: "reset.by", Who: by.String(), Burst: 20, Every: 5 * time.Minute}}
}

// sparing runs an act that asks for a reset. It is counted beforehand, and given back when the act fails; the operator asks as they like.
func (r *Register) sparing(ctx context.Context, by journal.Actor, person uuid.UUID, act func() error) error {
	if by.Kind == journal.System {
		return act()
	}
	now, allowances := r.clock.Now(), asking(by.Person, person)
	wait, err := r.throttle.Take(ctx, allowances...)
	switch {
	case err != nil:
		return fmt.Errorf("count resets: %w", err)
	case wait > 0:
		return ErrOften{Until: now.Add(wait)}
	}
	if err := act(); err != nil {
		return errors.Join(err, r.throttle.GiveBack(context.WithoutCancel(ctx), allowances...))
	}
	return nil
}
