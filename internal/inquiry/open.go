package inquiry

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

const columns = `q.id, q.year, q.number, q.state, q.round, q.opened_by, q.opened_at, coalesce(q.closed_at, '0001-01-01')`

func (q *Inquiry) fields() []any {
	return []any{&q.ID, &q.Year, &q.Number, &q.State, &q.Round, &q.OpenedBy, &q.OpenedAt, &q.ClosedAt}
}

// logged is an entry at an index of the log.
type logged struct {
	there  bool
	erased bool // the citizen whom it was about is
}

// askLogged queues, before an inquiry is locked, whether the log has an entry at an index. It waits for an erasure of whom the entry is about, and one that comes later for the act: it finds
// the entry attached.
func askLogged(b *pgx.Batch, index int64) *logged {
	l := &logged{}
	b.Queue(`select from citizen where id = (select e.citizen_id from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index = $1) for share`, index)
	b.Queue(`select e.id is null or exists (select from journal_entry x where x.citizen_id = e.citizen_id and x.action = 'citizen.erased') and not exists (select from citizen c where c.id = e.citizen_id)
		from journal_leaf l left join journal_entry e on e.id = l.entry_id where l.index = $1`, index).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&l.erased}, func() error {
			l.there = true
			return nil
		})
		return err
	})
	return l
}

// Open opens an inquiry from the entry at an index of the log. Where whom it was about is erased, its words go when it is closed. It returns db.ErrNotFound when the log has no such entry,
// org.ErrMayNot.
func (r *Register) Open(ctx context.Context, by journal.Actor, index int64) (Inquiry, error) {
	q := Inquiry{ID: token.ID(), State: Open, Round: 1, OpenedBy: by.Person}
	_, wrapped, err := r.keys.NewDataKey(q.ID)
	if err != nil {
		return q, wrap("open an inquiry", err)
	}
	first := &pgx.Batch{}
	may := org.MayAudit(first, by)
	entry := askLogged(first, index)
	first.Queue(`select pg_advisory_xact_lock(hashtextextended('inquiry number', 0))`)
	err = r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if !entry.there {
			return journal.Event{}, db.ErrNotFound
		}
		q.OpenedAt, q.Year = tx.Now, tx.Now.Year()
		err := tx.QueryRow(ctx, `insert into inquiry (id, year, number, data_key, state, opened_by, opened_at)
			select $1, $2::int, coalesce(max(number), 0) + 1, $3::bytea, 'open', $4::uuid, $5::timestamptz from inquiry where year = $2 returning number`, q.ID, q.Year, wrapped, by.Person, tx.Now).Scan(&q.Number)
		entry.attach(tx, q.ID, index)
		d := q.detail()
		d.Number, d.Index = q.Name(), &index
		return journal.Event{Action: "inquiry.opened", Detail: d}, err
	})
	return q, wrap("open an inquiry", err)
}

// attach queues that the entry is attached to an inquiry.
func (l *logged) attach(tx *journal.Tx, inquiry uuid.UUID, index int64) {
	tx.Queue(`insert into inquiry_entry (inquiry_id, index, attached_by, attached_at) values ($1, $2, $3, $4)`, inquiry, index, tx.By.Person, tx.Now)
	if l.erased {
		tx.Queue(`update inquiry set erased_at = $2 where id = $1 and erased_at is null`, inquiry, tx.Now)
	}
}

// Attach attaches another entry. It returns db.ErrConflict for one that is attached, ErrFull, db.ErrNotFound, org.ErrMayNot, and ErrOver when the inquiry was decided.
func (r *Register) Attach(ctx context.Context, by journal.Actor, id uuid.UUID, index int64) error {
	var entry *logged
	return wrap("attach an entry to an inquiry", r.act(ctx, by, id, func(b *pgx.Batch) { entry = askLogged(b, index) }, func(tx *journal.Tx, h *held) (journal.Event, error) {
		switch {
		case !entry.there:
			return journal.Event{}, db.ErrNotFound
		case h.over():
			return journal.Event{}, ErrOver
		}
		var has int
		var attached bool
		if err := tx.QueryRow(ctx, `select count(*), coalesce(bool_or(index = $2), false) from inquiry_entry where inquiry_id = $1`, id, index).Scan(&has, &attached); err != nil {
			return journal.Event{}, err
		}
		switch {
		case has >= most:
			return journal.Event{}, ErrFull
		case attached:
			return journal.Event{}, db.ErrConflict
		}
		entry.attach(tx, id, index)
		d := h.detail()
		d.Index = &index
		return journal.Event{Action: "inquiry.entry_attached", Detail: d}, nil
	}))
}

// SetAside says with a reason that an attached entry has nothing to do with it after all; it stays in the list. It returns db.ErrNotFound for one that is not attached,
// db.ErrConflict for one that was set aside, and what Note does.
func (r *Register) SetAside(ctx context.Context, by journal.Actor, id uuid.UUID, index int64, words string) error {
	words, err := clean(words)
	if err != nil {
		return wrap("set an entry aside", err)
	}
	return wrap("set an entry aside", r.act(ctx, by, id, nil, func(tx *journal.Tx, h *held) (journal.Event, error) {
		if h.over() {
			return journal.Event{}, ErrOver
		}
		var aside bool
		if err := tx.QueryRow(ctx, `select set_aside is not null from inquiry_entry where inquiry_id = $1 and index = $2`, id, index).Scan(&aside); err != nil {
			return journal.Event{}, db.Found("find an attached entry", err)
		}
		if aside {
			return journal.Event{}, db.ErrConflict
		}
		d := h.detail()
		d.Index = &index
		var err error
		if d.Note, d.WordsSHA256, err = r.write(ctx, tx, h, noteSetAside, words); err != nil {
			return journal.Event{}, err
		}
		tx.Queue(`update inquiry_entry set set_aside = $3 where inquiry_id = $1 and index = $2`, id, index, d.Note)
		return journal.Event{Action: "inquiry.entry_set_aside", Detail: d}, nil
	}))
}

// Note writes a note, which all auditors read, and the organisation does not. It returns ErrWords, ErrSecret, ErrFull, ErrOver when the inquiry is closed, db.ErrNotFound and
// org.ErrMayNot.
func (r *Register) Note(ctx context.Context, by journal.Actor, id uuid.UUID, words string) error {
	words, err := clean(words)
	if err != nil {
		return wrap("write a note", err)
	}
	return wrap("write a note", r.act(ctx, by, id, nil, func(tx *journal.Tx, h *held) (journal.Event, error) {
		if h.State == Closed {
			return journal.Event{}, ErrOver
		}
		d := h.detail()
		var err error
		d.Note, d.WordsSHA256, err = r.write(ctx, tx, h, noteNote, words)
		return journal.Event{Action: "inquiry.noted", Detail: d}, err
	}))
}

// over reports whether it was decided, so that nothing more is found in it until it is opened again.
func (q Inquiry) over() bool { return q.State != Open && q.State != Found }
