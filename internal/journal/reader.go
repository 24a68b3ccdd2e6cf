package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
)

// Entry is one entry as people read it.
type Entry struct {
	ID                                     int64
	At                                     time.Time
	Action                                 string
	Organisation, Person, Citizen, Mandate uuid.UUID // nil where the act had none
	Body                                   json.RawMessage
	Index                                  int64 // its place in the tree, -1 until it is provable
}

// entryColumns end with a left join's: the order of scanEntry.
const entryColumns = `e.id, e.at, e.action, e.organisation_id, e.person_id, e.citizen_id, e.mandate_id, e.body, coalesce(l.index, -1)
	from journal_entry e left join journal_leaf l on l.entry_id = e.id`

func scanEntry(row pgx.CollectableRow) (Entry, error) {
	var e Entry
	var organisation, person, citizen, mandate *uuid.UUID
	var body string
	err := row.Scan(&e.ID, &e.At, &e.Action, &organisation, &person, &citizen, &mandate, &body, &e.Index)
	for id, to := range map[*uuid.UUID]*uuid.UUID{organisation: &e.Organisation, person: &e.Person, citizen: &e.Citizen, mandate: &e.Mandate} {
		if id != nil {
			*to = *id
		}
	}
	e.Body = json.RawMessage(body)
	return e, err
}

// OfMandate lists the newest entries of a mandate of the actor's organisation, newest first, at most limit.
func (j *Journal) OfMandate(ctx context.Context, by Actor, mandate uuid.UUID, limit int) ([]Entry, error) {
	return list(ctx, j.db, by.scope(), `where e.mandate_id = $1 and e.organisation_id = $2 order by e.id desc limit $3`, mandate, by.Organisation, limit)
}

// Filter says which entries a page of the journal shows. The zero value is all of them.
type Filter struct {
	Action string
	Any    uuid.UUID // the id of an organisation, a person, a citizen or a mandate
	Before int64     // only entries with a smaller id; 0 is from the newest
}

// Reader reads the whole journal, as an auditor.
type Reader struct{ db *db.DB }

// NewReader returns a reader on the auditors' login.
func NewReader(auditor *db.DB) *Reader { return &Reader{db: auditor} }

// Page lists entries, newest first, at most limit. Ask for the next page with the last id as Before.
func (r *Reader) Page(ctx context.Context, f Filter, limit int) ([]Entry, error) {
	where, args := `where ($1 = 0 or e.id < $1) and ($2 = '' or e.action = $2)`, []any{f.Before, f.Action, limit}
	if f.Any != uuid.Nil {
		where += ` and (e.organisation_id = $4 or e.person_id = $4 or e.citizen_id = $4 or e.mandate_id = $4)`
		args = append(args, f.Any)
	}
	return list(ctx, r.db, db.Nothing(), where+` order by e.id desc limit $3`, args...)
}

func list(ctx context.Context, d *db.DB, s db.Scope, where string, args ...any) ([]Entry, error) {
	var out []Entry
	err := d.Read(ctx, s, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+entryColumns+` `+where, args...)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanEntry)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return out, nil
}
