package idp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/idp/pushed"
	"mandat/internal/journal"
)

// abandoned is the detail of an entry power.abandoned.
type abandoned struct {
	Login     string `json:"login"`
	Client    string `json:"client"`
	Person    string `json:"person"` // the aidant who had chosen the citizen
	Step      string `json:"step"`   // the last one done: citizen, procedure (a code was issued) or token
	Why       string `json:"why"`    // expired or cancelled
	Procedure string `json:"procedure,omitempty"`
	BegunAt   string `json:"begun_at"`
}

// Why a login came to nothing.
const (
	expired   = "expired"
	cancelled = "cancelled"
)

// unfinished says of a login that a citizen was chosen, and that no entry tells of it: those that were used or refused have one.
const unfinished = `l.citizen_id is not null and l.released_at is null and (l.refusal is null or l.refusal = 'cancelled')`

// The conditions stand outside too: there they are asked again of a row that somebody changed meanwhile.
const (
	deleteFinished = `delete from idp_login l where l.id in (select l.id from idp_login l where l.id < $1 and not (` + unfinished + `)
		and not coalesce(erasure_held(l.organisation_id, l.citizen_id, $2), false) limit $3) and not (` + unfinished + `)`
	deleteUnfinished = `delete from idp_login l where l.id = $1 and ` + unfinished + `
returning l.organisation_id, l.person_id, l.session_id, l.citizen_id, coalesce(l.mandate_id, '00000000-0000-0000-0000-000000000000'), l.client, l.state, coalesce(l.procedure, ''), l.created_at`
)

// Purge deletes logins whose time was over before a day: what happened stands in the journal. One whose citizen was chosen, and
// which came to nothing, is deleted by an act of its own, which says so; until then the row stands. One whose citizen's records are held
// stays. Requests that nobody brought go
// too. A job calls it.
func (p *Provider) Purge(ctx context.Context) error {
	if err := pushed.Purge(ctx, p.db, p.clock.Now()); err != nil {
		return err
	}
	before := newest(p.clock.Now().Add(-24 * time.Hour))
	if _, err := p.db.Purge(ctx, db.System(), deleteFinished, before, p.clock.Now()); err != nil {
		return fmt.Errorf("purge logins: %w", err)
	}
	for {
		ids, err := p.unfinished(ctx, before)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if err := p.abandon(ctx, id); err != nil && !errors.Is(err, db.ErrNotFound) {
				return err
			}
		}
	}
}

// newest is an id that is above those made before a time, and below those made since: ids grow with time.
func newest(before time.Time) uuid.UUID {
	var id uuid.UUID
	milliseconds := before.UnixMilli()
	for i := range 6 { // the first 48 bits of a version 7 UUID (RFC 9562 §5.7)
		id[i] = byte(milliseconds >> (8 * (5 - i))) //nolint:gosec // one byte at a time
	}
	return id
}

func (p *Provider) unfinished(ctx context.Context, before uuid.UUID) (ids []uuid.UUID, err error) {
	batch := &pgx.Batch{}
	batch.Queue(`select l.id from idp_login l where l.id < $1 and `+unfinished+` order by l.id limit $2`, before, db.PurgeBatch).Query(func(rows pgx.Rows) error {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	})
	if err := p.db.Ask(ctx, db.System(), batch); err != nil {
		return nil, fmt.Errorf("look for abandoned logins: %w", err)
	}
	return ids, nil
}

// abandon is the act that deletes an unfinished login; db.ErrNotFound when it was finished, or deleted, meanwhile. It is the program's, in
// the session of the aidant.
func (p *Provider) abandon(ctx context.Context, login uuid.UUID) error {
	var f facts
	var begun time.Time
	batch := &pgx.Batch{}
	batch.Queue(deleteUnfinished, login).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if !rows.Next() {
			return rows.Err()
		}
		f.id = login
		return rows.Scan(&f.organisation, &f.person, &f.session, &f.citizen, &f.mandate, &f.client, &f.state, &f.procedure, &begun)
	})
	err := p.journal.RecordAfter(ctx, journal.Program(), batch, func(tx *journal.Tx) (journal.Event, error) {
		if f.id == uuid.Nil {
			return journal.Event{}, db.ErrNotFound
		}
		tx.By.Session = f.session
		why := expired
		if f.state == Refused {
			why = cancelled
		}
		return f.abandoned(why, begun), nil
	})
	if err != nil {
		return fmt.Errorf("delete abandoned login %s: %w", login, err)
	}
	return nil
}

func (f *facts) abandoned(why string, begun time.Time) journal.Event {
	step := "citizen"
	switch f.state {
	case CodeIssued:
		step = "procedure"
	case TokenIssued:
		step = "token"
	}
	return journal.Event{Action: "power.abandoned", Organisation: f.organisation, Citizen: f.citizen, Mandate: f.mandate,
		Detail: abandoned{f.id.String(), f.client, f.person.String(), step, why, f.procedure, journal.TimeText(begun)}}
}
