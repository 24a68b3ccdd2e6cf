package erasure

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/attestation"
	"mandat/internal/citizen"
	"mandat/internal/consent"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/notify"
	"mandat/internal/receipt"
	"mandat/internal/report"
)

// Ground is why somebody is erased, as the entry says it.
type Ground string

// The grounds.
const (
	Asked Ground = "asked" // they asked for it, and the time for which their records are kept is over
	Term  Ground = "term"  // that time is over
	Again Ground = "again" // they were erased before the copy was made that the database was restored from
)

// Erased is what an erasure did.
type Erased struct {
	Who
	At       time.Time
	Ground   Ground
	Mandates int
	Entries  int // of the journal, that were forgotten
}

// erasedEntry is the detail of the entry of an erasure: the fact, and which places of the log are empty by it.
type erasedEntry struct {
	Ground      string      `json:"ground"`
	Mandates    int         `json:"mandates"`                // how many the citizen had given
	Entries     int         `json:"entries"`                 // how many entries are forgotten
	Forgotten   []string    `json:"forgotten,omitempty"`     // where the log had them; when that is too much for one entry, entries.forgotten of the same act name the rest
	Ledger      string      `json:"ledger_sha256,omitempty"` // of the line in the ledger
	Transferred []uuid.UUID `json:"transferred,omitempty"`   // mandates of other organisations whose place one of theirs had taken
}

// Erase forgets a citizen: it is the program's act, for a ground that it checks. It costs two round trips and as many statements as there are
// tables, whatever the number of rows; the ledger is on disk before it commits.
//
// Errors: *StandsError, *HeldError, ErrEarly, journal.ErrNotProvable, db.ErrNotFound for whom the organisation does not know, who may have been erased
// meanwhile, and for the ground Asked when they took it back.
func (r *Register) Erase(ctx context.Context, who Who, ground Ground) (Erased, error) {
	e := &erasing{who: who, ground: ground}
	var done Erased
	err := r.journal.RecordAfter(ctx, journal.Program(), e.first(), func(tx *journal.Tx) (journal.Event, error) {
		if err := e.check(tx.Now); err != nil {
			return journal.Event{}, err
		}
		forgotten, err := tx.Forget(who.Organisation, who.Citizen, e.places)
		if err != nil {
			return journal.Event{}, err
		}
		if err := r.forget(ctx, tx, e.known); err != nil {
			return journal.Event{}, err
		}
		done = Erased{Who: who, At: tx.Now, Ground: e.ground, Mandates: e.mandates, Entries: e.places.Len()}
		said := erasedEntry{Ground: string(e.ground), Mandates: e.mandates, Entries: e.places.Len(), Forgotten: forgotten, Transferred: e.transferred}
		if ground != Again { // which the ledger says already
			if said.Ledger, err = r.ledger.add(done); err != nil {
				return journal.Event{}, err
			}
		}
		return journal.Event{Action: "citizen.erased", Organisation: who.Organisation, Citizen: who.Citizen, Detail: said}, nil
	})
	if err != nil {
		return Erased{}, fmt.Errorf("erase citizen %s: %w", who.Citizen, err)
	}
	return done, nil
}

// erasing is one erasure under way.
type erasing struct {
	who    Who
	ground Ground

	known       *citizen.Sealed
	held        []Hold
	mandates    int
	last        *time.Time  // end of the last of them, nil if there is none
	lasting     []uuid.UUID // those that have not ended
	ends        []time.Time // when those would
	transferred []uuid.UUID
	asked       bool // they asked for it, and have not taken it back
	places      *journal.Places
}

// first locks, in this order: holds against being made, the drafts under way for the citizen, the citizen. Every act that signs, asks or changes
// something of theirs waits for one of these. Then it reads what the act needs.
func (e *erasing) first() *pgx.Batch {
	b := &pgx.Batch{}
	b.Queue(`select pg_advisory_xact_lock_shared(hashtextextended($1, 0))`, holdLock)
	draft.LockAbout(b, e.who.Citizen)
	e.known = citizen.LockByID(b, e.who.Organisation, e.who.Citizen)
	queueHolds(b, e.who, &e.held)
	e.queueMandates(b)
	b.Queue(`select true from erasure_request where citizen_id = $1 and state = 'asked' for update`, e.who.Citizen).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&e.asked}, func() error { return nil })
		return err
	})
	b.Queue(`select o.id from mandate m join mandate o on o.id = m.transfers where m.citizen_id = $1 and o.end_reason = 'transferred' order by o.id`, e.who.Citizen).
		Query(func(rows pgx.Rows) error {
			var err error
			e.transferred, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		})
	e.places = journal.AskPlaces(b, e.who.Citizen)
	return b
}

// queueMandates reads how many mandates there are, when the last of them ended, and which have not.
func (e *erasing) queueMandates(b *pgx.Batch) {
	b.Queue(`select count(*), max(coalesce(m.ended_at, `+mandate.Lasting+`)) from mandate m where m.citizen_id = $1`, e.who.Citizen).
		QueryRow(func(row pgx.Row) error { return row.Scan(&e.mandates, &e.last) })
	b.Queue(`select m.id, `+mandate.Lasting+` from mandate m where m.citizen_id = $1 and m.state <> 'ended' order by m.id`, e.who.Citizen).Query(func(rows pgx.Rows) error {
		var id uuid.UUID
		var ends time.Time
		_, err := pgx.ForEachRow(rows, []any{&id, &ends}, func() error {
			e.lasting, e.ends = append(e.lasting, id), append(e.ends, ends)
			return nil
		})
		return err
	})
}

// check refuses what must not be erased, or not yet.
func (e *erasing) check(now time.Time) error {
	if err := e.over(now); err != nil {
		return err
	}
	for _, h := range e.held {
		if h.Stands(now) {
			return &HeldError{h}
		}
	}
	switch {
	case e.ground == Asked && !e.asked:
		return db.ErrNotFound
	case e.ground == Again:
		return nil
	case e.last != nil && now.Before(DueAt(*e.last)):
		return ErrEarly
	}
	if e.asked {
		e.ground = Asked
	}
	return nil
}

// over refuses who is not there, and of whom a mandate lasts.
func (e *erasing) over(now time.Time) error {
	if e.known.ID == uuid.Nil {
		return db.ErrNotFound
	}
	var lasting []uuid.UUID
	for i, id := range e.lasting {
		if e.ends[i].After(now) {
			lasting = append(lasting, id)
		}
	}
	if len(lasting) > 0 {
		return &StandsError{lasting}
	}
	return nil
}

// forget queues what every package has to forget, those first whose rows refer to the others'.
func (r *Register) forget(ctx context.Context, tx *journal.Tx, known *citizen.Sealed) error {
	for _, forget := range r.others {
		forget(tx, known.ID)
	}
	for _, forget := range []Forget{notify.Forget, report.Forget, receipt.Forget, attestation.Forget, consent.Forget} {
		forget(tx, known.ID)
	}
	if err := r.phones.Forget(ctx, tx, known); err != nil {
		return err
	}
	for _, forget := range []Forget{draft.Forget, mandate.Forget, forgetOwn, citizen.Forget} {
		forget(tx, known.ID)
	}
	return nil
}

// forgetOwn queues that what this package keeps of a citizen goes: holds that do not stand any more, and what they asked.
func forgetOwn(tx *journal.Tx, citizen uuid.UUID) {
	tx.Queue(`delete from erasure_request where citizen_id = $1`, citizen)
	tx.Queue(`delete from erasure_hold where citizen_id = $1`, citizen)
}
