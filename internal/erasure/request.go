package erasure

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// Request is that a citizen asked to be erased. From then on nobody in the organisation sees them (the policies of the tables citizen and mandate); jobs do.
type Request struct {
	ID             uuid.UUID
	AskedAt, DueAt time.Time // DueAt is when they are erased, which may be at once
	AskedBy        uuid.UUID // the professional to whom they said so
}

// Reference is how people name a request, on paper and aloud: two groups of four characters.
func (r Request) Reference() string {
	hex := strings.ToUpper(strings.ReplaceAll(r.ID.String(), "-", ""))
	return hex[24:28] + " " + hex[28:]
}

// askedEntry is the detail of an entry about a request.
type askedEntry struct {
	Request string `json:"request"`
	DueAt   string `json:"due_at,omitempty"`
}

// mayAsk queues the question whether somebody may take a citizen's word on erasure: an aidant who may read of citizens, certified or not, or a referent.
func mayAsk(b *pgx.Batch, by journal.Actor) func() error {
	if by.Kind == journal.Referent {
		return org.MayRun(b, by)
	}
	return org.MayEnd(b, by)
}

// Ask notes that a citizen wants to be erased, at any time: their mandates have to be ended first. It is done at DueAt, by CarryOut. Drafts
// that are under way for them are dropped.
//
// Errors: *StandsError, org.ErrMayNot, org.ErrFactorTooOld, db.ErrNotFound for whom the organisation does not know, or who asked already.
func (r *Register) Ask(ctx context.Context, by journal.Actor, who uuid.UUID) (Request, error) {
	e := &erasing{who: Who{by.Organisation, who}}
	q := Request{ID: token.ID(), AskedBy: by.Person}
	b := &pgx.Batch{}
	may := mayAsk(b, by)
	draft.LockAbout(b, who)
	e.known = citizen.LockByID(b, by.Organisation, who)
	e.queueMandates(b)
	err := r.journal.RecordAfter(ctx, by, b, func(tx *journal.Tx) (journal.Event, error) {
		err := may()
		if err == nil {
			err = org.Fresh(by, tx.Now)
		}
		if err == nil {
			err = e.over(tx.Now)
		}
		if err != nil {
			return journal.Event{}, err
		}
		q.AskedAt, q.DueAt = tx.Now, tx.Now
		if e.last != nil && DueAt(*e.last).After(tx.Now) {
			q.DueAt = DueAt(*e.last)
		}
		draft.Drop(tx, who) // before nobody sees them, and the next as well
		if r.tell != nil {
			if err := r.tell(tx.Tx, tx.Now, org.Message{Kind: "erasure_asked", About: q.ID.String(), Citizen: who}); err != nil {
				return journal.Event{}, err
			}
		}
		tx.QueueOne(`insert into erasure_request (id, organisation_id, citizen_id, state, asked_at, asked_by, due_at) values ($1, $2, $3, 'asked', $4, $5, $6)`,
			q.ID, by.Organisation, who, q.AskedAt, q.AskedBy, q.DueAt)
		return journal.Event{Action: "erasure.asked", Citizen: who, Detail: askedEntry{q.ID.String(), journal.TimeText(q.DueAt)}}, nil
	})
	if err != nil {
		return Request{}, fmt.Errorf("ask for the erasure of citizen %s: %w", who, err)
	}
	return q, nil
}

// TakeBack notes that a citizen does not want it any more: they are seen again. Errors: org.ErrMayNot, org.ErrFactorTooOld, db.ErrNotFound for a request that is not the
// organisation's, was taken back or carried out.
func (r *Register) TakeBack(ctx context.Context, by journal.Actor, request uuid.UUID) error {
	b := &pgx.Batch{}
	may := mayAsk(b, by)
	err := r.journal.RecordAfter(ctx, by, b, func(tx *journal.Tx) (journal.Event, error) {
		err := may()
		if err == nil {
			err = org.Fresh(by, tx.Now)
		}
		if err != nil {
			return journal.Event{}, err
		}
		var who uuid.UUID
		err = tx.QueryRow(ctx, `update erasure_request set state = 'taken_back', taken_back_at = $3, taken_back_by = $4 where id = $1 and organisation_id = $2 and state = 'asked' returning citizen_id`,
			request, by.Organisation, tx.Now, by.Person).Scan(&who)
		if err != nil {
			return journal.Event{}, db.Found("take a request for erasure back", err)
		}
		return journal.Event{Action: "erasure.taken_back", Citizen: who, Detail: askedEntry{Request: request.String()}}, nil
	})
	if err != nil {
		return fmt.Errorf("take request %s for erasure back: %w", request, err)
	}
	return nil
}

const requestColumns = `q.id, q.asked_at, q.due_at, q.asked_by`

// maxRequests is how many requests are listed.
const maxRequests = 500

// Requests lists what was asked of the actor's organisation and is not done yet, the first first, without a name. Errors: org.ErrMayNot.
func (r *Register) Requests(ctx context.Context, by journal.Actor) ([]Request, error) {
	return r.requests(ctx, by, `select `+requestColumns+` from erasure_request q where q.organisation_id = $1 and q.state = 'asked' order by q.asked_at, q.id limit $2`, by.Organisation, maxRequests)
}

// Request finds one of them. Errors: org.ErrMayNot, db.ErrNotFound.
func (r *Register) Request(ctx context.Context, by journal.Actor, id uuid.UUID) (Request, error) {
	all, err := r.requests(ctx, by, `select `+requestColumns+` from erasure_request q where q.organisation_id = $1 and q.state = 'asked' and q.id = $2`, by.Organisation, id)
	if err == nil && len(all) == 0 {
		err = db.ErrNotFound
	}
	if err != nil {
		return Request{}, err
	}
	return all[0], nil
}

func (r *Register) requests(ctx context.Context, by journal.Actor, sql string, args ...any) ([]Request, error) {
	var out []Request
	b := &pgx.Batch{}
	may := func() error { return org.ErrMayNot }
	switch by.Kind {
	case journal.Aidant:
		may = org.MayRead(b, by)
	case journal.Referent:
		may = org.MayRunRead(b, by)
	}
	b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Request])
		return err
	})
	if err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), b); err != nil {
		return nil, fmt.Errorf("list requests for erasure: %w", err)
	}
	if err := may(); err != nil {
		return nil, err
	}
	return out, nil
}
