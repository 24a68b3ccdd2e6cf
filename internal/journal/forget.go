package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal/format"
)

// An entry is forgotten by another entry: its text and its random bytes are deleted, its place in the tree stays. Whoever forgets
// entries names their places, in the same transaction, in the entry of the act or in entries besides (entries.forgotten): what the
// database deletes is what they name.

// ErrNotProvable says that an entry which is to be forgotten is not in the tree yet: its place cannot be named. It will be soon.
var ErrNotProvable = errors.New("an entry is not in the journal's tree yet")

// maxRuns is how many runs of places one entry names: with the longest of them it stays far below what an entry may have.
const maxRuns = 1000

// Places are where the log has the entries about somebody.
type Places struct {
	indexes []int64
	waiting bool // one is not in the tree yet
}

// Len is how many entries there are.
func (p *Places) Len() int { return len(p.indexes) }

// AskPlaces queues, among an act's first statements and after the lock of a citizen, where the entries about them are. Those
// that tell of what was forgotten, or of a hold, are not among them.
func AskPlaces(b *pgx.Batch, citizen uuid.UUID) *Places { return askPlaces(b, citizen, Filed) }

// AskLate is AskPlaces of what was noted about a citizen who was erased already: by acts that were under way. What auditors did is not among them.
func AskLate(b *pgx.Batch, citizen uuid.UUID) *Places { return askPlaces(b, citizen, Late) }

// Filed and Late are conditions on an entry e about a citizen: that it tells neither of what was forgotten nor that they were held, and who ended that; and that neither does it tell of an
// auditor's reading.
const (
	Filed = `e.action not in ('citizen.erased', 'entries.forgotten', 'erasure.held', 'erasure.released')`
	Late  = Filed + ` and split_part(e.action, '.', 1) not in ('journal', 'unsealing')`
)

func askPlaces(b *pgx.Batch, citizen uuid.UUID, condition string) *Places {
	p := &Places{}
	b.Queue(`select l.index from journal_entry e left join journal_leaf l on l.entry_id = e.id where e.citizen_id = $1 and `+condition, citizen).
		Query(func(rows pgx.Rows) error {
			var index *int64
			_, err := pgx.ForEachRow(rows, []any{&index}, func() error {
				if index == nil {
					p.waiting = true
					return nil
				}
				p.indexes = append(p.indexes, *index)
				return nil
			})
			return err
		})
	return p
}

// Forget deletes, when the act commits, the text and the random bytes of the entries about a citizen. It returns the places that the
// act's own entry has to name, as the member "forgotten" of its detail; when they are too many for one entry, others besides name the
// rest. organisation is that of the entries. It returns ErrNotProvable when one of them is not in the tree yet.
func (t *Tx) Forget(organisation, citizen uuid.UUID, p *Places) ([]string, error) {
	if p.waiting {
		return nil, ErrNotProvable
	}
	slices.Sort(p.indexes)
	var texts []string
	for _, r := range format.Runs(p.indexes) {
		texts = append(texts, r.String())
	}
	for len(texts) > maxRuns {
		e := Event{Action: "entries.forgotten", Organisation: organisation, Citizen: citizen, Detail: Forgotten{texts[:maxRuns]}}
		if err := t.append(e); err != nil {
			return nil, err
		}
		texts = texts[maxRuns:]
	}
	t.forgets = true
	return texts, nil
}

// Forgotten is the detail of an entry that says which others are forgotten, and nothing else (entries.forgotten).
type Forgotten struct {
	Places []string `json:"forgotten"` // indexes in the log, as runs
}

// forget queues, behind the act's entry, that what it names is deleted.
func (t *Tx) forget() {
	if t.forgets {
		t.Queue(`select journal_forget()`)
	}
}

// accounted are the places in the log that entries say were forgotten, in ascending order.
type accounted []format.Run

// readAccounted reads them from the entries that are acts.
func readAccounted(ctx context.Context, tx pgx.Tx) (accounted, error) {
	out := accounted{}
	err := Replay(ctx, tx, `e.action = any ($1)`, []any{format.Accounts}, func(e struct {
		Detail Forgotten `json:"detail"`
	}) {
		if runs, ok := format.ParseRuns(e.Detail.Places); ok {
			out = append(out, runs...)
		}
	})
	slices.SortFunc(out, func(a, b format.Run) int { return cmp.Compare(a.First, b.First) })
	return out, err
}

// has reports whether an entry says that the one at this place was forgotten.
func (a accounted) has(index int64) bool {
	at, exact := slices.BinarySearchFunc(a, index, func(r format.Run, i int64) int { return cmp.Compare(r.First, i) })
	return exact || at > 0 && index <= a[at-1].Last
}

// gone names the entries that the tree holds with ids above after, up to until, and that are gone from the table while no entry says that they
// were forgotten. before holds what was accounted for, once it was needed.
func gone(ctx context.Context, tx pgx.Tx, after, until int64, before *accounted) ([]Difference, error) {
	rows, err := tx.Query(ctx, `select l.entry_id, l.index from journal_leaf l where l.entry_id > $1 and l.entry_id <= $2
		and not exists (select from journal_entry e where e.id = l.entry_id and e.id > $1 and e.id <= $2) order by l.entry_id`, after, until)
	if err != nil {
		return nil, err
	}
	type missing struct{ id, index int64 }
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m missing, err error) { return m, row.Scan(&m.id, &m.index) })
	if err != nil || len(all) == 0 {
		return nil, err
	}
	var out []Difference
	for _, m := range all {
		if !before.has(m.index) { // perhaps by an act since
			if *before, err = readAccounted(ctx, tx); err != nil {
				return nil, fmt.Errorf("read what was forgotten: %w", err)
			}
			break
		}
	}
	for _, m := range all {
		if !before.has(m.index) {
			out = append(out, ofEntry(m.id, "stands in the tree, and is gone from the table"))
		}
	}
	return out, nil
}
