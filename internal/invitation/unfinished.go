package invitation

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// reopens is SQL, about an invitation i to an organisation o: its link still leads who accepted by it back, at the time $2.
const reopens = `i.token_hash is not null and i.state = 'accepted' and i.expires_at > $2 and o.active is not false and ` + vouched

// Unfinished finds the person who accepted by a link without ProConnect, as long as the link's time is not over: the browser may have been
// closed before they had a second factor, and nothing else would lead them back. Whoever has one by now, the caller refuses. It returns
// db.ErrNotFound for any other link.
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
	return i, person, found("find who accepted", err)
}

// Begun tells, for the referents of an organisation, until when the link of an invitation to it leads those back who accepted by it without ProConnect (see
// Unfinished), by person. It tells so too of who has a second factor by now, whom the link leads nowhere. Others get org.ErrMayNot.
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
	return out, found("list who accepted and has not begun", err)
}
