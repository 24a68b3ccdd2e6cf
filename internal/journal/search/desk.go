package search

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/journal/tree"
)

// ErrNotAuditor says that somebody is no auditor, or none any more, and reads nothing.
var ErrNotAuditor = errors.New("not an auditor")

// Readings are the actions by which auditors' readings stand in the journal.
func Readings() []string { return []string{"journal.searched", "journal.viewed"} }

// Desk is where auditors read entries. Who reads what is an entry too: without it nothing is shown (docs/decisions/0035).
type Desk struct {
	finder  *Finder
	journal *journal.Journal
	log     *tree.Log
}

// NewDesk returns a desk on the auditors' login, whose entries the program's own login writes.
func NewDesk(auditor *db.DB, j *journal.Journal, log *tree.Log) *Desk {
	return &Desk{finder: NewFinder(auditor), journal: j, log: log}
}

// searched is the detail of an entry about a search: by which sorts of things, how many were shown, and what tells two searches apart.
type searched struct {
	Filters []string `json:"filters"`
	Results int      `json:"results"`
	Query   string   `json:"query_sha256"` // of the whole question
}

// Search returns a page of entries to an auditor, as Finder.Find does. Unless everything was asked for, from the newest on, that is a reading. It returns ErrNotAuditor.
func (d *Desk) Search(ctx context.Context, by journal.Actor, f Filter, limit int) (Found, error) {
	if by.Kind != journal.Auditor {
		return Found{}, ErrNotAuditor
	}
	found, err := d.finder.Find(ctx, f, limit)
	if err != nil {
		return Found{}, err
	}
	sorts := f.sorts()
	if len(sorts) == 0 {
		return found, nil
	}
	sum := sha256.Sum256([]byte(f.text()))
	detail := searched{Filters: sorts, Results: len(found.Entries), Query: hex.EncodeToString(sum[:])}
	e := journal.Event{Action: "journal.searched", Detail: detail}
	if (f.Citizen != uuid.Nil || f.Mandate != uuid.Nil) && len(found.Entries) > 0 {
		about(&e, &found.Entries[0])
		e.Mandate = f.Mandate
	}
	err = d.read(ctx, by, map[string]any{"query_sha256": detail.Query}, e)
	if err != nil {
		return Found{}, err
	}
	return found, nil
}

// sorts names what a filter asks for, never which. What is left out unasked is not among it.
func (f *Filter) sorts() []string {
	var out []string
	for _, s := range []struct {
		name string
		set  bool
	}{
		{"organisation", f.Organisation != uuid.Nil}, {"person", f.Person != uuid.Nil}, {"citizen", f.Citizen != uuid.Nil}, {"mandate", f.Mandate != uuid.Nil},
		{"procedure", f.Procedure != ""}, {"service", f.Service != ""}, {"action", len(f.Actions) > 0}, {"session", len(f.Session) > 0},
		{"from", !f.From.IsZero()}, {"to", !f.To.IsZero()}, {"page", f.Before > 0},
	} {
		if s.set {
			out = append(out, s.name)
		}
	}
	return out
}

// text is the whole question.
func (f *Filter) text() string {
	return fmt.Sprintf("%s %s %s %s %q %q %q %q %x %s %s %d", f.Organisation, f.Person, f.Citizen, f.Mandate, f.Procedure, f.Service, f.Actions, f.Except, f.Session,
		journal.TimeText(f.From), journal.TimeText(f.To), f.Before)
}

// View is an entry with what stands around it.
type View struct {
	Index      int64
	Entry      *journal.Entry // nil: it was forgotten, and only its place is left
	Commitment [32]byte
	Near       []Near          // those before and after it in the log, in their order, with it among them
	Session    []journal.Entry // the newest others of the same session
}

// Near is an entry of the log beside another one.
type Near struct {
	Index int64
	Entry *journal.Entry // nil: it was forgotten
}

const (
	nearEach    = 3
	sessionMost = 20
)

