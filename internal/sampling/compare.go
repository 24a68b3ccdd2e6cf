package sampling

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// life is what is compared of a sample: what stands in its row, and of its entries.
type life struct {
	number, ordered, ended string
	wanted                 int
	bound                  bool
	shared                 string           // by whom and when, "" while it was not
	entries                map[int64]string // by index: what came of it
}

// String says it in words, which are compared.
func (l life) String() string {
	return fmt.Sprintf("%s, %d wanted, bound %t, ordered %s, share %q, %s, entries %v", l.number, l.wanted, l.bound, l.ordered, l.shared, l.ended, l.entries)
}

// entry is what an entry says.
type entry struct {
	Action string `json:"action"`
	At     string `json:"at"`
	By     struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Detail struct {
		Sample    uuid.UUID `json:"sample"`
		Number    string    `json:"number"`
		Wanted    int       `json:"wanted"`
		Share     string    `json:"share_sha256"`
		Order     int64     `json:"order"`
		Witnessed int64     `json:"witnessed"`
		Size      int64     `json:"size"`
		StampedAt string    `json:"stamped_at"`
		Places    []int64   `json:"places"`
		Why       string    `json:"why"`
		Index     int64     `json:"index"`
		Outcome   string    `json:"outcome"`
		Inquiry   uuid.UUID `json:"inquiry"`
	} `json:"detail"`
}

func (e entry) apply(all map[uuid.UUID]*life) {
	d := e.Detail
	l := all[d.Sample]
	if e.Action == "sample.ordered" {
		all[d.Sample] = &life{number: d.Number, wanted: d.Wanted, bound: d.Share != "", ordered: who(e.By.Person, e.At), ended: Ordered, entries: map[int64]string{}}
		return
	}
	if l == nil {
		return
	}
	switch e.Action {
	case "sample.revealed":
		l.shared = who(e.By.Person, e.At)
	case "sample.drawn":
		l.ended = drawnText(d.Order, d.Witnessed, d.Size, d.StampedAt, who(e.By.Person, e.At))
		for _, place := range d.Places {
			l.entries[place] = ""
		}
	case "sample.lapsed":
		l.ended = lapsedText(d.Why, e.At)
	case "sample.checked":
		l.entries[d.Index] = checkedText(d.Outcome, d.Inquiry, who(e.By.Person, e.At))
	}
}

func who(person uuid.UUID, at string) string { return fmt.Sprintf("by %s at %s", person, at) }

func drawnText(order, witnessed, size int64, stamped, who string) string {
	return fmt.Sprintf("drawn for %d under %d from %d stamped at %s %s", order, witnessed, size, stamped, who)
}

func lapsedText(why, at string) string { return "lapsed, " + why + ", at " + at }

func checkedText(outcome string, inquiry uuid.UUID, who string) string {
	return strings.Join([]string{outcome, inquiry.String(), who}, " ")
}

// Compare replays what the journal says of samples, and names what the tables say otherwise. That what was drawn follows from the order, the command journal sample checks. It reads as auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := map[uuid.UUID]*life{}, map[uuid.UUID]*life{}
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		if err := journal.Replay(ctx, tx, `e.action = any ($1)`, []any{journal.ActionsOf("sample")}, func(e entry) { e.apply(want) }); err != nil {
			return err
		}
		return tables(ctx, tx, have)
	})
	if err != nil {
		return nil, fmt.Errorf("compare samples with the journal: %w", err)
	}
	return journal.Differences(have, want, journal.DifferenceOf("sample"), journal.Words[*life]{
		Stray: "stands in the table, and no entry tells of it",
		Other: "the table says {tables}; the entries say {entries}",
		Gone:  "was ordered according to its entry, and is gone from the table",
	}), nil
}

// tables reads what is compared.
func tables(ctx context.Context, tx pgx.Tx, have map[uuid.UUID]*life) error {
	rows, err := tx.Query(ctx, `select `+columns+`, coalesce(s.place, -1) from sample s`)
	if err != nil {
		return err
	}
	var s Sample
	var place int64
	if _, err = pgx.ForEachRow(rows, append(s.fields(), &place), func() error {
		l := &life{number: s.Name(), wanted: s.Wanted, bound: s.Bound, ordered: who(s.OrderedBy, journal.TimeText(s.OrderedAt)), ended: s.State, entries: map[int64]string{}}
		if s.SharedBy != uuid.Nil {
			l.shared = who(s.SharedBy, journal.TimeText(s.SharedAt))
		}
		switch s.State {
		case Drawn:
			l.ended = drawnText(place, s.Witnessed, s.Size, journal.TimeText(s.StampedAt), who(s.DrawnBy, journal.TimeText(s.EndedAt)))
		case Lapsed:
			l.ended = lapsedText(s.Why, journal.TimeText(s.EndedAt))
		}
		have[s.ID] = l
		return nil
	}); err != nil {
		return err
	}
	if rows, err = tx.Query(ctx, `select e.sample_id, e.index, e.outcome, e.inquiry_id, e.checked_by, e.checked_at from sample_entry e`); err != nil {
		return err
	}
	var id uuid.UUID
	var index int64
	var outcome *string
	var inquiry, by *uuid.UUID
	var when *time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &index, &outcome, &inquiry, &by, &when}, func() error {
		if have[id] == nil {
			return nil
		}
		have[id].entries[index] = ""
		if outcome != nil {
			have[id].entries[index] = checkedText(*outcome, db.OrZero(inquiry), who(db.OrZero(by), journal.TimeText(db.OrZero(when))))
		}
		return nil
	})
	return err
}
