package anomaly

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/private"
	"mandat/internal/wrapping"
)

// How an alert is closed.
const (
	Confirmed = "confirmed" // something was wrong, and what had to be done about it was
	Justified = "justified" // the acts were unusual, and right
	Practice  = "practice"  // the organisation is known to work like that
	Mistaken  = "mistaken"  // the rule should not have found it: a false alarm
)

// Kinds are all of them.
func Kinds() []string { return []string{Confirmed, Justified, Practice, Mistaken} }

// How long the words are, in characters, and how long they are kept.
const (
	WordsMin  = 10
	WordsMax  = 300
	keepWords = 365 * 24 * time.Hour
)

// purpose is for what the words of an alert are sealed.
const purpose = "anomaly.words"

// Close closes an alert, be it in a case or not, with a reason and words for it, which are kept sealed, for a year. Of two auditors at once one does. Errors: ErrReason, ErrSecret,
// db.ErrNotFound, db.ErrConflict when it is closed, org.ErrYourself for whom it is about, org.ErrMayNot.
func (r *Register) Close(ctx context.Context, by journal.Actor, id uuid.UUID, kind, words string) error {
	words = strings.Join(strings.Fields(words), " ")
	switch n := utf8.RuneCountInString(words); {
	case !slices.Contains(Kinds(), kind) || n < WordsMin || n > WordsMax:
		return ErrReason
	case private.Holds(words) != "":
		return ErrSecret
	}
	wrapped, sealed, err := r.keys.Seal(id, purpose, []byte(words))
	if err != nil {
		return wrap("close an alert", err)
	}
	return wrap("close an alert", r.act(ctx, by, id, func(tx *journal.Tx, a *Alert) (journal.Event, error) {
		err := tx.ExecOne(ctx, db.ErrConflict, `update anomaly_alert set state = 'closed', kind = $2, closed_by = $3, closed_at = $4, data_key = $5, words = $6 where id = $1 and state <> 'closed'`,
			id, kind, by.Person, tx.Now, wrapped, sealed)
		d := a.detail()
		d.Kind = kind
		return journal.Event{Action: "anomaly.closed", Organisation: a.Organisation, Detail: d}, err
	}))
}

// Take takes an open alert into a case (package inquiry) that is not closed, for ever. Errors: db.ErrNotFound for an alert or a case that is not there, db.ErrConflict when the
// alert is in a case or closed, or the case is closed, org.ErrYourself, org.ErrMayNot.
func (r *Register) Take(ctx context.Context, by journal.Actor, id, into uuid.UUID) error {
	return wrap("take an alert into a case", r.act(ctx, by, id, func(tx *journal.Tx, a *Alert) (journal.Event, error) {
		var stands bool
		if err := tx.QueryRow(ctx, `select state <> 'closed' from inquiry where id = $1 for share`, into).Scan(&stands); err != nil {
			return journal.Event{}, db.Found("find a case", err)
		}
		if !stands {
			return journal.Event{}, db.ErrConflict
		}
		err := tx.ExecOne(ctx, db.ErrConflict, `update anomaly_alert set state = 'in_case', case_id = $2, taken_by = $3, taken_at = $4 where id = $1 and state = 'open'`, id, into, by.Person, tx.Now)
		d := a.detail()
		d.Case = into.String()
		return journal.Event{Action: "anomaly.taken", Organisation: a.Organisation, Detail: d}, err
	}))
}

// Case is one into which an alert may be taken.
type Case struct {
	ID   uuid.UUID
	Name string // its number as people say it
}

// Cases lists those that are not closed, the newest first, at most fifty, to an auditor. It returns org.ErrMayNot.
func (r *Register) Cases(ctx context.Context, by journal.Actor) ([]Case, error) {
	var out []Case
	err := r.reading(ctx, by, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id, year || '-' || lpad(number::text, 4, '0') from inquiry where state <> 'closed' order by opened_at desc, id limit 50`)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Case])
		return err
	})
	return out, wrap("list cases", err)
}

// act is an act of an auditor on an alert, which it locks.
func (r *Register) act(ctx context.Context, by journal.Actor, id uuid.UUID, f func(*journal.Tx, *Alert) (journal.Event, error)) error {
	first := &pgx.Batch{}
	may := org.MayAudit(first, by)
	var found []Alert
	first.Queue(`select `+columns+` from anomaly_alert a where a.id = $1 for update`, id).Query(func(rows pgx.Rows) error {
		var err error
		found, err = pgx.CollectRows(rows, scanAlert)
		return err
	})
	return r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		switch {
		case len(found) == 0:
			return journal.Event{}, db.ErrNotFound
		case found[0].Person == by.Person:
			return journal.Event{}, org.ErrYourself
		}
		return f(tx, &found[0])
	})
}

// Wrapped is the column of the keys under which words lie.
func Wrapped() wrapping.Column {
	return wrapping.Column{
		Table: "anomaly_alert",
		Read: `select id::text, id::text, data_key from anomaly_alert where id > coalesce(nullif($1, '')::uuid, '00000000-0000-0000-0000-000000000000')
			and substr(data_key, 1, 5) = any ($2::bytea[]) order by id limit $3`,
		Write: `update anomaly_alert a set data_key = n.data_key from unnest($1::text[], $2::bytea[], $3::bytea[]) n (id, was, data_key)
			where a.id = n.id::uuid and a.data_key = n.was`,
		Rewrap: wrapping.DataKey,
	}
}
