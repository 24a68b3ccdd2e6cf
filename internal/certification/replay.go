package certification

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal"
)

// entry is what the replay reads of an entry.
type entry struct {
	Action string    `json:"action"`
	At     time.Time `json:"at"`
	By     struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Detail struct {
		recorded
		imported
		Done int `json:"done"`
	} `json:"detail"`
}

// files is what entries say of each import.
type files map[uuid.UUID]*fileTold

type fileTold struct {
	sum                  string
	by                   uuid.UUID
	lines, done, changes int
	refused              int
	stopped              bool
}

// replay does again what the entries say was done. It names the changes of batches that are not those of their entries.
func replay(ctx context.Context, tx pgx.Tx) (picture, files, []journal.Difference, error) {
	var entries []entry
	err := journal.Replay(ctx, tx, `e.action = any ($1)`, []any{journal.ActionsOf("certification")}, func(e entry) { entries = append(entries, e) })
	p, f := picture{}, files{}
	var out []journal.Difference
	for i := 0; err == nil && i < len(entries); i++ {
		switch e := entries[i]; e.Action {
		case "certification.imported":
			var found []journal.Difference
			found, err = e.onImport(ctx, tx, p, f)
			out = append(out, found...)
		case "certification.import_stopped":
			f.of(e).stopped = true
		default:
			e.onPerson(p)
		}
	}
	return p, f, out, err
}

// onPerson follows the act on one person.
func (e entry) onPerson(p picture) {
	person, err := uuid.Parse(e.Detail.Person)
	if err != nil {
		return // then what it changed has no entry
	}
	if p[person] == nil {
		p[person] = map[string]string{}
	}
	d, c := e.Detail.recorded, p[person]
	c["state"], c["updated_at"] = d.State, timeText(e.At)
	if d.TrainedOn != "" {
		c["trained_on"], c["training"], c["organiser"] = d.TrainedOn, d.Training, d.Organiser
	}
	if d.TestedOn != "" && d.Score != nil && d.Minimum != nil {
		c["tested_on"], c["score"], c["minimum"] = d.TestedOn, fmt.Sprint(*d.Score), fmt.Sprint(*d.Minimum)
		if *d.Score >= *d.Minimum {
			c["passed_on"] = d.TestedOn
		}
	}
	if d.Until != "" {
		c["certified_at"], c["certified_until"] = timeText(e.At), d.Until
	}
	switch e.Action {
	case "certification.suspended":
		c["suspended_at"] = timeText(e.At)
	case "certification.resumed":
		delete(c, "suspended_at")
	}
}

// id is the import's. What is not an id is the nil one, and the tables have no import with that.
func (e entry) id() uuid.UUID {
	id, _ := uuid.Parse(e.Detail.Import)
	return id
}

func (f files) of(e entry) *fileTold {
	id := e.id()
	if f[id] == nil {
		f[id] = &fileTold{by: e.By.Person}
	}
	return f[id]
}

// onImport follows a batch: it makes what the rows beside it say, and holds them to the digest.
func (e entry) onImport(ctx context.Context, tx pgx.Tx, p picture, f files) ([]journal.Difference, error) {
	d := e.Detail.imported
	told := f.of(e)
	told.sum, told.lines = d.File, d.Lines
	told.done += d.Changed + d.Unchanged + d.Refused
	told.refused += d.Refused
	rows, err := tx.Query(ctx, `select c.line, `+strings.ReplaceAll(columns, "c.suspended_at", "null::timestamptz")+` from certification_change c
		join lateral (select c.person_id as id) p on true where c.import_id = $1 and c.line between $2 and $3 order by c.line`, e.id(), d.First, d.Last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var changes []change
	for rows.Next() {
		var c change
		if err := c.scan(rows, &c.line); err != nil {
			return nil, err
		}
		changes = append(changes, c)
		p[c.Person] = c.paint(e.At)
	}
	told.changes += len(changes)
	if digest(changes) != d.Changes || len(changes) != d.Changed {
		return []journal.Difference{{Of: "import", ID: d.Import, What: fmt.Sprintf("what lines %d to %d changed is not what its entry tells of", d.First, d.Last)}}, rows.Err()
	}
	return nil, rows.Err()
}

// compare holds the imports to what entries say of them.
func (f files) compare(ctx context.Context, tx pgx.Tx) ([]journal.Difference, error) {
	rows, err := tx.Query(ctx, `select i.id, i.sha256, i.lines, i.done, i.created_by, i.ended_at is not null, (select count(*) from certification_change c where c.import_id = i.id),
		coalesce(i.refused, 0), (select count(*) from certification_refusal c where c.import_id = i.id), i.refused is null
		from certification_import i order by i.id`)
	if err != nil {
		return nil, err
	}
	var out []journal.Difference
	add := func(id uuid.UUID, what string) {
		out = append(out, journal.Difference{Of: "import", ID: id.String(), What: what})
	}
	var id, by uuid.UUID
	var sum []byte
	var lines, done, changes, refused, refusals int
	var ended, untold bool
	_, err = pgx.ForEachRow(rows, []any{&id, &sum, &lines, &done, &by, &ended, &changes, &refused, &refusals, &untold}, func() error {
		told := f[id]
		delete(f, id)
		switch {
		case told == nil && done == 0 && changes == 0 && !ended: // its first batch is still to come
		case told == nil:
			add(id, "stands in the tables, and no entry tells of it")
		case changes != told.changes:
			add(id, fmt.Sprintf("%d of its changes stand in the tables, and entries tell of %d", changes, told.changes))
		case done != told.done || ended != (told.stopped || told.done == told.lines):
			add(id, fmt.Sprintf("%d of its lines were taken in according to the tables, and %d according to the entries", done, told.done))
		case !untold && (refused != told.refused || refusals != told.refused):
			add(id, fmt.Sprintf("%d of its lines were refused according to the tables, which list %d, and %d according to the entries", refused, refusals, told.refused))
		case told.lines == 0: // stopped before its first batch
		case hex.EncodeToString(sum) != told.sum || lines != told.lines || by != told.by:
			add(id, "is of another file or of another person in the tables than in the entries")
		}
		return nil
	})
	for id := range f {
		add(id, "is told of by entries, and is gone from the tables")
	}
	return out, err
}
