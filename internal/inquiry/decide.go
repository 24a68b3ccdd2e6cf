package inquiry

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

// Decision is what is decided on the findings of a round.
type Decision struct {
	Outcome string
	Words   string  // the reason
	Orders  []Order // what is suspended from now on; provisional measures that are not named end
}

// Order is something to suspend for a finding.
type Order struct {
	Finding uuid.UUID
	Kind    string
}

// Decide decides, with a fresh second factor, and carries out what was decided. Who found something does not decide on it, nor anybody who shared a browser with them. It returns
// ErrOutcome, ErrMeasure, ErrWords, ErrSecret, ErrWaits while an organisation may still reply, org.ErrYourself, ErrOneBrowser, db.ErrConflict when nothing is found to decide on, or
// when what is to be suspended is, under another inquiry, db.ErrNotFound, org.ErrMayNot and org.ErrFactorTooOld.
func (r *Register) Decide(ctx context.Context, by journal.Actor, id uuid.UUID, d Decision) error {
	words, err := clean(d.Words)
	if !slices.Contains(Outcomes(), d.Outcome) || (d.Outcome == Suspension) != (len(d.Orders) > 0) || len(d.Orders) > most {
		err = ErrOutcome
	}
	if err != nil {
		return wrap("decide on an inquiry", err)
	}
	err = r.act(ctx, by, id, nil, func(tx *journal.Tx, h *held) (journal.Event, error) {
		if err := org.Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		if h.State != Found {
			return journal.Event{}, db.ErrConflict
		}
		findings, err := r.mayDecide(ctx, tx, h)
		if err != nil {
			return journal.Event{}, err
		}
		e := h.detail()
		e.Round, e.Outcome = h.Round, d.Outcome
		if e.Measures, err = r.order(ctx, tx, h, findings, d.Orders); err != nil {
			return journal.Event{}, err
		}
		if e.Note, e.WordsSHA256, err = r.write(ctx, tx, h, noteDecision, words); err != nil {
			return journal.Event{}, err
		}
		tx.Queue(`insert into inquiry_decision (inquiry_id, round, outcome, note_id, decided_by, decided_at) values ($1, $2, $3, $4, $5, $6)`, id, h.Round, d.Outcome, e.Note, by.Person, tx.Now)
		tx.Queue(`update inquiry_finding set outcome = $3, decided_at = $4, state = case when state = 'asked' then 'lapsed' else state end where inquiry_id = $1 and round = $2`, id, h.Round, d.Outcome, tx.Now)
		tx.Queue(`update inquiry set state = 'decided' where id = $1`, id)
		for _, f := range findings {
			if f.Gravity != None {
				err = errors.Join(err, r.tellReferents(ctx, tx, "finding_decided", f.Organisation, f.ID))
			}
		}
		return journal.Event{Action: "inquiry.decided", Detail: e}, err
	})
	if err != nil {
		return wrap("decide on an inquiry", err)
	}
	_ = r.carryOut(ctx, by, id) // it is decided, and what was not done here the job does
	return nil
}

// mayDecide returns the findings of the round, which it locks, once it may be decided on them by who acts.
func (r *Register) mayDecide(ctx context.Context, tx *journal.Tx, h *held) ([]Finding, error) {
	rows, err := tx.Query(ctx, `select `+findingColumns+` from inquiry_finding f where f.inquiry_id = $1 and f.round = $2 order by f.made_at, f.id for update`, h.ID, h.Round)
	if err != nil {
		return nil, err
	}
	findings, err := pgx.CollectRows(rows, scanFinding)
	if err != nil {
		return nil, err
	}
	for _, f := range findings {
		if f.MadeBy == tx.By.Person {
			return nil, org.ErrYourself
		}
		if f.Waits(tx.Now) {
			return nil, ErrWaits
		}
		var one bool
		if err := tx.QueryRow(ctx, `select unsealing_one_browser($1, $2)`, f.MadeBy, tx.By.Person).Scan(&one); err != nil || one {
			return nil, errors.Join(err, unless(!one, ErrOneBrowser))
		}
	}
	return findings, nil
}

// order queues what a decision suspends: what stands provisionally and is named goes on, what is not named ends, and the rest is ordered. It returns the ids of all that is named.
func (r *Register) order(ctx context.Context, tx *journal.Tx, h *held, findings []Finding, orders []Order) ([]string, error) {
	rows, err := tx.Query(ctx, `select `+measureColumns+` from inquiry_measure m where m.inquiry_id = $1 and m.provisional and m.state = 'stands' order by m.ordered_at, m.id for update`, h.ID)
	if err != nil {
		return nil, err
	}
	provisional, err := pgx.CollectRows(rows, scanMeasure)
	if err != nil {
		return nil, err
	}
	var named []string
	var seen []Measure
	for _, o := range orders {
		m, err := measureOf(findings, o)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(seen, m.same) {
			continue
		}
		seen = append(seen, m)
		if i := slices.IndexFunc(provisional, m.same); i >= 0 {
			named = append(named, provisional[i].ID.String())
			tx.Queue(`update inquiry_measure set provisional = false where id = $1`, provisional[i].ID)
			provisional = slices.Delete(provisional, i, i+1)
			continue
		}
		m.ID, m.State = token.ID(), Ordered
		named = append(named, m.ID.String())
		if err := m.insert(ctx, tx, h); err != nil {
			return nil, err
		}
	}
	for _, m := range provisional {
		tx.Queue(`update inquiry_measure set state = 'ending' where id = $1`, m.ID)
	}
	return named, nil
}

// Close closes what was decided. Its words go at once when they may name somebody who was erased meanwhile. It returns db.ErrConflict for any other, db.ErrNotFound, org.ErrMayNot.
func (r *Register) Close(ctx context.Context, by journal.Actor, id uuid.UUID) error {
	return wrap("close an inquiry", r.act(ctx, by, id, nil, func(tx *journal.Tx, h *held) (journal.Event, error) {
		err := tx.ExecOne(ctx, db.ErrConflict, `update inquiry set state = 'closed', closed_by = $2, closed_at = $3 where id = $1 and state = 'decided'`, id, by.Person, tx.Now)
		queueDestroy(tx.Tx, `id = $2 and `+ofErased, tx.Now, id)
		return journal.Event{Action: "inquiry.closed", Detail: h.detail()}, err
	}))
}

// Reopen opens what was decided or closed again, for a reason: what was found and decided before stays, and what stands goes on standing. It returns db.ErrConflict for any other,
// and what Note does.
func (r *Register) Reopen(ctx context.Context, by journal.Actor, id uuid.UUID, words string) error {
	words, err := clean(words)
	if err != nil {
		return wrap("open an inquiry again", err)
	}
	return wrap("open an inquiry again", r.act(ctx, by, id, nil, func(tx *journal.Tx, h *held) (journal.Event, error) {
		if !h.over() {
			return journal.Event{}, db.ErrConflict
		}
		d := h.detail()
		d.Round = h.Round + 1
		var err error
		if d.Note, d.WordsSHA256, err = r.write(ctx, tx, h, noteReopened, words); err != nil {
			return journal.Event{}, err
		}
		tx.Queue(`update inquiry set state = 'open', round = round + 1, closed_by = null, closed_at = null where id = $1`, id)
		return journal.Event{Action: "inquiry.reopened", Detail: d}, nil
	}))
}
