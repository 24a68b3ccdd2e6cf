package anomaly

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/prose"
)

// act is an entry of the log as rules see it.
type act struct {
	index                                  int64
	at                                     time.Time
	action                                 string
	organisation, person, citizen, mandate uuid.UUID
	day                                    time.Time // in Paris, as midnight UTC
	detail                                 detail    // of the actions in told
}

// detail are the members of details that rules read.
type detail struct {
	Person     uuid.UUID `json:"person"`
	Draft      uuid.UUID `json:"draft"`
	Version    int       `json:"version"`
	Method     string    `json:"method"`
	On         string    `json:"on"`
	Identified string    `json:"identified_by"`
	Consent    string    `json:"consent_by"`
	Phone      uuid.UUID `json:"phone"`
}

// told are the actions whose details are read.
var told = []string{"draft.identified", "mandate.signed", "phone.verified", "decision.refused"}

// touching are the acts that an aidant does for a citizen, one after the other: those that odd hours, bursts and comparisons count.
var touching = []string{"draft.identified", "draft.witnessed", "mandate.signed", "mandate.consulted", "power.citizen_chosen", "power.used", "power.declared", "power.accounted"}

// refusals are steps that the program refused to an aidant. That a citizen says no is none of them.
var refusals = []string{"draft.identity_refused", "phone.refused", "power.refused", "decision.refused"}

// step is how many entries of the log are read in one go. Nothing is held back in between.
const step = 8192

// alongIndexes leaves PostgreSQL one way to read a range: along its index, however its plan was made.
const alongIndexes = `select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_hashjoin', 'off', true),
	set_config('enable_mergejoin', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)`

// read hands over the acts from an index of the log on and before another one that rules look at, in their order. Those that were forgotten are not there.
func (r *Register) read(ctx context.Context, from, end int64, each func(*act)) error {
	return r.auditor.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, alongIndexes); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select l.index, e.at, e.action, e.organisation_id, coalesce(e.person_id, '00000000-0000-0000-0000-000000000000'), coalesce(e.citizen_id, '00000000-0000-0000-0000-000000000000'),
				coalesce(e.mandate_id, '00000000-0000-0000-0000-000000000000'), case when e.action = any ($4) then e.body end
			from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index >= $1 and l.index < $2 and e.action = any ($3) and e.organisation_id is not null order by l.index`, from, end, looked, told)
		if err != nil {
			return err
		}
		var a act
		var body *string
		_, err = pgx.ForEachRow(rows, []any{&a.index, &a.at, &a.action, &a.organisation, &a.person, &a.citizen, &a.mandate, &body}, func() error {
			a.at, a.day, a.detail = a.at.UTC(), dayOf(a.at), detail{}
			if body != nil {
				var b struct {
					Detail detail `json:"detail"`
				}
				if json.Unmarshal([]byte(*body), &b) == nil { // one that is damaged, verification names
					a.detail = b.Detail
				}
			}
			if a.person == uuid.Nil {
				a.person = a.detail.Person
			}
			if a.person != uuid.Nil {
				each(&a)
			}
			return nil
		})
		return err
	})
}

// looked are the actions that any rule looks at.
var looked = append(append([]string{"phone.verified"}, touching...), refusals...)

// dayOf is the day of a time in Paris, as midnight UTC: a date without an hour.
func dayOf(t time.Time) time.Time {
	y, m, d := t.In(prose.Paris).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// begins is when a day begins in Paris.
func begins(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, prose.Paris)
}

// size is how many entries the log has.
func (r *Register) size(ctx context.Context) (n int64, err error) {
	err = r.auditor.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select coalesce((select size from journal_tree), 0)`).Scan(&n)
	})
	return n, err
}

// jitter is by how much the order of entries in the log may differ from that of their times, at the most: acts take seconds.
const jitter = time.Hour

// abroad is after how long a day of Paris is over everywhere, and its entries stand.
const abroad = 12*time.Hour + 2*jitter

// indexAt is an index from which on all entries of a time or later stand; perhaps some earlier ones too. It halves the log.
func (r *Register) indexAt(ctx context.Context, t time.Time) (int64, error) {
	end, err := r.size(ctx)
	if err != nil {
		return 0, err
	}
	t = t.Add(-jitter)
	low, high := int64(0), end // everything before low is earlier
	err = r.auditor.Read(ctx, db.System(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, alongIndexes); err != nil {
			return err
		}
		for low < high {
			middle := low + (high-low)/2
			var index int64
			var at time.Time
			err := tx.QueryRow(ctx, `select l.index, e.at from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index >= $1 and l.index < $2 order by l.index limit 1`, middle, high).Scan(&index, &at)
			switch {
			case errors.Is(err, pgx.ErrNoRows): // all of that half was forgotten
				high = middle
			case err != nil:
				return err
			case at.Before(t):
				low = index + 1
			default:
				high = middle
			}
		}
		return nil
	})
	return low, err
}
