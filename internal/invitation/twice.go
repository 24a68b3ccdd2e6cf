package invitation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/throttle"
)

// created reports whether CreateOrganisation was refused with err because the same call has been made: an organisation with this id, these particulars
// and this first referent, by the same person. What has become of it since is another matter, and so it is not the same when that shows.
func (r *Register) created(ctx context.Context, by journal.Actor, o org.Organisation, first Invitee, err error) (bool, error) {
	if _, often := errors.AsType[throttle.WaitError](err); !often && !errors.Is(err, db.ErrConflict) {
		return false, nil
	}
	switch is, err := r.directory.Organisation(ctx, o.ID); {
	case errors.Is(err, db.ErrNotFound):
		return false, nil
	case err != nil || !is.Same(o):
		return false, err
	}
	var i Invitee
	err = r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select email, given_name, usual_name, roles from invitation where organisation_id = $1 and invited_by = $2 order by id limit 1`, o.ID, by.Person).
			Scan(&i.Email, &i.GivenName, &i.UsualName, &i.Roles)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("find the first invitation: %w", err)
	}
	return i.Email == first.Email && i.GivenName == first.GivenName && i.UsualName == first.UsualName && slices.Equal(i.Roles, first.Roles), nil
}
