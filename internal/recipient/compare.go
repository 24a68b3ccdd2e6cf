package recipient

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

// subject is what is compared: a signal, or a check of a referent.
type subject struct {
	of string
	id uuid.UUID
}

// entry is what an entry says of one.
type entry struct {
	Action string `json:"action"`
	At     string `json:"at"`
	By     struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Organisation uuid.UUID `json:"organisation"`
	Detail       struct {
		Signal      uuid.UUID `json:"signal"`
		Kind        string    `json:"kind"`
		Entries     int       `json:"entries"`
		WordsSHA256 string    `json:"words_sha256"`
		Case        uuid.UUID `json:"case"`
		Outcome     string    `json:"outcome"`
		Checklist   uuid.UUID `json:"checklist"`
		DueOn       string    `json:"due_on"`
		Counts
	} `json:"detail"`
}

// apply adds to the life of its subject what an entry says. Lives are sentences, in the order of their events, which are compared.
func (e entry) apply(all map[subject]string) {
	s := subject{"signal", e.Detail.Signal}
	switch _, what, _ := strings.Cut(e.Action, "."); what {
	case Raised:
		all[s] = raisedText(e.Detail.Kind, e.Detail.Entries, e.Detail.WordsSHA256, e.By.Person, e.At)
	case "taken":
		all[s] += takenText(e.Detail.Case, e.By.Person, e.At)
	case Closed:
		all[s] += closedText(e.Detail.Outcome, e.By.Person, e.At)
	case "done":
		all[subject{"checklist", e.Detail.Checklist}] = checkedText(e.Organisation, e.By.Person, e.At, e.Detail.DueOn, e.Detail.Counts)
	}
}

func raisedText(kind string, entries int, sum string, by uuid.UUID, at string) string {
	return fmt.Sprintf("%s, of %d entries, in words of %s, by %s at %s", kind, entries, sum, by, at)
}

func takenText(into, by uuid.UUID, at string) string {
	return fmt.Sprintf("; into case %s by %s at %s", into, by, at)
}

func closedText(outcome string, by uuid.UUID, at string) string {
	return fmt.Sprintf("; closed as %s by %s at %s", outcome, by, at)
}

func checkedText(organisation, by uuid.UUID, at, due string, c Counts) string {
	return fmt.Sprintf("of %s by %s at %s, due on %s: %+v", organisation, by, at, due, c)
}

// Compare replays what the journal says of signals and checks, and names what the tables say otherwise. It reads as auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := map[subject]string{}, map[subject]string{}
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		err := journal.Replay(ctx, tx, `e.action = any ($1)`, []any{journal.ActionsOf("signal", "checklist")}, func(e entry) { e.apply(want) })
		if err != nil {
			return err
		}
		if err := signalRows(ctx, tx, have); err != nil {
			return err
		}
		return checkRows(ctx, tx, have)
	})
	if err != nil {
		return nil, wrap("compare signals and checks with the journal", err)
	}
	return journal.Differences(have, want, func(s subject, what string) journal.Difference {
		return journal.Difference{Of: s.of, ID: s.id.String(), What: what}
	}, journal.Words[string]{
		Stray: "stands in the tables, and no entry tells of it",
		Other: "the tables say {tables}; the entries say {entries}",
		Gone:  "was made according to its entry, and is gone from the tables",
	}), nil
}

func signalRows(ctx context.Context, tx pgx.Tx, out map[subject]string) error {
	rows, err := tx.Query(ctx, `select id, kind, cardinality(entries), encode(words_sha256, 'hex'), raised_by, raised_at, case_id, taken_by, taken_at, coalesce(outcome, ''), closed_by, closed_at from recipient_signal`)
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		var id, raisedBy uuid.UUID
		var kind, sum, outcome string
		var entries int
		var raisedAt time.Time
		var into, takenBy, closedBy *uuid.UUID
		var takenAt, closedAt *time.Time
		err := row.Scan(&id, &kind, &entries, &sum, &raisedBy, &raisedAt, &into, &takenBy, &takenAt, &outcome, &closedBy, &closedAt)
		text := raisedText(kind, entries, sum, raisedBy, journal.TimeText(raisedAt))
		if takenAt != nil {
			text += takenText(db.OrZero(into), db.OrZero(takenBy), journal.TimeText(*takenAt))
		}
		if closedAt != nil {
			text += closedText(outcome, db.OrZero(closedBy), journal.TimeText(*closedAt))
		}
		out[subject{"signal", id}] = text
		return struct{}{}, err
	})
	return err
}

func checkRows(ctx context.Context, tx pgx.Tx, out map[subject]string) error {
	rows, err := tx.Query(ctx, `select checked_by, checked_at, due_on, counts, id, organisation_id from recipient_checklist`)
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		var c Check
		var id, organisation uuid.UUID
		err := c.scan(row, &id, &organisation)
		out[subject{"checklist", id}] = checkedText(organisation, c.By, journal.TimeText(c.At), c.Due.Format(time.DateOnly), c.Counts)
		return struct{}{}, err
	})
	return err
}
