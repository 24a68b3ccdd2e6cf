package invitation

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/throttle"
)

// sparing runs an act that sends an invitation: to an address, for one organisation (uuid.Nil: to administer, or a new one), by somebody. It is counted
// beforehand, and given back when the act fails; throttle.WaitError when too many were sent: a link that was sent before still works. Who is known elsewhere, or was invited there, changes nothing. The operator sends what they like. Who may
// not invite, or gave their second factor too long ago, is refused before anything is counted: nobody uses up what is another's.
func (r *Register) sparing(ctx context.Context, by journal.Actor, organisation uuid.UUID, email string, act func() error) error {
	if by.Person == uuid.Nil {
		return act()
	}
	may := org.AskAdministrator
	if by.Kind == journal.Referent {
		may = org.AskRunner
	}
	if err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error { return may(ctx, tx, by) }); err != nil {
		return err
	}
	if err := org.Fresh(by, r.clock.Now()); err != nil {
		return err
	}
	return r.throttle.Spend(ctx, act, throttle.Allowance{Of: "invitation.address", Who: organisation.String() + " " + email, Burst: 3, Every: time.Hour},
		throttle.Allowance{Of: "invitation.by", Who: by.Person.String(), Burst: 30, Every: 5 * time.Minute})
}

// again is sparing for an invitation that is there; what is not the actor's to send is for the act to refuse, and is not counted.
func (r *Register) again(ctx context.Context, by journal.Actor, id uuid.UUID, act func() error) error {
	i, err := r.Find(ctx, id)
	if err != nil || by.Kind == journal.Referent && i.Organisation != by.Organisation {
		return act()
	}
	return r.sparing(ctx, by, i.Organisation, i.Email, act)
}
