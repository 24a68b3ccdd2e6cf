package mandate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// The pages on which one citizen's mandate is read, as they stand in entries.
const (
	PageMandate     = "mandate"     // with its powers and its uses
	PageEnd         = "end"         // where it is ended
	PageAttestation = "attestation" // to be printed
	PageDocument    = "document"    // the sealed PDF
)

// consultedAgain is how long a page may be opened again in the same session without another entry: turning back to it, or loading it anew,
// is the same reading.
const consultedAgain = time.Hour

// Reader is a transaction in which something is read.
type Reader interface {
	Querier
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

type consulted struct {
	Page string `json:"page"`
}

// Searched is the detail of citizen.searched: how many were shown, never what was typed.
type Searched struct {
	Results int    `json:"results"`
	Login   string `json:"login,omitempty"` // of the client for whom somebody is looked for
}

// errSeen says that the reading has its entry.
var errSeen = errors.New("this session has opened this page of the mandate already")

// The entry itself remembers (docs/decisions/0014). It is looked for among the last of the mandate, so that one with thousands of uses
// costs no more than another.
const seenBefore = `select exists (select from (select at, action, session_id, body from journal_entry where mandate_id = $1 order by id desc limit 100) e
	where e.action = 'mandate.consulted' and e.session_id = $2 and e.at > $4 and e.body::jsonb #>> '{detail,page}' = $3)`

// Reading runs read, which reads what a page shows of a mandate and returns its citizen, in a transaction whose entry says that the actor
// opened it: no entry, no page. Opened again in the same session within an hour it leaves no other entry. What read returns is an error
// of Reading, and then there is no entry.
func (r *Register) Reading(ctx context.Context, by journal.Actor, id uuid.UUID, page string, read func(Reader) (uuid.UUID, error)) error {
	seen := false
	batch := &pgx.Batch{}
	// The same page at once in two tabs: the second waits for the first one's entry, and sees it.
	batch.Queue(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, fmt.Sprintf("consulted %x %s %s", by.Session, id, page))
	batch.Queue(seenBefore, id, by.Session, page, r.clock.Now().Add(-consultedAgain)).QueryRow(func(row pgx.Row) error { return row.Scan(&seen) })
	err := r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		citizen, err := read(tx)
		if err == nil && seen {
			err = errSeen
		}
		return journal.Event{Action: "mandate.consulted", Citizen: citizen, Mandate: id, Detail: consulted{page}}, err
	})
	if errors.Is(err, errSeen) {
		return nil
	}
	return err
}

// Citizens finds citizens of the actor's organisation by name, as citizen.Register.Search does, for who may read them; login is the
// login of a client for which somebody is looked for, else the nil id. The entry says that somebody was looked for, and how many were found: not
// the name, which would be personal. Errors: citizen.ErrTooShort, org.ErrMayNot.
func (r *Register) Citizens(ctx context.Context, by journal.Actor, query string, login uuid.UUID) ([]citizen.Citizen, error) {
	detail := Searched{}
	if login != uuid.Nil {
		detail.Login = login.String()
	}
	var found []citizen.Citizen
	batch := &pgx.Batch{}
	mayRead := org.MayRead(batch, by)
	err := r.journal.RecordAfter(ctx, by, batch, func(tx *journal.Tx) (journal.Event, error) {
		err := mayRead()
		if err != nil {
			return journal.Event{}, err
		}
		found, err = r.citizens.Search(ctx, tx, by.Organisation, query, tx.Now)
		detail.Results = len(found)
		return journal.Event{Action: "citizen.searched", Detail: detail}, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for citizens: %w", err)
	}
	return found, nil
}

// Consult finds a mandate of the actor's organisation for one of the pages that show it, with its powers, its frozen terms and who the citizen
// is, and records that it was read (Reading). It returns db.ErrNotFound for anybody else's, org.ErrMayNot to who may not read here
// (org.Reads).
func (r *Register) Consult(ctx context.Context, by journal.Actor, id uuid.UUID, page string) (Mandate, error) {
	m := Mandate{ID: id, Organisation: by.Organisation}
	err := r.Reading(ctx, by, id, page, func(tx Reader) (uuid.UUID, error) {
		err := r.find(ctx, tx, by, &m)
		return m.Citizen, err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Mandate{}, db.ErrNotFound
	}
	if err != nil {
		return Mandate{}, fmt.Errorf("find mandate %s: %w", id, err)
	}
	return m, nil
}
