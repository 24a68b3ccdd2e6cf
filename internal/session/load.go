package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// found asks everything that decides whether a session still counts, in one statement, and sets the scope of the session's
// organisation for those that follow. "offset 0" keeps the times out of the search: when there are few sessions their index
// looks as good as the cookie's, and a plan is kept (see db.RolesSQL).
const found = `
select s.id, s.cookie, s.person_id, s.organisation_id, coalesce(s.role, ''), s.factor_at, s.created_at, s.seen_at, s.expires_at,
  coalesce(s.return_path, ''), s.login_again, coalesce(p.given_name, ''), coalesce(p.usual_name, ''), coalesce(o.name, ''),
  s.scope is not null and (s.person_id is null or p.suspended_at is null and case when s.role = 'auditor' then p.auditor else o.active and exists (
    select from membership m where m.organisation_id = s.organisation_id and m.person_id = s.person_id and m.role = s.role and m.ended_at is null) end)
from (select *, set_config('mandat.org', coalesce(organisation_id::text, ''), true) as scope from session where cookie = $1 offset 0) s
  left join person p on p.id = s.person_id left join organisation o on o.id = s.organisation_id
where s.expires_at > $2 and s.seen_at > $2 - $3::interval`

// load finds the session of a claim. It returns db.ErrNotFound when there is none or its time is over. The queries of more
// travel with it, in the scope of the session's organisation.
func (s *Sessions) load(ctx context.Context, claim []byte, more *pgx.Batch) (*Session, error) {
	now := s.clock.Now()
	out := &Session{}
	var person, organisation *uuid.UUID
	var factor *time.Time
	missing := false
	batch := &pgx.Batch{}
	batch.Queue(found, claim, now, Idle).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&out.Hash, &out.cookie, &person, &organisation, &out.Role, &factor, &out.CreatedAt, &out.SeenAt, &out.ExpiresAt,
			&out.ReturnPath, &out.LoginAgain, &out.GivenName, &out.UsualName, &out.OrganisationName, &out.standing)
		missing = errors.Is(err, pgx.ErrNoRows)
		return err
	})
	if more != nil {
		batch.QueuedQueries = append(batch.QueuedQueries, more.QueuedQueries...)
	}
	err := s.db.Ask(ctx, db.Asked(), batch)
	if missing {
		return nil, db.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("find session: %w", err)
	}
	if person != nil {
		out.Person, out.FactorAt = *person, factor.UTC()
	}
	if organisation != nil {
		out.Organisation = *organisation
	}
	return out, s.touch(ctx, out.cookie, out.SeenAt, now)
}

const touched = `update session s set seen_at = greatest(s.seen_at, $2) from (select id, seen_at from session where cookie = $1 offset 0) found
	where s.id = found.id and found.seen_at < $2 and found.seen_at > $2 - $3::interval`

// touch notes that the session is in use, at most once a minute: a write for each page would cost more than it tells.
func (s *Sessions) touch(ctx context.Context, claim []byte, seenAt, now time.Time) error {
	if now.Sub(seenAt) < time.Minute {
		return nil
	}
	batch := &pgx.Batch{}
	batch.Queue(touched, claim, now, Idle)
	if err := s.db.Pipeline(ctx, db.Nothing(), db.Soon, batch); err != nil {
		return fmt.Errorf("note session's use: %w", err)
	}
	return nil
}
