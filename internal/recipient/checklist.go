package recipient

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/caseload"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/prose"
	"mandat/internal/token"
)

// Counts are what the charter has a referent look at, and how many of each there are in the organisation now. Each is a question to the tables: what no table holds, such as a paper that was signed
// and filed, nobody is told was checked.
type Counts struct {
	Unkept       int `json:"unkept"`       // mandates in force of which no document was handed over
	Unproven     int `json:"unproven"`     // mandates in force of which no evidence of what was told and signed is kept
	Accounts     int `json:"accounts"`     // uses of more than AccountsAfter ago of which no account was given
	Forsaken     int `json:"forsaken"`     // mandates that nobody follows up any more (package caseload)
	Certificates int `json:"certificates"` // aidants at work whose certificate is over, or is suspended
	Replies      int `json:"replies"`      // findings of auditors that wait for the organisation's reply
}

// AccountsAfter is how long after a use its account is missed here, and Every how often the list is to be gone through.
const (
	AccountsAfter = 7 * 24 * time.Hour
	Every         = 90 * 24 * time.Hour
)

// Unkept is a mandate that waits for something.
type Unkept struct {
	Mandate uuid.UUID
	Person  uuid.UUID // who signed it
	At      time.Time
	What    string // "unkept", "unproven" or "accounts"
}

// Check is that somebody went through the list.
type Check struct {
	By  uuid.UUID
	At  time.Time
	Due time.Time // the day by which it is to be done again, midnight UTC
	Counts
}

// Checklist is the list as a referent sees it.
type Checklist struct {
	Counts
	Unkept []Unkept // the oldest first, at most fifty
	Checks []Check  // the newest first, at most ten
}

// inForce is SQL: whether a mandate m is in force at $2.
const inForce = `m.organisation_id = $1 and m.state = 'standing' and ` + mandate.Lasting + ` > $2`

// noDocument and noEvidence are SQL, about a mandate m.
const (
	noDocument = `not exists (select from attestation d where d.mandate_id = m.id and d.kind = 'attestation')`
	noEvidence = `not exists (select from mandate_evidence d where d.mandate_id = m.id)`
)

const counts = `select (select count(*) from mandate m where ` + inForce + ` and ` + noDocument + `),
	(select count(*) from mandate m where ` + inForce + ` and ` + noEvidence + `),
	(select count(*) from report_use u where u.organisation_id = $1 and u.state = 'open' and u.used_at < $3),
	(select count(distinct x.person_id) from membership x join person a on a.id = x.person_id join certification k on k.person_id = x.person_id where x.organisation_id = $1 and x.role = 'aidant' and x.ended_at is null
		and x.suspended_at is null and a.suspended_at is null and (k.state = 'suspended' or k.state = 'certified' and k.certified_until <= $2)),
	(select count(*) from inquiry_finding f where f.organisation_id = $1 and f.state = 'asked' and f.due_at > $2)`

const unkept = `(select m.id, m.person_id, m.signed_at, 'unkept' from mandate m where ` + inForce + ` and ` + noDocument + ` order by m.signed_at limit 50)
	union all (select m.id, m.person_id, m.signed_at, 'unproven' from mandate m where ` + inForce + ` and ` + noEvidence + ` order by m.signed_at limit 50)
	union all (select u.mandate_id, u.person_id, u.used_at, 'accounts' from report_use u where u.organisation_id = $1 and u.state = 'open' and u.used_at < $3 order by u.used_at limit 50)
	order by 3, 1 limit 50`

