package invitation

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// reopens is SQL, about an invitation i to an organisation o: its link still leads who accepted by it back, at the time $2. Whom ProConnect knows by now
// needs it no more, and such a name is theirs for good.
const reopens = `i.token_hash is not null and i.state = 'accepted' and i.expires_at > $2 and o.active is not false and ` + vouched + `
	and not exists (select from person_identity n where n.person_id = i.person_id and n.state = 'confirmed')`

// Finish ends the link by which a person accepted without ProConnect, inside the act by which it has done its work: they have a second factor now, or a
// reset leads them on. From then on it opens nothing, whatever becomes of their factors.
func Finish(tx *journal.Tx, person uuid.UUID) {
	tx.Queue(`select invitation_finished($1)`, person)
}

// Unfinished finds the person who accepted by a link without ProConnect, as long as the link's time is not over and they have no second factor: the
// browser may have been closed before, and nothing else would lead them back. It returns db.ErrNotFound for any other link.
func (r *Register) Unfinished(ctx context.Context, secret string) (Invitation, uuid.UUID, error) {
	link := token.Hash(secret)
	i, err := r.find(ctx, `i.token_hash = $1 and `+reopens, link, r.clock.Now())
	if err != nil {
		return i, uuid.Nil, err
	}
	i.Link = link
	var person uuid.UUID
	err = r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select person_id from invitation where id = $1`, i.ID).Scan(&person)
	})
	return i, person, db.Found("find who accepted", err)
}

// StillUnfinished is what the act asks that opens a session by the link of an invitation which Unfinished found (signin.Way): it locks the person, and
// the answer is nil or, when the link does not lead them back any more, db.ErrNotFound.
func (r *Register) StillUnfinished(i Invitation, person uuid.UUID) func(*pgx.Batch) func() error {
	return func(b *pgx.Batch) func() error {
		var free, stands bool
		b.Queue(`select from person where id = $1 and suspended_at is null for no key update`, person).Exec(func(tag pgconn.CommandTag) error {
			free = tag.RowsAffected() == 1
			return nil
		})
		b.Queue(`select`+from+` where i.token_hash = $1 and i.person_id = $3 and `+reopens+` for update of i`, i.Link, r.clock.Now(), person).Exec(func(tag pgconn.CommandTag) error {
			stands = tag.RowsAffected() == 1
			return nil
		})
		return func() error {
			if !free || !stands {
				return db.ErrNotFound
			}
			return nil
		}
	}
}

// Begun tells, for the referents of an organisation, until when the link of an invitation to it leads those back who accepted by it without ProConnect (see
// Unfinished), by person. Others get org.ErrMayNot.
func (r *Register) Begun(ctx context.Context, by journal.Actor) (map[uuid.UUID]time.Time, error) {
	out := map[uuid.UUID]time.Time{}
	err := r.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if err := org.AskRunner(ctx, tx, by); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select i.person_id, i.expires_at`+from+` where i.organisation_id = $1 and `+reopens, by.Organisation, r.clock.Now())
		if err != nil {
			return err
		}
		var person uuid.UUID
		var until time.Time
		_, err = pgx.ForEachRow(rows, []any{&person, &until}, func() error {
			out[person] = until
			return nil
		})
		return err
	})
	return out, db.Found("list who accepted and has not begun", err)
}