// viewed is the detail of an entry about the reading of one entry.
type viewed struct {
	Index int64  `json:"index"`
	Page  string `json:"page"` // entry or proof
}

// View shows an auditor the entry at an index of the log, which is a reading. It returns db.ErrNotFound for what the log does not hold, and ErrNotAuditor.
func (d *Desk) View(ctx context.Context, by journal.Actor, index int64) (View, error) {
	if by.Kind != journal.Auditor {
		return View{}, ErrNotAuditor
	}
	v, err := d.finder.around(ctx, index)
	if err != nil {
		return View{}, err
	}
	if v.Entry != nil && len(v.Entry.Session) > 0 {
		found, err := d.finder.Find(ctx, Filter{Session: v.Entry.Session}, sessionMost+1)
		if err != nil {
			return View{}, err
		}
		for _, e := range found.Entries {
			if e.Index != index && len(v.Session) < sessionMost {
				v.Session = append(v.Session, e)
			}
		}
	}
	if err := d.viewed(ctx, by, v, "entry"); err != nil {
		return View{}, err
	}
	return v, nil
}

// Prove returns the proof of an entry, and its line, as tree.Log.Prove does: a reading too.
func (d *Desk) Prove(ctx context.Context, by journal.Actor, index int64) (proof, line []byte, err error) {
	if by.Kind != journal.Auditor {
		return nil, nil, ErrNotAuditor
	}
	v, err := d.finder.around(ctx, index)
	if err != nil {
		return nil, nil, err
	}
	if proof, line, err = d.log.Prove(ctx, index); err != nil {
		return nil, nil, err
	}
	if err := d.viewed(ctx, by, v, "proof"); err != nil {
		return nil, nil, err
	}
	return proof, line, nil
}

func (d *Desk) viewed(ctx context.Context, by journal.Actor, v View, page string) error {
	e := journal.Event{Action: "journal.viewed", Detail: viewed{v.Index, page}}
	if v.Entry != nil {
		about(&e, v.Entry)
	}
	return d.read(ctx, by, map[string]any{"index": v.Index, "page": page}, e)
}

// about makes a reading one of what an entry is about: it is found, and forgotten, with the citizen's other entries.
func about(e *journal.Event, of *journal.Entry) {
	if of.Citizen != uuid.Nil {
		e.Organisation, e.Citizen, e.Mandate = of.Organisation, of.Citizen, of.Mandate
	}
}

// errAgain undoes a reading that is none: the same session did it within the hour.
var errAgain = errors.New("read again")

// again is how long a reading of the same thing in the same session is none.
const again = time.Hour

// read records a reading, unless what is the same stands among the last hundred of the reader's. Their row is locked: two tabs are one, and who is suspended
// meanwhile reads no more.
func (d *Desk) read(ctx context.Context, by journal.Actor, same map[string]any, e journal.Event) error {
	members, err := json.Marshal(same)
	if err != nil {
		return fmt.Errorf("record a reading: %w", err)
	}
	auditor := false
	first := &pgx.Batch{}
	first.Queue(`select auditor and suspended_at is null from person where id = $1 for no key update`, by.Person).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if rows.Next() {
			return rows.Scan(&auditor)
		}
		return rows.Err()
	})
	err = d.journal.RecordAfter(ctx, by, first, func(tx *journal.Tx) (journal.Event, error) {
		if !auditor {
			return e, ErrNotAuditor
		}
		known := false
		err := tx.QueryRow(ctx, `select exists (select from (select action, at, session_id, body from journal_entry
				where person_id = $1 and action in ('journal.searched', 'journal.viewed') order by id desc limit 100) last
			where action = $2 and session_id = $3 and at > $4 and body::jsonb -> 'detail' @> $5)`, by.Person, e.Action, by.Session, tx.Now.Add(-again), string(members)).Scan(&known)
		if err == nil && known {
			err = errAgain
		}
		return e, err
	})
	if err != nil && !errors.Is(err, errAgain) {
		return fmt.Errorf("record a reading: %w", err)
	}
	return nil
}
