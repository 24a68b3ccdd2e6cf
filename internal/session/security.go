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
	"mandat/internal/throttle"
)

// Allow takes one start of a sign-in of the allowance of the request's address, which all servers share. The address is the connection's,
// never a header that the client could write. A flood is refused from memory. A browser that somebody has signed in with before has an
// allowance of its own beyond that: who floods from the same network keeps nobody out of it.
func (s *Sessions) Allow(r *http.Request) (bool, error) {
	from := address(r)
	if s.starts.allow(from, s.clock.Now()) {
		ok, err := s.take(r.Context(), throttle.Allowance{Of: "sign_in.network", Who: throttle.Network(from), Burst: burst, Every: time.Second / perSecond})
		if ok || err != nil {
			return ok, err
		}
	}
	if _, err := r.Cookie(s.device); err != nil {
		return false, nil
	}
	device, known := s.Device(r).Hash(), false
	batch := &pgx.Batch{}
	batch.Queue(`select exists (select from session_device where device = $1)`, device).QueryRow(func(row pgx.Row) error { return row.Scan(&known) })
	if err := s.db.Ask(r.Context(), db.Nothing(), batch); err != nil {
		return false, fmt.Errorf("look for device: %w", err)
	}
	if !known {
		return false, nil
	}
	return s.take(r.Context(), throttle.Allowance{Of: "sign_in.device", Who: hex.EncodeToString(device), Burst: 20, Every: 3 * time.Second})
}

func (s *Sessions) take(ctx context.Context, a throttle.Allowance) (bool, error) {
	wait, err := s.shared.Take(ctx, a)
	if err != nil {
		return false, fmt.Errorf("count sign-ins: %w", err)
	}
	return wait == 0, nil
}

// Note writes a refusal that happened before anybody was signed in to the security log: its kind ("sign_in.unknown") and
// the network it came from, nothing that was typed or asserted. Each address may have so many written; what it does beyond
// that is not, or anybody could fill the disk.
func (s *Sessions) Note(ctx context.Context, r *http.Request, kind string) error {
	return s.NoteOf(ctx, r, kind, uuid.Nil)
}

// NoteOf is Note of a refusal whose person is known: somebody else may have tried to be them (docs/decisions/0013).
func (s *Sessions) NoteOf(ctx context.Context, r *http.Request, kind string, person uuid.UUID) error {
	if !s.notes.allow(address(r), s.clock.Now()) {
		return nil
	}
	batch := &pgx.Batch{}
	batch.Queue(`insert into security_event (at, kind, network, person_id) values ($1, $2, $3, $4)`, s.clock.Now(), kind, network(r), db.OrNull(person))
	if err := s.db.Pipeline(ctx, db.Nothing(), db.Soon, batch); err != nil {
		return fmt.Errorf("note refusal: %w", err)
	}
	return nil
}

// Refusals is how often one network met one kind of refusal.
type Refusals struct {
	Network netip.Prefix
	Kind    string
	Count   int64
}

// RefusalsBetween counts the security log from a time to before another, per network and kind, the most frequent first, at
// most limit.
func (s *Sessions) RefusalsBetween(ctx context.Context, from, to time.Time, limit int) ([]Refusals, error) {
	var out []Refusals
	err := s.db.Read(ctx, db.Nothing(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select network, kind, count(*) from security_event where at >= $1 and at < $2 group by network, kind order by 3 desc, 1, 2 limit $3`, from, to, limit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Refusals])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count refusals: %w", err)
	}
	return out, nil
}

// Purge deletes sessions and attempts whose time is over, and sessions of who was suspended. A job calls it.
// Attempts are kept a while, so that a late answer is told that it is late. Nothing uses a session past its 12 hours, so
// that it is idle half an hour later.
func (s *Sessions) Purge(ctx context.Context) error {
	now := s.clock.Now()
	return s.purge(ctx, []purge{
		{`delete from session where id in (select id from session where seen_at < $1 limit $2)`, now.Add(-Idle)},
		{`delete from session where id in (select s.id from person p join session s on s.person_id = p.id where p.suspended_at <= $1 limit $2)`, now},
		{`delete from session_attempt where state in (select state from session_attempt where expires_at < $1 limit $2)`, now.Add(-Idle)},
	})
}

// PurgeTrace deletes devices that nobody used since a time, origins of sessions opened before another, and security events of before a third. A job calls it, which
// knows how long each is kept (package retention). What is about the professionals of an organisation that is held stays.
func (s *Sessions) PurgeTrace(ctx context.Context, devices, origins, events time.Time) error {
	for _, p := range []purge{
		{`delete from session_device where (person_id, device) in (select person_id, device from session_device where last_at < $1 and not erasure_held_member(person_id, $2) limit $3)`, devices},
		{`delete from session_origin where session_id in (select session_id from session_origin where opened_at < $1 and not erasure_held_member(person_id, $2) limit $3)`, origins},
		{`delete from security_event where id in (select id from security_event where at < $1 and not erasure_held_member(person_id, $2) limit $3)`, events},
	} {
		if _, err := s.db.Purge(ctx, db.System(), p.sql, p.until, s.clock.Now()); err != nil {
			return fmt.Errorf("purge the trace of sign-ins: %w", err)
		}
	}
	return nil
}

// purge deletes what is of before a time.
type purge struct {
	sql   string
	until time.Time
}

func (s *Sessions) purge(ctx context.Context, all []purge) error {
	for _, p := range all {
		if _, err := s.db.Purge(ctx, db.Nothing(), p.sql, p.until); err != nil {
			return fmt.Errorf("purge sessions: %w", err)
		}
	}
	return nil
}

// network is from which network the connection comes: of an address, as much as tells a town (IPv4 /24, IPv6 /48).
func network(r *http.Request) netip.Prefix {
	from := address(r)
	bits := 48
	if from.Is4() {
		bits = 24
	}
	out, _ := from.Prefix(bits) // an address is of one of both kinds
	return out
}

// address is where the connection comes from; 0.0.0.0 when that cannot be told.
func address(r *http.Request) netip.Addr {
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return from.Addr().Unmap().WithZone("")
	}
	return netip.IPv4Unspecified()
}
