package inquiry

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// shown is how many inquiries are listed.
const shown = 200

// Attached is an entry of the log in an inquiry.
type Attached struct {
	Index    int64
	By       uuid.UUID
	At       time.Time
	SetAside string // why it was, in words; "" when it was not, or the words are forgotten
	Aside    bool
}

// Note is what an auditor wrote: a note, or the reason of an act.
type Note struct {
	ID    uuid.UUID
	Kind  string
	Words string // "" once forgotten
	By    uuid.UUID
	At    time.Time
}

// Taken is a decision that was taken.
type Taken struct {
	Round   int
	Outcome string
	Words   string
	By      uuid.UUID
	At      time.Time
}

// Whole is an inquiry with all that is in it, each list in the order in which it came about.
type Whole struct {
	Inquiry
	Entries   []Attached
	Notes     []Note
	Findings  []Finding
	Decisions []Taken
	Measures  []Measure
	Reports   []Report
}

// Waits reports whether an organisation may still reply to something.
func (w Whole) Waits(now time.Time) bool {
	for _, f := range w.Findings {
		if f.Waits(now) { // none of a round that was decided does
			return true
		}
	}
	return false
}

// DecidedBy is who took the decision by which a measure stands; nil while it is provisional.
func (w Whole) DecidedBy(m Measure) (who uuid.UUID) {
	for _, f := range w.Findings {
		for _, d := range w.Decisions {
			if f.ID == m.Finding && d.Round == f.Round && !m.Provisional {
				who = d.By
			}
		}
	}
	return who
}

// asAuditor asks questions of an auditor, who has to be one now.
func (r *Register) asAuditor(ctx context.Context, by journal.Actor, ask func(*pgx.Batch)) error {
	batch := &pgx.Batch{}
	may := org.MayAuditRead(batch, by)
	ask(batch)
	if err := r.db.Ask(ctx, db.System(), batch); err != nil {
		return err
	}
	return may()
}

// collect reads the rows of a queued question into a list.
func collect[T any](b *pgx.Batch, to *[]T, scan pgx.RowToFunc[T], sql string, args ...any) {
	b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		var err error
		*to, err = pgx.CollectRows(rows, scan)
		return err
	})
}

func scanInquiry(row pgx.CollectableRow) (Inquiry, error) {
	var q Inquiry
	err := row.Scan(q.fields()...)
	return q, err
}

// List lists the newest inquiries, to an auditor; with an index only those that the entry is attached to. It returns org.ErrMayNot.
func (r *Register) List(ctx context.Context, by journal.Actor, index *int64) ([]Inquiry, error) {
	var out []Inquiry
	err := r.asAuditor(ctx, by, func(b *pgx.Batch) {
		collect(b, &out, scanInquiry, `select `+columns+` from inquiry q where $1::bigint is null or exists (select from inquiry_entry e where e.inquiry_id = q.id and e.index = $1)
			order by q.opened_at desc, q.id limit $2`, index, shown)
	})
	return out, wrap("list inquiries", err)
}

// Look returns one whole, with its words, to an auditor. It returns db.ErrNotFound and org.ErrMayNot.
func (r *Register) Look(ctx context.Context, by journal.Actor, id uuid.UUID) (Whole, error) {
	w, err := r.read(ctx, id, func(ask func(*pgx.Batch)) error { return r.asAuditor(ctx, by, ask) })
	return w, wrap("look at an inquiry", err)
}

// read reads one whole by asking, which refuses who may not.
func (r *Register) read(ctx context.Context, id uuid.UUID, asking func(func(*pgx.Batch)) error) (Whole, error) {
	var w Whole
	var wrapped []byte
	var found []Inquiry
	var notes []sealedNote
	var findings []sealedFinding
	var decisions []taken
	var entries []attached
	err := asking(func(b *pgx.Batch) {
		collect(b, &found, func(row pgx.CollectableRow) (Inquiry, error) {
			var q Inquiry
			err := row.Scan(append(q.fields(), &wrapped)...)
			return q, err
		}, `select `+columns+`, q.data_key from inquiry q where q.id = $1`, id)
		collect(b, &entries, func(row pgx.CollectableRow) (e attached, err error) {
			return e, row.Scan(&e.Index, &e.By, &e.At, &e.note)
		}, `select index, attached_by, attached_at, set_aside from inquiry_entry where inquiry_id = $1 order by attached_at, index`, id)
		collect(b, &notes, func(row pgx.CollectableRow) (n sealedNote, err error) {
			return n, row.Scan(&n.ID, &n.Kind, &n.sealed, &n.By, &n.At)
		}, `select id, kind, words, written_by, written_at from inquiry_note where inquiry_id = $1 order by written_at, id`, id)
		collect(b, &findings, scanSealedFinding, `select `+findingColumns+`, f.data_key, f.words, f.reply from inquiry_finding f where f.inquiry_id = $1 order by f.made_at, f.id`, id)
		collect(b, &decisions, func(row pgx.CollectableRow) (d taken, err error) {
			return d, row.Scan(&d.Round, &d.Outcome, &d.note, &d.By, &d.At)
		}, `select round, outcome, note_id, decided_by, decided_at from inquiry_decision where inquiry_id = $1 order by round`, id)
		collect(b, &w.Reports, scanReport, `select `+reportColumns+` from inquiry_report p where p.inquiry_id = $1 order by p.made_at, p.id`, id)
		collect(b, &w.Measures, scanMeasure, `select `+measureColumns+` from inquiry_measure m where m.inquiry_id = $1 order by m.ordered_at, m.id`, id)
	})
	if err == nil && len(found) == 0 {
		err = db.ErrNotFound
	}
	if err != nil {
		return w, err
	}
	w.Inquiry = found[0]
	if w.Findings, err = r.openFindings(findings); err == nil {
		err = r.openNotes(&w, wrapped, notes)
	}
	words := map[uuid.UUID]string{}
	for _, n := range w.Notes {
		words[n.ID] = n.Words
	}
	for _, e := range entries {
		if e.note != nil {
			e.Aside, e.SetAside = true, words[*e.note]
		}
		w.Entries = append(w.Entries, e.Attached)
	}
	for _, d := range decisions {
		d.Words = words[d.note]
		w.Decisions = append(w.Decisions, d.Taken)
	}
	return w, err
}

// The rows of an inquiry whose words are elsewhere, or sealed.
type (
	attached struct {
		Attached
		note *uuid.UUID
	}
	taken struct {
		Taken
		note uuid.UUID
	}
	sealedNote struct {
		Note
		sealed []byte
	}
)

func (r *Register) openNotes(w *Whole, wrapped []byte, notes []sealedNote) error {
	if wrapped == nil {
		for _, n := range notes {
			w.Notes = append(w.Notes, n.Note)
		}
		return nil
	}
	key, err := r.keys.Open(w.ID, wrapped)
	if err != nil {
		return err
	}
	for _, n := range notes {
		if n.sealed != nil {
			words, err := key.Unseal(purpose+n.ID.String(), n.sealed)
			if err != nil {
				return err
			}
			n.Words = string(words)
		}
		w.Notes = append(w.Notes, n.Note)
	}
	return nil
}
