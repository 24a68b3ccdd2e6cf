package org

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/opening"
)

// ErrHours says that these hours cannot be, or are the ones that are known already.
var ErrHours = errors.New("not hours, or those that are known")

// hoursTold is the detail of the entry; docs/journal.md lists it.
type hoursTold struct {
	Version int    `json:"version"`
	From    string `json:"from"`            // the first day, where the organisation is
	Hours   string `json:"hours,omitempty"` // as opening.Week writes them; none: those of the rule
}

// Department is the department or collectivity where the organisation is, by its code: as it is known, else that of its municipality; overseas the postcode tells too.
func (o *Organisation) Department() string {
	switch {
	case o.DepartmentCode != "":
		return o.DepartmentCode
	case o.INSEECode != "":
		return DepartmentOf(o.INSEECode)
	case opening.Apart(o.Postcode[:min(3, len(o.Postcode))]):
		return o.Postcode[:3]
	}
	return ""
}

// hoursColumns are those of organisation_hours h, of which versions are made.
const hoursColumns = `h.version, h.from_day, h.hours`

// scanHours reads them, and what the query has besides.
func scanHours(row pgx.CollectableRow, more ...any) (opening.Version, error) {
	var v opening.Version
	var text *string
	err := row.Scan(append([]any{&v.Number, &v.From, &text}, more...)...)
	v.From = v.From.UTC()
	if err != nil || text == nil {
		return v, err
	}
	w, err := opening.Parse(*text)
	v.Week = &w
	return v, err
}

func scanVersion(row pgx.CollectableRow) (opening.Version, error) { return scanHours(row) }

// Hours lists what was said of the opening hours of an organisation, the newest first, at most twenty.
func (d *Directory) Hours(ctx context.Context, id uuid.UUID) ([]opening.Version, error) {
	var out []opening.Version
	err := d.db.Read(ctx, db.InOrganisation(id), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+hoursColumns+` from organisation_hours h where h.organisation_id = $1 order by h.version desc limit 20`, id)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanVersion)
		return err
	})
	return out, db.Found("list opening hours", err)
}

// Schedules reads, for who sees all organisations, where each is and what it said of its opening hours, in a transaction of theirs.
func Schedules(ctx context.Context, tx pgx.Tx) (map[uuid.UUID]opening.Schedule, error) {
	out := map[uuid.UUID]opening.Schedule{}
	rows, err := tx.Query(ctx, `select o.id, coalesce(o.department_code, ''), coalesce(o.insee_code, ''), o.postcode from organisation o`)
	if err != nil {
		return nil, err
	}
	var o Organisation
	if _, err = pgx.ForEachRow(rows, []any{&o.ID, &o.DepartmentCode, &o.INSEECode, &o.Postcode}, func() error {
		out[o.ID] = opening.Schedule{Department: o.Department()}
		return nil
	}); err != nil {
		return nil, err
	}
	if rows, err = tx.Query(ctx, `select `+hoursColumns+`, h.organisation_id from organisation_hours h order by h.organisation_id, h.version`); err != nil {
		return nil, err
	}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		var id uuid.UUID
		v, err := scanHours(row, &id)
		s := out[id]
		s.Versions = append(s.Versions, v)
		out[id] = s
		return struct{}{}, err
	})
	return out, err
}

// ChangeHours says when an organisation is open, from its next day on: what is done today is held to the hours that were known before. nil are the hours of the rule that looks at them
// (package anomaly). seen is the number of the newest version that was seen, 0 for none. A referent of the organisation does it, or an administrator, with a fresh second factor. Errors:
// ErrHours, db.ErrNotFound for an organisation that is not theirs or not open, db.ErrConflict when somebody changed the hours meanwhile, ErrMayNot, ErrFactorTooOld.
func (d *Directory) ChangeHours(ctx context.Context, by journal.Actor, organisation uuid.UUID, seen int, week *opening.Week) error {
	lock := &pgx.Batch{}
	may := MayAdminister
	if by.Kind == journal.Referent {
		may = MayRun
	}
	allowed := may(lock, by)
	var o Organisation
	there := false
	lock.Queue(`select `+organisationColumns+` from organisation o where o.id = $1 and o.closed_at is null for no key update`, organisation).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if there = rows.Next(); there {
			return rows.Scan(o.fields()...)
		}
		return rows.Err()
	})
	err := d.journal.RecordAfter(ctx, by, lock, func(tx *journal.Tx) (journal.Event, error) {
		if err := allowed(); err != nil {
			return journal.Event{}, err
		}
		if err := Fresh(by, tx.Now); err != nil {
			return journal.Event{}, err
		}
		if !there || by.Kind == journal.Referent && organisation != by.Organisation {
			return journal.Event{}, db.ErrNotFound
		}
		was, err := newestHours(ctx, tx, organisation)
		if err != nil {
			return journal.Event{}, err
		}
		switch {
		case was.Number != seen:
			return journal.Event{}, db.ErrConflict
		case week != nil && !week.Fits() || week == nil && was.Week == nil || week != nil && was.Week != nil && *week == *was.Week:
			return journal.Event{}, ErrHours
		}
		told := hoursTold{Version: was.Number + 1, From: nextDay(tx.Now, o.Department(), was.From).Format(time.DateOnly)}
		if week != nil {
			told.Hours = week.String()
		}
		_, err = tx.Exec(ctx, `insert into organisation_hours (organisation_id, version, from_day, hours, changed_by, changed_at) values ($1, $2, $3, nullif($4, ''), $5, $6)`,
			organisation, told.Version, told.From, told.Hours, db.OrNull(by.Person), tx.Now)
		return journal.Event{Action: "organisation.hours_changed", Organisation: organisation, Detail: told}, err
	})
	return db.Found("change opening hours", err)
}

// nextDay is the day after today where an organisation is. It does not come before the first day of the version before, which was told by another clock if the organisation has moved.
func nextDay(now time.Time, department string, before time.Time) time.Time {
	next := opening.Day(now.In(opening.Zone(department))).AddDate(0, 0, 1)
	if next.Before(before) {
		return before
	}
	return next
}

// newestHours reads the last version of an organisation's hours, the zero one when there is none.
func newestHours(ctx context.Context, tx *journal.Tx, organisation uuid.UUID) (opening.Version, error) {
	rows, err := tx.Query(ctx, `select `+hoursColumns+` from organisation_hours h where h.organisation_id = $1 order by h.version desc limit 1`, organisation)
	if err != nil {
		return opening.Version{}, err
	}
	all, err := pgx.CollectRows(rows, scanVersion)
	if err != nil || len(all) == 0 {
		return opening.Version{}, err
	}
	return all[0], nil
}

func hoursRows(ctx context.Context, tx pgx.Tx, out picture) error {
	rows, err := tx.Query(ctx, `select organisation_id, version, from_day, coalesce(hours, ''), coalesce(changed_by, $1), changed_at from organisation_hours`, uuid.Nil)
	if err != nil {
		return err
	}
	var organisation, by uuid.UUID
	var version int
	var from, at time.Time
	var hours string
	_, err = pgx.ForEachRow(rows, []any{&organisation, &version, &from, &hours, &by, &at}, func() error {
		out[hoursSubject(organisation, version)] = &life{what: hoursText(from.Format(time.DateOnly), hours, by), since: at}
		return nil
	})
	return err
}

func hoursSubject(organisation uuid.UUID, version int) subject {
	return subject{of: "organisation", id: organisation, part: fmt.Sprintf("hours %d: ", version)}
}

func hoursText(from, hours string, by uuid.UUID) string {
	return fmt.Sprintf("from %s on %q by %s", from, hours, by)
}
