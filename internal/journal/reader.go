package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// Entry is an entry as pages show it.
type Entry struct {
	ID           int64 // in this database; grows with time, with gaps
	At           time.Time
	Action       string
	Organisation uuid.UUID // uuid.Nil: none, as for the next three
	Person       uuid.UUID
	Citizen      uuid.UUID
	Mandate      uuid.UUID
	Body         json.RawMessage // the canonical entry
	Index        int64           // in the log; -1 until it is provable
	Session      []byte          // in which it was done (session.Origins); nil: in none. It is no part of the entry, so no proof covers it
}

// Listed reports whether the action is one that acts have. Whoever writes entries past the program may give them any.
func (e *Entry) Listed() bool {
	return slices.ContainsFunc(Actions(), func(a Action) bool { return a.Name == e.Action })
}

// maxPage is the most entries that are read at a time.
const maxPage = 500

// Filter says which entries to read. Fields that are zero do not restrict.
type Filter struct {
	Action       string
	Organisation uuid.UUID
	Citizen      uuid.UUID
	Mandate      uuid.UUID
	Except       []string // actions
	Before       int64    // only entries with smaller ids: the last of the page before
}

// sql is the query of a page, newest first.
func (f Filter) sql(limit int) (string, []any) {
	var where []string
	var args []any
	add := func(condition string, set bool, arg any) {
		if set {
			args = append(args, arg)
			where = append(where, fmt.Sprintf(condition, len(args)))
		}
	}
	add("e.action = $%d", f.Action != "", f.Action)
	add("e.action <> all ($%d)", len(f.Except) > 0, f.Except)
	add("e.organisation_id = $%d", f.Organisation != uuid.Nil, f.Organisation)
	add("e.citizen_id = $%d", f.Citizen != uuid.Nil, f.Citizen)
	add("e.mandate_id = $%d", f.Mandate != uuid.Nil, f.Mandate)
	add("e.id < $%d", f.Before > 0, f.Before)
	sql := `select e.id, e.at, e.action, e.organisation_id, e.person_id, e.citizen_id, e.mandate_id, e.body, coalesce(l.index, -1), e.session_id
		from journal_entry e left join journal_leaf l on l.entry_id = e.id`
	if len(where) > 0 {
		sql += " where " + strings.Join(where, " and ")
	}
	args = append(args, min(max(limit, 1), maxPage))
	return sql + fmt.Sprintf(" order by e.id desc limit $%d", len(args)), args
}

func readEntries(ctx context.Context, d *db.DB, scope db.Scope, f Filter, limit int) ([]Entry, error) {
	sql, args := f.sql(limit)
	var out []Entry
	err := d.Read(ctx, scope, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, entryOf)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return out, nil
}

func entryOf(row pgx.CollectableRow) (Entry, error) {
	var e Entry
	var organisation, person, citizen, mandate *uuid.UUID
	var body string
	err := row.Scan(&e.ID, &e.At, &e.Action, &organisation, &person, &citizen, &mandate, &body, &e.Index, &e.Session)
	for _, id := range []struct {
		to   *uuid.UUID
		from *uuid.UUID
	}{{&e.Organisation, organisation}, {&e.Person, person}, {&e.Citizen, citizen}, {&e.Mandate, mandate}} {
		if id.from != nil {
			*id.to = *id.from
		}
	}
	e.At, e.Body = e.At.UTC(), json.RawMessage(body)
	return e, err
}

// OfMandate returns the last entries of a mandate, newest first, at most limit (and 500), that the actor's organisation
// may see. Who only read it, auditors among them, is not told: that is for auditors, and would hide what was done. Nor is what auditors found,
// which the organisation's referents are told.
func (j *Journal) OfMandate(ctx context.Context, by Actor, mandate uuid.UUID, limit int) ([]Entry, error) {
	return readEntries(ctx, j.db, by.scope(), Filter{Mandate: mandate, Except: []string{"mandate.consulted", "journal.searched", "journal.viewed", "inquiry.found"}}, limit)
}

// Reader reads the entries of every organisation, for auditors.
type Reader struct{ db *db.DB }

// NewReader returns a reader on the auditors' login.
func NewReader(auditor *db.DB) *Reader { return &Reader{db: auditor} }

// Page returns entries that fit the filter, newest first, at most limit (and 500). The next page is the one with Before
// set to the id of the last.
func (r *Reader) Page(ctx context.Context, f Filter, limit int) ([]Entry, error) {
	return readEntries(ctx, r.db, db.System(), f, limit)
}