// Checklist shows a referent what is to be checked, and when that was done. It returns org.ErrMayNot.
func (r *Register) Checklist(ctx context.Context, by journal.Actor) (Checklist, error) {
	var out Checklist
	now := r.clock.Now()
	b := &pgx.Batch{}
	may := org.MayRunRead(b, by)
	queueCounts(b, by, now, &out.Counts)
	collect(b, &out.Unkept, pgx.RowToStructByPos[Unkept], unkept, by.Organisation, now, now.Add(-AccountsAfter))
	collect(b, &out.Checks, scanCheck, `select checked_by, checked_at, due_on, counts from recipient_checklist where organisation_id = $1 order by checked_at desc, id limit 10`, by.Organisation)
	err := r.db.Ask(ctx, db.InOrganisation(by.Organisation), b)
	if err == nil {
		err = may()
	}
	if err != nil {
		return Checklist{}, wrap("show what is to be checked", err)
	}
	return out, nil
}

func queueCounts(b *pgx.Batch, by journal.Actor, now time.Time, c *Counts) {
	b.Queue(counts, by.Organisation, now, now.Add(-AccountsAfter)).QueryRow(func(row pgx.Row) error {
		return row.Scan(&c.Unkept, &c.Unproven, &c.Accounts, &c.Certificates, &c.Replies)
	})
	b.Queue(caseload.CountForsaken, by.Organisation, now, nil).QueryRow(func(row pgx.Row) error { return row.Scan(&c.Forsaken) })
}

func scanCheck(row pgx.CollectableRow) (Check, error) {
	var c Check
	err := c.scan(row)
	return c, err
}

// scan reads checked_by, checked_at, due_on, counts, and what the query has besides.
func (c *Check) scan(row pgx.CollectableRow, more ...any) error {
	var counts []byte
	if err := row.Scan(append([]any{&c.By, &c.At, &c.Due, &counts}, more...)...); err != nil {
		return err
	}
	return json.Unmarshal(counts, &c.Counts)
}

// checked is the detail of the entry.
type checked struct {
	Checklist string `json:"checklist"`
	DueOn     string `json:"due_on"`
	Counts
}

// Check notes that a referent went through the list today, with how many of each there were at that moment, and when it is due again. It returns db.ErrConflict when somebody did today, org.ErrMayNot.
func (r *Register) Check(ctx context.Context, by journal.Actor) error {
	first := &pgx.Batch{}
	may := org.MayRun(first, by)
	first.Queue(`select pg_advisory_xact_lock(hashtextextended('checklist ' || $1::text, 0))`, by.Organisation)
	return wrap("note a check", r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		today := tx.Now.In(prose.Paris)
		var before time.Time
		err := tx.QueryRow(ctx, `select coalesce(max(checked_at), '0001-01-01') from recipient_checklist where organisation_id = $1`, by.Organisation).Scan(&before)
		if err != nil || before.In(prose.Paris).Format(time.DateOnly) == today.Format(time.DateOnly) {
			return journal.Event{}, conflictUnless(err)
		}
		d := checked{Checklist: token.ID().String(), DueOn: today.Add(Every).Format(time.DateOnly)}
		b := &pgx.Batch{}
		queueCounts(b, by, tx.Now, &d.Counts)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return journal.Event{}, err
		}
		counts, err := json.Marshal(d.Counts)
		if err != nil {
			return journal.Event{}, err
		}
		_, err = tx.Exec(ctx, `insert into recipient_checklist (id, organisation_id, checked_by, checked_at, due_on, counts) values ($1, $2, $3, $4, $5, $6)`, d.Checklist, by.Organisation, by.Person, tx.Now, d.DueOn, string(counts))
		return journal.Event{Action: "checklist.done", Detail: d}, err
	}))
}

// conflictUnless is db.ErrConflict unless something else went wrong.
func conflictUnless(err error) error {
	if err != nil {
		return err
	}
	return db.ErrConflict
}

// Today reports whether the check was done on the day of now, in Paris.
func (c Check) Today(now time.Time) bool {
	return c.At.In(prose.Paris).Format(time.DateOnly) == now.In(prose.Paris).Format(time.DateOnly)
}

// Late reports whether the next check was due before the day of now, in Paris.
func (c Check) Late(now time.Time) bool {
	return c.Due.Format(time.DateOnly) < now.In(prose.Paris).Format(time.DateOnly)
}
