package unsealing

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

// life is what is compared of an unsealing.
type life struct {
	subject, asker, decider        uuid.UUID
	reason, state                  string
	asked, decided, until, endedAt string
	looks                          int
}

// String says it in words, which are compared.
func (l life) String() string {
	return fmt.Sprintf("%s about %s (%s), asked %s by %s, decided %s by %s until %s, ended %s, %d looks", l.state, l.subject, l.reason, l.asked, l.asker, l.decided, l.decider, l.until, l.endedAt, l.looks)
}

// entry is what an entry says of it.
type entry struct {
	Action string `json:"action"`
	At     string `json:"at"`
	By     struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Citizen uuid.UUID `json:"citizen"`
	Detail  struct {
		Unsealing uuid.UUID `json:"unsealing"`
		Person    uuid.UUID `json:"person"`
		Reason    string    `json:"reason"`
		Until     string    `json:"until"`
	} `json:"detail"`
}

func (e entry) apply(all map[uuid.UUID]life) {
	l := all[e.Detail.Unsealing]
	switch _, what, _ := strings.Cut(e.Action, "."); what {
	case Asked:
		l = life{subject: e.Citizen, asker: e.By.Person, reason: e.Detail.Reason, state: Asked, asked: e.At}
		if e.Detail.Person != uuid.Nil {
			l.subject = e.Detail.Person
		}
	case Granted, Refused:
		l.state, l.decider, l.decided, l.until = what, e.By.Person, e.At, e.Detail.Until
	case Withdrawn, Ended:
		l.state, l.endedAt = what, e.At
	default:
		l.looks++
	}
	all[e.Detail.Unsealing] = l
}

// Compare replays what the journal says of unsealings and names what the table says otherwise. It reads as auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := map[uuid.UUID]life{}, map[uuid.UUID]life{}
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		if err := journal.Replay(ctx, tx, `e.action = any ($1)`, []any{journal.ActionsOf("unsealing")}, func(e entry) { e.apply(want) }); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select `+columns+` from unsealing u`)
		if err != nil {
			return err
		}
		all, err := pgx.CollectRows(rows, scan)
		for _, u := range all {
			l := life{subject: u.Subject(), asker: u.AskedBy, decider: u.DecidedBy, reason: u.Reason, state: u.State, looks: u.Looks}
			for to, at := range map[*string]time.Time{&l.asked: u.AskedAt, &l.decided: u.DecidedAt, &l.until: u.Until, &l.endedAt: u.EndedAt} {
				if !at.IsZero() {
					*to = journal.TimeText(at)
				}
			}
			have[u.ID] = l
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("compare unsealings with the journal: %w", err)
	}
	return journal.Differences(have, want, journal.DifferenceOf("unsealing"), journal.Words[life]{
		Stray: "stands in the table, and no entry tells of it",
		Other: "the table says {tables}; the entries say {entries}",
		Gone:  "was asked according to its entry, and is gone from the table",
	}), nil
}
