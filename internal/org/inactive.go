package org

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Who has not signed in for this many months is warned, and then suspended everywhere until somebody reinstates them; never sooner than notice
// after the warning, however late that came.
const (
	WarnAfter    = 5
	SuspendAfter = 6
	notice       = 28 * 24 * time.Hour
)

// lastSeen is SQL: since when the person a is idle: their last sign-in, or when they were added, gave a role or were reinstated, if that is later.
const lastSeen = `greatest(a.created_at, (select s.signed_in_at from session_presence s where s.person_id = a.id),
	(select max(m.created_at) from membership m where m.person_id = a.id),
	(select max(e.at) from journal_entry e where e.action = 'person.resumed' and e.body::jsonb -> 'detail' ->> 'person' = a.id::text))`

// Idle is somebody who has not signed in for long.
type Idle struct {
	Person uuid.UUID
	Since  time.Time
}

// idle lists who is not suspended and has not been seen for some months, whatever they are: aidant, referent, auditor, administrator, with or without
// a second factor.
func (d *Directory) idle(ctx context.Context, now time.Time, months int) ([]Idle, error) {
	before := now.AddDate(0, -months, 0)
	var out []Idle
	err := d.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		// The first condition leaves few to look at closely.
		rows, err := tx.Query(ctx, `select a.id, l.at from person a cross join lateral (select `+lastSeen+` as at) l
			where a.suspended_at is null and a.created_at <= $1 and coalesce((select s.signed_in_at <= $1 from session_presence s where s.person_id = a.id), true)
			and l.at <= $1 order by l.at, a.id`, before)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Idle])
		return err
	})
	return out, db.Found("look for who is inactive", err)
}

// WarnInactive tells everybody who has not signed in for WarnAfter months that they will be suspended (message inactive_soon): once for each time that
// they are away, however often it is called. It returns who that is, told before or now. A job calls it every twelve hours.
func (d *Directory) WarnInactive(ctx context.Context, now time.Time) ([]Idle, error) {
	away, err := d.idle(ctx, now, WarnAfter)
	if err != nil {
		return nil, err
	}
	for _, p := range away {
		err = errors.Join(err, d.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
			tag, err := tx.Exec(ctx, `insert into person_warning (person_id, warned_at) values ($1, $2)
				on conflict (person_id) do update set warned_at = excluded.warned_at where person_warning.warned_at < $3`, p.Person, now, p.Since)
			if err != nil || tag.RowsAffected() == 0 {
				return err // they know
			}
			return d.tell(tx, now, Message{Kind: "inactive_soon", About: p.Person.String() + " " + journal.TimeText(p.Since), Person: p.Person})
		}))
	}
	return away, db.Found("warn who is inactive", err)
}

// SuspendInactive suspends everybody who has not signed in for SuspendAfter months and was warned of it four weeks ago or more, each by an act, and
// tells them (message suspended_inactive). It returns who that is. A job calls it every twelve hours.
func (d *Directory) SuspendInactive(ctx context.Context, now time.Time) ([]Idle, error) {
	away, err := d.idle(ctx, now, SuspendAfter)
	if err != nil {
		return nil, err
	}
	var out []Idle
	for _, p := range away {
		switch one := d.suspendInactive(ctx, p.Person, now); {
		case one == nil:
			out = append(out, p)
		case !errors.Is(one, db.ErrConflict):
			err = errors.Join(err, one)
		}
	}
	return out, err
}

// suspendInactive suspends one person unless they came back meanwhile (their sign-in waits for the lock of their row, or comes first) or were not
// warned since they were here last.
func (d *Directory) suspendInactive(ctx context.Context, person uuid.UUID, now time.Time) error {
	return d.change(ctx, journal.Program(), person, "suspend who is inactive", func(tx *journal.Tx) (journal.Event, error) {
		err := tx.ExecOne(ctx, db.ErrConflict, `update person a set suspended_at = $2, suspended_why = 'inactive' where a.id = $1 and a.suspended_at is null and `+lastSeen+` <= $3
			and exists (select from person_warning g where g.person_id = a.id and g.warned_at <= $4 and g.warned_at > `+lastSeen+`)`,
			person, tx.Now, now.AddDate(0, -SuspendAfter, 0), now.Add(-notice))
		if err == nil {
			err = d.tell(tx.Tx, tx.Now, Message{Kind: "suspended_inactive", About: person.String() + " " + journal.TimeText(tx.Now), Person: person})
		}
		return journal.Event{Action: "person.suspended", Detail: personSuspended{person.String(), Inactive}}, err
	})
}
