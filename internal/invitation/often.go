package invitation

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/throttle"
)

// WaitError says that too many invitations were sent to this address, or by this person. Nothing was sent, and a link that was sent before still
// works; after Until another one may be.
type WaitError struct{ Until time.Time }

// Error says so without the time, which a page says in its own words.
func (WaitError) Error() string { return "too many invitations were sent" }

// sparing runs an act that sends an invitation: to an address, for one organisation (uuid.Nil: to administer, or a new one), by somebody. It is counted
// beforehand, and given back when the act fails. Who is known elsewhere, or was invited there, changes nothing. The operator sends what they like. Who may
// not invite, or gave their second factor too long ago, is refused before anything is counted: nobody uses up what is another's.
func (r *Register) sparing(ctx context.Context, by journal.Actor, organisation uuid.UUID, email string, act func() error) error {
	if by.Person == uuid.Nil {
		return act()
	}
	now := r.clock.Now()
	may := org.AskAdministrator
	if by.Kind == journal.Referent {
		may = org.AskRunner
	}
	if err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error { return may(ctx, tx, by) }); err != nil {
		return err
	}
	if err := org.Fresh(by, now); err != nil {
		return err
	}
	allowances := []throttle.Allowance{{Of: "invitation.address", Who: organisation.String() + " " + email, Burst: 3, Every: time.Hour},
		{Of: "invitation.by", Who: by.Person.String(), Burst: 30, Every: 5 * time.Minute}}
	wait, err := r.throttle.Take(ctx, allowances...)
	if err == nil && wait > 0 {
		err = WaitError{now.Add(wait)}
	}
	if err != nil {
		return err
	}
	if err := act(); err != nil {
		return errors.Join(err, r.throttle.GiveBack(context.WithoutCancel(ctx), allowances...))
	}
	return nil
}

// again is sparing for an invitation that is there; what is not the actor's to send is for the act to refuse, and is not counted.
func (r *Register) again(ctx context.Context, by journal.Actor, id uuid.UUID, act func() error) error {
	i, err := r.Find(ctx, id)
	if err != nil || by.Kind == journal.Referent && i.Organisation != by.Organisation {
		return act()
	}
	return r.sparing(ctx, by, i.Organisation, i.Email, act)
}
