package certification

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// imported is the detail of the entry certification.imported; docs/journal.md lists it.
type imported struct {
	Import    string `json:"import"`
	File      string `json:"file_sha256"`
	Lines     int    `json:"lines"` // of the file, without header and empty lines
	First     int    `json:"first"` // of this act's lines, by its number in the file
	Last      int    `json:"last"`
	Changed   int    `json:"changed"`
	Unchanged int    `json:"unchanged"`
	Refused   int    `json:"refused"`
	Changes   string `json:"changes_sha256"`
}

// change is what a line left of whom it was about: a row of certification_change.
type change struct {
	line int
	Certification
}

// digest is the SHA-256 of changes: of each, in the order of their lines, a list in JSON and a line feed.
func digest(changes []change) string {
	h := sha256.New()
	for _, c := range changes {
		list, err := json.Marshal([]string{strconv.Itoa(c.line), c.Person.String(), c.Stored, dayText(c.TrainedOn), c.Organiser, c.Training, dayText(c.TestedOn),
			strconv.Itoa(c.Score), strconv.Itoa(c.Minimum), dayText(c.PassedOn), timeText(c.CertifiedAt), timeText(c.CertifiedUntil)})
		if err != nil {
			return "" // texts always have a form in JSON
		}
		_, _ = h.Write(append(list, '\n')) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
}

func dayText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return journal.TimeText(t)
}

// batch takes in the next lines, in one act.
func (r *Register) batch(ctx context.Context, m *run) ([]Line, error) {
	part := m.records[m.done:min(m.done+BatchLines, len(m.records))]
	first := &pgx.Batch{}
	may := org.MayAdminister(first, m.by)
	first.Queue(`select from person where email = any ($1) order by id for no key update`, addresses(part))
	found := lookUp(first, part)
	var lines []Line
	err := r.journal.RecordAfter(ctx, m.by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		d := imported{Import: m.id.String(), File: hex.EncodeToString(m.sum), Lines: len(m.records), First: part[0].number, Last: part[len(part)-1].number}
		var changes []change
		var refused []Refused
		var n Counts
		for _, rec := range part {
			l, after := rec.apply(found, r.minimum, tx.Now)
			lines = append(lines, l)
			n.add(l)
			if len(l.Effects) > 0 {
				changes = append(changes, change{l.Number, after})
			}
			if l.Wrong != "" {
				refused = append(refused, Refused{l.Number, l.Wrong})
			}
		}
		d.Changed, d.Unchanged, d.Refused, d.Changes = n.Changed, n.Unchanged, n.Refused, digest(changes)
		if err := m.advance(ctx, tx, len(part), len(refused)); err != nil {
			return journal.Event{}, err
		}
		if err := m.refuse(ctx, tx, refused); err != nil {
			return journal.Event{}, err
		}
		return journal.Event{Action: "certification.imported", Detail: d}, m.change(ctx, tx, changes)
	})
	return lines, err
}

// advance says how far the import has come. Of two servers that take in the same lines one is errOvertaken.
func (m *run) advance(ctx context.Context, tx *journal.Tx, n, refused int) error {
	if !m.kept {
		_, err := tx.Exec(ctx, `insert into certification_import (id, sha256, lines, done, refused, created_by, created_at, ended_at) values ($1, $2, $3, $3, $4, $5, $6, $6)`,
			m.id, m.sum, n, refused, m.by.Person, tx.Now)
		return err
	}
	sql, args := `update certification_import set done = done + $3, refused = refused + $4 where id = $1 and done = $2 and ended_at is null`, []any{m.id, m.done, n, refused}
	if m.done+n == len(m.records) {
		sql, args = `update certification_import set done = done + $3, refused = refused + $4, ended_at = $5, content = null, data_key = null where id = $1 and done = $2 and ended_at is null`, append(args, tx.Now)
	}
	return tx.ExecOne(ctx, errOvertaken, sql, args...)
}

// refuse keeps which lines were refused, and why.
func (m *run) refuse(ctx context.Context, tx *journal.Tx, refused []Refused) error {
	source := pgx.CopyFromSlice(len(refused), func(i int) ([]any, error) { return []any{m.id, refused[i].Line, refused[i].Why}, nil })
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"certification_refusal"}, []string{"import_id", "line", "why"}, source)
	return err
}

// change keeps what lines changed, and then makes the certifications so.
func (m *run) change(ctx context.Context, tx *journal.Tx, changes []change) error {
	if len(changes) == 0 {
		return nil
	}
	source := pgx.CopyFromSlice(len(changes), func(i int) ([]any, error) {
		c := changes[i]
		return []any{m.id, c.line, c.Person, c.Stored, orNull(c.TrainedOn), db.OrNull(c.Organiser), db.OrNull(c.Training), orNull(c.TestedOn),
			c.score(c.Score), c.score(c.Minimum), orNull(c.PassedOn), orNull(c.CertifiedAt), orNull(c.CertifiedUntil)}, nil
	})
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"certification_change"}, []string{"import_id", "line", "person_id", "state", "trained_on", "organiser", "training", "tested_on",
		"score", "minimum", "passed_on", "certified_at", "certified_until"}, source); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `insert into certification as c (person_id, state, trained_on, organiser, training, tested_on, score, minimum, passed_on, certified_at, certified_until, updated_at)
		select person_id, state, trained_on, organiser, training, tested_on, score, minimum, passed_on, certified_at, certified_until, $4
			from certification_change where import_id = $1 and line between $2 and $3
		on conflict (person_id) do update set state = excluded.state, trained_on = excluded.trained_on, organiser = excluded.organiser, training = excluded.training,
			tested_on = excluded.tested_on, score = excluded.score, minimum = excluded.minimum, passed_on = excluded.passed_on, certified_at = excluded.certified_at,
			certified_until = excluded.certified_until, updated_at = excluded.updated_at
		where c.state <> 'suspended'`, m.id, changes[0].line, changes[len(changes)-1].line, tx.Now)
	if err == nil && tag.RowsAffected() != int64(len(changes)) {
		return db.ErrConflict
	}
	return err
}
