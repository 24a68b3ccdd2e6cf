package contact

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/org"
)

// formerLife is how long the address is kept to which contact_changed goes: as long as that message is of use.
const formerLife = 7 * 24 * time.Hour

// warn tells somebody, at the address they have, that another one was asked for: if that was not them, somebody has their session and a second
// factor. The address is kept for that message, which finds it by the person and the time: the other one may be theirs before it leaves.
func (r *Register) warn(ctx context.Context, tx *db.Tx, now time.Time, person uuid.UUID, value string) error {
	tag, err := tx.Exec(ctx, `insert into person_contact_former (person_id, at, email) select id, $3, email from person where id = $1 and email <> $2
		on conflict do nothing`, person, value, now)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	return r.directory.Tell(tx, now, org.Message{Kind: "contact_changed", About: about(person, now), Person: person})
}

// Purge forgets what was not shown in time, and addresses that were told, but those of the professionals of an organisation that is held. A job calls it.
func (r *Register) Purge(ctx context.Context) error {
	now := r.clock.Now()
	_, err := r.db.Purge(ctx, db.Nothing(), `delete from person_contact where (person_id, kind) in (select person_id, kind from person_contact where expires_at < $1 limit $2)`, now)
	if err == nil {
		_, err = r.db.Purge(ctx, db.System(), `delete from person_contact_former where (person_id, at) in (select person_id, at from person_contact_former where at < $1
			and not erasure_held_member(person_id, $2) limit $3)`, now.Add(-formerLife), now)
	}
	if err != nil {
		return fmt.Errorf("purge contacts: %w", err)
	}
	return nil
}
