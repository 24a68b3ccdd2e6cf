package anomaly

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/opening"
	"mandat/internal/token"
)

// The states of an alert.
const (
	Open   = "open"
	InCase = "in_case"
	Closed = "closed"
)

// Alert is a finding that auditors look at.
type Alert struct {
	ID uuid.UUID
	Finding
	FoundAt  time.Time
	State    string
	Case     uuid.UUID // uuid.Nil: in none
	TakenBy  uuid.UUID
	TakenAt  time.Time
	Kind     string // how it was closed, one of Kinds; ""
	ClosedBy uuid.UUID
	ClosedAt time.Time
	Hours    *opening.Week  // of odd hours: the organisation's own then; nil: the rule's
	Words    string         // with which it was closed; only of Find, and until they go
	Limits   map[string]int // the thresholds of the rule's version; only of Find
}

// Week reports whether it is about a week, not a day.
func (a *Alert) Week() bool { return a.Rule == FarFromPeers }

// detail is the detail of entries about alerts; docs/journal.md lists it.
type aboutAlert struct {
	Alert   string  `json:"alert"`
	Rule    string  `json:"rule"`
	Version int     `json:"version"`
	Person  string  `json:"person"`
	Day     string  `json:"day,omitempty"`
	Entries []int64 `json:"entries,omitempty"`
	Case    string  `json:"case,omitempty"`
	Kind    string  `json:"kind,omitempty"`
}

func (a *Alert) detail() aboutAlert {
	return aboutAlert{Alert: a.ID.String(), Rule: a.Rule, Version: a.Version, Person: a.Person.String()}
}

// errKnown undoes the act of finding what was found before.
var errKnown = errors.New("found before")

// record makes an alert of a finding, which is an act of the program, unless it is there.
func (r *Register) record(ctx context.Context, f *Finding) error {
	slices.Sort(f.Entries)
	f.Entries = slices.Compact(f.Entries)
	a := Alert{ID: token.ID(), Finding: *f}
	err := r.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		err := tx.ExecOne(ctx, errKnown, `insert into anomaly_alert (id, rule, version, organisation_id, person_id, day, entries, figures, first_at, last_at, found_at, state)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open') on conflict (rule, organisation_id, person_id, day) do nothing`,
			a.ID, a.Rule, a.Version, a.Organisation, a.Person, a.Day, a.Entries, a.Figures, a.First, a.Last, tx.Now)
		d := a.detail()
		d.Day, d.Entries = a.Day.Format(time.DateOnly), a.Entries
		return journal.Event{Action: "anomaly.found", Organisation: a.Organisation, Detail: d}, err
	})
	if errors.Is(err, errKnown) {
		return nil
	}
	return err
}

const columns = `a.id, a.rule, a.version, a.organisation_id, a.person_id, a.day, a.entries, a.figures, a.first_at, a.last_at, a.found_at, a.state, a.case_id, a.taken_by, a.taken_at, a.kind, a.closed_by, a.closed_at,
	(select h.hours from organisation_hours h where h.organisation_id = a.organisation_id and h.version = (a.figures ->> 'hours')::int)`

// scanned is a row of columns.
type scanned struct {
	Alert
	inCase, takenBy, closedBy *uuid.UUID
	takenAt, closedAt         *time.Time
	kind, hours               *string
}

func (s *scanned) fields() []any {
	return []any{&s.ID, &s.Rule, &s.Version, &s.Organisation, &s.Person, &s.Day, &s.Entries, &s.Figures, &s.First, &s.Last, &s.FoundAt, &s.State, &s.inCase, &s.takenBy, &s.takenAt, &s.kind, &s.closedBy, &s.closedAt, &s.hours}
}

func (s *scanned) alert() Alert {
	a := s.Alert
	a.Case, a.TakenBy, a.ClosedBy = db.OrZero(s.inCase), db.OrZero(s.takenBy), db.OrZero(s.closedBy)
	a.TakenAt, a.ClosedAt, a.Kind = db.OrZero(s.takenAt).UTC(), db.OrZero(s.closedAt).UTC(), db.OrZero(s.kind)
	if s.hours != nil {
		if w, err := opening.Parse(*s.hours); err == nil { // which a check of the table holds
			a.Hours = &w
		}
	}
	a.Day, a.First, a.Last, a.FoundAt = a.Day.UTC(), a.First.UTC(), a.Last.UTC(), a.FoundAt.UTC()
	return a
}

func scanAlert(row pgx.CollectableRow) (Alert, error) {
	var s scanned
	err := row.Scan(s.fields()...)
	return s.alert(), err
}

// Wanted says which alerts to list. Fields that are zero do not restrict.
type Wanted struct {
	Rule   string
	Person uuid.UUID
	Closed bool // those that are closed, else those that stand
	Before time.Time
	After  uuid.UUID // with Before: the last of the page before
}

// List lists alerts, the newest first, at most limit (and 200), to an auditor. It returns org.ErrMayNot.
func (r *Register) List(ctx context.Context, by journal.Actor, w Wanted, limit int) ([]Alert, error) {
	var out []Alert
	if w.Before.IsZero() {
		w.Before = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	which := `a.state <> 'closed'`
	if w.Closed {
		which = `a.state = 'closed'`
	}
	err := r.reading(ctx, by, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+columns+` from anomaly_alert a where `+which+` and ($1 = '' or a.rule = $1) and ($2::uuid is null or a.person_id = $2) and (a.found_at, a.id) < ($3, $4)
			order by a.found_at desc, a.id desc limit $5`, w.Rule, db.OrNull(w.Person), w.Before, w.After, min(max(limit, 1), 200))
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanAlert)
		return err
	})
	return out, wrap("list alerts", err)
}

// Find returns one alert to an auditor, with the thresholds by which it was found and the words with which it was closed. It returns db.ErrNotFound and org.ErrMayNot.
func (r *Register) Find(ctx context.Context, by journal.Actor, id uuid.UUID) (Alert, error) {
	var s scanned
	var wrapped, sealed []byte
	err := r.reading(ctx, by, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select `+columns+`, a.data_key, a.words, r.thresholds from anomaly_alert a join anomaly_rule r on r.key = a.rule and r.version = a.version where a.id = $1`, id).
			Scan(append(s.fields(), &wrapped, &sealed, &s.Limits)...)
	})
	a := s.alert()
	if err == nil && sealed != nil {
		var words []byte
		words, err = r.keys.Unseal(a.ID, purpose, wrapped, sealed)
		a.Words = string(words)
	}
	return a, db.Found("find an alert", err)
}
