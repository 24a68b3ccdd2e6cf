package inquiry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/envelope"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/token"
)

const columns = `q.id, q.year, q.number, q.state, q.round, q.opened_by, q.opened_at, coalesce(q.closed_at, '0001-01-01')`

func (q *Inquiry) fields() []any {
	return []any{&q.ID, &q.Year, &q.Number, &q.State, &q.Round, &q.OpenedBy, &q.OpenedAt, &q.ClosedAt}
}

// held is an inquiry that an act has locked, with the key of its words.
type held struct {
	Inquiry
	wrapped []byte
}

// The kinds of notes. Each but the first is the reason of an act.
const (
	noteNote        = "note"
	noteSetAside    = "set_aside"
	noteProvisional = "provisional"
	noteDecision    = "decision"
	noteLifted      = "lifted"
	noteReopened    = "reopened"
)

// purpose binds sealed words to their place. It never changes.
const purpose = "inquiry.words:"

// logged is SQL: whether the log has an entry at the index $1.
const logged = `select exists (select from journal_leaf where index = $1)`

// Open opens an inquiry from the entry at an index of the log. It returns db.ErrNotFound when the log has no such entry, org.ErrMayNot.
func (r *Register) Open(ctx context.Context, by journal.Actor, index int64) (Inquiry, error) {
	q := Inquiry{ID: token.ID(), State: Open, Round: 1, OpenedBy: by.Person}
	_, wrapped, err := r.keys.NewDataKey(q.ID)
	if err != nil {
		return q, wrap("open an inquiry", err)
	}
	first := &pgx.Batch{}
	may := org.MayAudit(first, by)
	there := false
	first.Queue(`select pg_advisory_xact_lock(hashtextextended('inquiry number', 0))`)
	first.Queue(logged, index).QueryRow(func(row pgx.Row) error { return row.Scan(&there) })
	err = r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if !there {
			return journal.Event{}, db.ErrNotFound
		}
		q.OpenedAt, q.Year = tx.Now, tx.Now.Year()
		err := tx.QueryRow(ctx, `insert into inquiry (id, year, number, data_key, state, opened_by, opened_at)
			select $1, $2::int, coalesce(max(number), 0) + 1, $3::bytea, 'open', $4::uuid, $5::timestamptz from inquiry where year = $2 returning number`, q.ID, q.Year, wrapped, by.Person, tx.Now).Scan(&q.Number)
		tx.Queue(attach, q.ID, index, by.Person, tx.Now)
		d := q.detail()
		d.Number, d.Index = q.Name(), &index
		return journal.Event{Action: "inquiry.opened", Detail: d}, err
	})
	return q, wrap("open an inquiry", err)
}

const attach = `insert into inquiry_entry (inquiry_id, index, attached_by, attached_at) values ($1, $2, $3, $4)`

// act is an act of an auditor on an inquiry, which it locks. more, which may be nil, queues other locks.
func (r *Register) act(ctx context.Context, by journal.Actor, id uuid.UUID, more func(*pgx.Batch), f func(*journal.Tx, *held) (journal.Event, error)) error {
	first := &pgx.Batch{}
	may := org.MayAudit(first, by)
	var h held
	first.Queue(`select `+columns+`, q.data_key from inquiry q where q.id = $1 for update`, id).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(append(h.fields(), &h.wrapped)...)
		}
		return rows.Err()
	})
	if more != nil {
		more(first)
	}
	return r.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if err := may(); err != nil {
			return journal.Event{}, err
		}
		if h.ID == uuid.Nil {
			return journal.Event{}, db.ErrNotFound
		}
		return f(tx, &h)
	})
}

// write keeps the words of an act, and names them in the detail of its entry. However many there are, a decision and the end of a suspension find a place: nobody keeps them
// from coming about by writing.
func (r *Register) write(ctx context.Context, tx *journal.Tx, h *held, kind, words string) (note, sum string, err error) {
	var notes int
	if err := tx.QueryRow(ctx, `select count(*) from inquiry_note where inquiry_id = $1`, h.ID).Scan(&notes); err != nil {
		return "", "", err
	}
	if notes >= most && kind != noteDecision && kind != noteLifted {
		return "", "", ErrFull
	}
	key, err := r.key(ctx, tx, h)
	if err != nil {
		return "", "", err
	}
	id := token.ID()
	sealed, digest := seal(key, id, words)
	_, err = tx.Exec(ctx, `insert into inquiry_note (id, inquiry_id, kind, words, words_sha256, written_by, written_at) values ($1, $2, $3, $4, $5, $6, $7)`, id, h.ID, kind, sealed, digest[:], tx.By.Person, tx.Now)
	return id.String(), hex.EncodeToString(digest[:]), err
}

// key is that of an inquiry's words. Where they were destroyed with it, another one is made: what was suspended is lifted for a reason, however late.
func (r *Register) key(ctx context.Context, tx *journal.Tx, h *held) (key *envelope.DataKey, err error) {
	if h.wrapped != nil {
		return r.keys.Open(h.ID, h.wrapped)
	}
	if key, h.wrapped, err = r.keys.NewDataKey(h.ID); err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, `update inquiry set data_key = $2 where id = $1`, h.ID, h.wrapped)
	return key, err
}

func seal(key *envelope.DataKey, id uuid.UUID, words string) ([]byte, [sha256.Size]byte) {
	sealed := key.Seal(purpose+id.String(), []byte(words))
	return sealed, sha256.Sum256(sealed)
}

// Attach attaches another entry. It returns db.ErrConflict for one that is attached, ErrFull, db.ErrNotFound, org.ErrMayNot, and ErrOver when the inquiry was decided.
func (r *Register) Attach(ctx context.Context, by journal.Actor, id uuid.UUID, index int64) error {
	there, has := false, 0
	return wrap("attach an entry to an inquiry", r.act(ctx, by, id, func(b *pgx.Batch) {
		b.Queue(logged, index).QueryRow(func(row pgx.Row) error { return row.Scan(&there) })
		b.Queue(`select count(*) from inquiry_entry where inquiry_id = $1`, id).QueryRow(func(row pgx.Row) error { return row.Scan(&has) })
	}, func(tx *journal.Tx, h *held) (journal.Event, error) {
		switch {
		case !there:
			return journal.Event{}, db.ErrNotFound
		case h.over():
			return journal.Event{}, ErrOver
		case has >= most:
			return journal.Event{}, ErrFull
		}
		_, err := tx.Exec(ctx, attach, id, index, by.Person, tx.Now)
		if db.Unique(err, "") {
			err = db.ErrConflict
		}
		d := h.detail()
		d.Index = &index
		return journal.Event{Action: "inquiry.entry_attached", Detail: d}, err
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
