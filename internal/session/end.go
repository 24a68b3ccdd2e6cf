package session

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// Close ends the browser's sessions inside the act that says so; db.ErrConflict when they had ended already.
func (s *Sessions) Close(ctx context.Context, tx *journal.Tx, old *Session) error {
	if _, err := tx.Exec(ctx, lockOfClaim, old.cookie); err != nil {
		return fmt.Errorf("close session: %w", err)
	}
	done, err := tx.Exec(ctx, `delete from session where browser = (select browser from session where cookie = $1)`, old.cookie)
	if err != nil {
		return fmt.Errorf("close session: %w", err)
	}
	if done.RowsAffected() == 0 {
		return db.ErrConflict
	}
	return nil
}

// Leave forgets a browser in which nobody is signed in: where it wanted to go, a sign-in that is half done.
func (s *Sessions) Leave(w http.ResponseWriter, r *http.Request, at *Session) error {
	if err := s.note(r.Context(), `delete from session where browser = $1 and person_id is null`, at.Browser); err != nil {
		return err
	}
	return s.Forget(w, r)
}

// EndAll ends every session of a person, in whatever browser, inside the act for which it is right: their suspension for instance.
func EndAll(ctx context.Context, tx *journal.Tx, person uuid.UUID) error {
	return end(ctx, tx, `delete from session where person_id = $1 or half_person = $1`, person)
}

// EndAndForget is EndAll for who has lost what they sign in with: their browsers may be in somebody else's hands, and are known no more. What signs in
// with one of them is told to the person, and codes that are tried there are a stranger's.
func EndAndForget(ctx context.Context, tx *journal.Tx, person uuid.UUID) error {
	tx.Queue(`delete from session_device where person_id = $1`, person)
	return EndAll(ctx, tx, person)
}

// endIn ends the sessions of a person for one organisation, in one browser or (null) in all. Where they have sessions for others, that of
// the addresses which name none goes on for one of these.
const endIn = `with ended as (delete from session where person_id = $1 and organisation_id = $2 and addressed and ($3::bytea is null or browser = $3)),
	others as (select distinct on (browser) browser, organisation_id, role from session where person_id = $1 and organisation_id <> $2 and addressed order by browser, organisation_id),
	kept as (update session s set organisation_id = o.organisation_id, role = o.role from others o
		where s.browser = o.browser and s.person_id = $1 and s.organisation_id = $2 and not s.addressed and ($3::bytea is null or s.browser = $3) returning s.id)
	delete from session where person_id = $1 and organisation_id = $2 and not addressed and ($3::bytea is null or browser = $3) and id not in (select id from kept)`

// EndIn ends every session of a person for an organisation, in whatever browser, inside the act for which it is right; for the nil id it is
// EndAll.
func EndIn(ctx context.Context, tx *journal.Tx, person, organisation uuid.UUID) error {
	if organisation == uuid.Nil {
		return EndAll(ctx, tx, person)
	}
	return end(ctx, tx, endIn, person, organisation, nil)
}

// EndOthers ends every session of the person but those of this browser, which is the only one of theirs that is known from then on (EndAndForget).
func (s *Sessions) EndOthers(ctx context.Context, tx *journal.Tx, at *Session, here Device) error {
	tx.Queue(`delete from session_device where person_id = $1 and device <> $2`, at.Person, here.Hash())
	return end(ctx, tx, `delete from session where (person_id = $1 or half_person = $1) and browser <> $2`, at.Person, at.Browser)
}

// End ends the sessions of one of the person's own browsers, named as List names it; db.ErrNotFound when it is nobody's, or
// somebody else's.
func (s *Sessions) End(ctx context.Context, tx *journal.Tx, at *Session, id string) error {
	browser, err := hex.DecodeString(id)
	if err != nil {
		return db.ErrNotFound
	}
	if _, err := tx.Exec(ctx, lockOfBrowser, browser); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	done, err := tx.Exec(ctx, `delete from session where browser = $1 and person_id = $2`, browser, at.Person)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if done.RowsAffected() == 0 {
		return db.ErrNotFound
	}
	return nil
}

// end ends sessions of a person, who is the first of the arguments.
func end(ctx context.Context, tx *journal.Tx, sql string, person uuid.UUID, more ...any) error {
	err := lockPerson(ctx, tx.Tx, person)
	if err == nil {
		_, err = tx.Exec(ctx, sql, append([]any{person}, more...)...)
	}
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// Listed is one browser in which a person is signed in.
type Listed struct {
	ID              string       // names it for End; no secret
	Device          string       // browser and system, in words ("Firefox, Windows"); "" when unknown
	Network         netip.Prefix // where it signed in from (IPv4 /24, IPv6 /48); the zero Prefix when unknown
	Method          string       // ByProConnect and the others
	FactorKind      string       // of the last second factor; "" when none was given
	Since, LastUsed time.Time    // LastUsed to the minute
	Current         bool         // the one that asks
}

// List lists the browsers in which the person is signed in, the one used last first.
func (s *Sessions) List(ctx context.Context, at *Session) ([]Listed, error) {
	var out []Listed
	now := s.clock.Now()
	batch := &pgx.Batch{}
	batch.Queue(`select encode(browser, 'hex'), coalesce(device, ''), network, coalesce(method, ''), coalesce(factor_kind, ''), created_at, seen_at, browser = $2
		from session where person_id = $1 and not addressed and expires_at > $3 and seen_at > $4 order by seen_at desc, created_at desc`,
		at.Person, at.Browser, now, now.Add(-Idle)).Query(func(rows pgx.Rows) error {
		var err error
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Listed, error) {
			var l Listed
			var network *netip.Prefix
			err := row.Scan(&l.ID, &l.Device, &network, &l.Method, &l.FactorKind, &l.Since, &l.LastUsed, &l.Current)
			if network != nil {
				l.Network = *network
			}
			return l, err
		})
		return err
	})
	if err := s.db.Ask(ctx, db.Nothing(), batch); err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return out, nil
}
