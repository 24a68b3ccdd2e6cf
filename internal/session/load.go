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

// charterAccepted says whether the person of a row s has accepted the charter as it was last published. There may be none yet.
const charterAccepted = `coalesce((select coalesce((select a.sha256 = c.sha256 from charter_acceptance a where a.version = c.version and a.person_id = s.person_id), false)
	from charter c order by c.published_at desc limit 1), true)`

// grown says, of a row s, whether its person was given a role in the organisation (m), or a certificate, or what they or the organisation may do was
// changed, after the browser was given its secret.
const grown = `coalesce(greatest(m.last, o.limited_at, (select k.updated_at from certification k where k.person_id = s.person_id and k.state = 'certified'))
	> coalesce(s.renewed_at, s.created_at), false)`

// found asks everything that decides whether a session still counts, in one statement, and sets the scope of the session's
// organisation for those that follow. "offset 0" keeps the times out of the search: when there are few sessions their index
// looks as good as the cookie's, and a plan is kept (see db.RolesSQL).
const found = `
select s.id, s.cookie, s.browser, s.addressed, s.person_id, s.organisation_id, o.public_id, coalesce(s.role, ''), coalesce(s.method, ''),
  s.factor_at, coalesce(s.factor_kind, ''), s.factor_citizen, s.enrolling, s.proconnect, case when s.half_until > $2 then s.half_person end,
  s.created_at, s.seen_at, s.expires_at, coalesce(s.return_path, ''), s.return_for, s.login_again, coalesce(p.given_name, ''), coalesce(p.usual_name, ''), coalesce(o.name, ''),
  s.role = 'referent' or coalesce(m.referent, false), coalesce(s.person_id is null or s.role in ('auditor', 'fraud', 'prefecture') or ` + charterAccepted + `, false),
  s.addressed or coalesce((select true from session b where b.browser = s.browser and b.addressed limit 1), false),
  s.scope is not null and (s.person_id is null or p.suspended_at is null and case s.role when 'auditor' then p.auditor when 'administrator' then p.administrator
    when 'fraud' then coalesce(p.recipient = 'fraud', false) when 'prefecture' then coalesce(p.recipient = 'prefecture', false)
    else o.active and coalesce(m.stands, false) end), p.suspended_at is not null, ` + grown + `, coalesce(s.kept_path, ''), case when s.notice_for = '` + endedNotice + `' then s.notice else '' end
from (select *, set_config('mandat.org', coalesce(organisation_id::text, ''), true) as scope from session where cookie = $1 offset 0) s
  left join person p on p.id = s.person_id left join organisation o on o.id = s.organisation_id
  left join lateral (select bool_or(role = 'referent' and suspended_at is null) as referent, bool_or(role = s.role and suspended_at is null) as stands,
      max(greatest(created_at, limited_at)) as last
    from membership where organisation_id = s.organisation_id and person_id = s.person_id and ended_at is null) m on true
where s.expires_at > $2 and s.seen_at > $2 - $3::interval`

// nullable is what found returns where there may be none.
type nullable struct {
	person, organisation, public, citizen, half, returning *uuid.UUID
	factor                                                 *time.Time
	referent                                               *bool
}

// load finds the session of a claim, and notes its use. It returns db.ErrNotFound when there is none or its time is over. The queries of
// more travel with it, in the scope of the session's organisation.
func (s *Sessions) load(ctx context.Context, claim []byte, more *pgx.Batch) (*Session, error) {
	now := s.clock.Now()
	out, err := s.find(ctx, claim, more, now)
	if err != nil {
		return nil, err
	}
	return out, s.touch(ctx, out.cookie, out.SeenAt, now)
}

// find is load that notes nothing.
func (s *Sessions) find(ctx context.Context, claim []byte, more *pgx.Batch, now time.Time) (*Session, error) {
	out, null, missing := &Session{}, nullable{}, false
	batch := &pgx.Batch{}
	batch.Queue(found, claim, now, Idle).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&out.Hash, &out.cookie, &out.Browser, &out.Addressed, &null.person, &null.organisation, &null.public, &out.Role, &out.Method,
			&null.factor, &out.FactorKind, &null.citizen, &out.Enrolling, &out.ProConnect, &null.half,
			&out.CreatedAt, &out.SeenAt, &out.ExpiresAt, &out.ReturnPath, &null.returning, &out.LoginAgain, &out.GivenName, &out.UsualName, &out.OrganisationName,
			&null.referent, &out.Charter, &out.Several, &out.standing, &out.suspended, &out.grown, &out.kept, &out.Ended)
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
	null.into(out)
	return out, nil
}

func (n nullable) into(s *Session) {
	s.Person, s.Organisation, s.PublicID = db.OrZero(n.person), db.OrZero(n.organisation), db.OrZero(n.public)
	s.FactorCitizen, s.Half, s.returning = db.OrZero(n.citizen), db.OrZero(n.half), db.OrZero(n.returning)
	if n.factor != nil {
		s.FactorAt = n.factor.UTC()
	}
	s.Referent = n.referent != nil && *n.referent
}

// touched notes the use of a session for all of its browser: they are idle together.
const touched = `with held as (` + lockOfClaim + `)
	update session s set seen_at = greatest(s.seen_at, $2) from held, (select browser, seen_at from session where cookie = $1 offset 0) found
	where s.browser = found.browser and found.seen_at < $2 and found.seen_at > $2 - $3::interval`

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
