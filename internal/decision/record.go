package decision

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/client"
	"mandat/internal/db"
	"mandat/internal/journal"
)

// answered is the detail of the entries decision.given and decision.refused. The service asks, so the act is the program's and names the
// aidant: nobody has seen them there.
type answered struct {
	Client    string `json:"client"`
	Person    string `json:"person"` // the aidant
	Procedure string `json:"procedure,omitempty"`
	Case      string `json:"case,omitempty"` // of the power
	Level     string `json:"level"`          // as asked
	Reason    string `json:"reason,omitempty"`
}

var (
	errNoted = errors.New("the same was answered today")
	errGone  = errors.New("nobody is known by these names any more")
)

// The locks are those of a use (package idp): an end, a suspension or a change of role waits for the answer, or comes first and is seen by
// the question behind them.
const (
	lockPeople = `select from membership m join person a on a.id = m.person_id join citizen c on c.organisation_id = m.organisation_id
		where m.organisation_id = $1 and m.person_id = $2 and m.role = 'aidant' and c.id = $3 for share of a, m, c`
	lockCertificate = `select from certification where person_id = $1 for share`

	// noteAnswer decides which of several at once is the first.
	noteAnswer = `insert into decision_answer (client, organisation_id, person_id, citizen_id, procedure, case_ref, level, day, reason, mandate_id, answered_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing`
)

// record is the act of answering something for the first time on a day: it asks again behind the locks, and returns what it answered.
func (p *Point) record(ctx context.Context, by *client.Client, q request, first verdict) (verdict, error) {
	now, out := p.Clock.Now(), verdict{reason: noPower}
	var f facts
	batch := &pgx.Batch{}
	batch.Queue(lockPeople, first.facts.organisation, first.facts.person, first.facts.citizen)
	batch.Queue(lockCertificate, first.facts.person)
	f.queue(batch, by, q, now)
	err := p.Journal.RecordAfter(ctx, journal.Program(), batch, func(tx *journal.Tx) (journal.Event, error) {
		ref, err := p.caseOf(f, q)
		if err != nil {
			return journal.Event{}, err
		}
		if out = f.judge(by, q, ref); !out.known() {
			return journal.Event{}, errGone
		}
		if err := tx.ExecOne(ctx, errNoted, noteAnswer, by.ID, f.organisation, f.person, f.citizen, q.procedure, out.caseRef, string(q.level), day(tx.Now), out.reason, out.mandate, tx.Now); err != nil {
			return journal.Event{}, err
		}
		return out.event(by, q), nil
	})
	if err != nil && !errors.Is(err, errNoted) && !errors.Is(err, errGone) {
		return verdict{}, fmt.Errorf("record decision: %w", err)
	}
	return out, nil
}

func (v verdict) event(by *client.Client, q request) journal.Event {
	told := answered{by.ID, v.facts.person.String(), q.procedure, v.caseRef, string(q.level), v.reason}
	e := journal.Event{Action: "decision.refused", Detail: told}
	if v.reason == "" {
		e = journal.Event{Action: "decision.given", Detail: told}
	}
	e.Organisation, e.Citizen, e.Mandate = v.facts.organisation, v.facts.citizen, v.mandate
	return e
}

// ask reads the facts without a lock.
func (p *Point) ask(ctx context.Context, by *client.Client, q request) (verdict, error) {
	var f facts
	now := p.Clock.Now()
	batch := &pgx.Batch{}
	f.queue(batch, by, q, now)
	if err := p.DB.Ask(ctx, db.System(), batch); err != nil {
		return verdict{}, fmt.Errorf("ask for a decision: %w", err)
	}
	ref, err := p.caseOf(f, q)
	return f.judge(by, q, ref), err
}

// caseOf is how powers of the organisation name the file of a question.
func (p *Point) caseOf(f facts, q request) (string, error) {
	if f.organisation == uuid.Nil {
		return "", nil
	}
	return p.Drafts.CaseRef(f.organisation, q.reference)
}
