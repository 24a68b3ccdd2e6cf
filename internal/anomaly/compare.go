package anomaly

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
)

// entry is what an entry says of an alert or of a rule.
type entry struct {
	Action string `json:"action"`
	At     string `json:"at"`
	By     struct {
		Person uuid.UUID `json:"person"`
	} `json:"by"`
	Organisation uuid.UUID `json:"organisation"`
	Detail       struct {
		Alert      string         `json:"alert"`
		Rule       string         `json:"rule"`
		Version    int            `json:"version"`
		Person     string         `json:"person"`
		Day        string         `json:"day"`
		Entries    []int64        `json:"entries"`
		Case       string         `json:"case"`
		Kind       string         `json:"kind"`
		Enabled    bool           `json:"enabled"`
		Thresholds map[string]int `json:"thresholds"`
	} `json:"detail"`
}

// life is what is compared of an alert or a version of a rule, in words.
type life struct {
	found, taken, closed string
}

// String says it in words, which are compared.
func (l life) String() string { return strings.TrimSpace(l.found + l.taken + l.closed) }

func (e entry) apply(all map[string]life) {
	d := e.Detail
	l := all[d.Alert]
	switch e.Action {
	case "anomaly.rule_changed":
		all[d.Rule+" "+strconv.Itoa(d.Version)] = life{found: ruleWords(d.Enabled, whole(d.Rule, d.Thresholds), e.At, e.By.Person)}
		return
	case "anomaly.found":
		l.found = foundWords(d.Rule, d.Version, e.Organisation.String(), d.Person, d.Day, d.Entries, e.At)
	case "anomaly.taken":
		l.taken = stepWords("in case "+d.Case, e.By.Person, e.At)
	case "anomaly.closed":
		l.closed = stepWords("closed as "+d.Kind, e.By.Person, e.At)
	default: // a trial changes nothing
		return
	}
	all[d.Alert] = l
}

// whole adds what entries of before did not say, because the rule could do no other: Saturdays were days of work, Sundays and public holidays were not.
func whole(rule string, thresholds map[string]int) map[string]int {
	if _, told := thresholds["saturday"]; rule != OddHours || told {
		return thresholds
	}
	out := map[string]int{}
	maps.Copy(out, thresholds)
	out["saturday"], out["sunday"], out["holidays"] = 1, 0, 0
	return out
}

func ruleWords(enabled bool, thresholds map[string]int, at string, by uuid.UUID) string {
	return fmt.Sprintf("enabled %t with %v since %s by %s", enabled, thresholds, at, by)
}

func foundWords(rule string, version int, organisation, person, day string, entries []int64, at string) string {
	return fmt.Sprintf("%s %d of %s in %s on %s in %d, found %s", rule, version, person, organisation, day, entries, at)
}

func stepWords(what string, by uuid.UUID, at string) string {
	return fmt.Sprintf("; %s by %s at %s", what, by, at)
}

// Compare replays what the journal says of alerts and of rules, and names what the tables say otherwise. It reads as auditor, in one snapshot.
func Compare(ctx context.Context, auditor *db.DB) ([]journal.Difference, error) {
	want, have := map[string]life{}, map[string]life{}
	err := auditor.Snapshot(ctx, db.Nothing(), func(tx pgx.Tx) error {
		if err := journal.Replay(ctx, tx, `e.action = any ($1)`, []any{journal.ActionsOf("anomaly")}, func(e entry) { e.apply(want) }); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select `+columns+` from anomaly_alert a`)
		if err != nil {
			return err
		}
		var s scanned
		_, err = pgx.ForEachRow(rows, s.fields(), func() error {
			a := s.alert()
			l := life{found: foundWords(a.Rule, a.Version, a.Organisation.String(), a.Person.String(), a.Day.Format(time.DateOnly), slices.Clone(a.Entries), journal.TimeText(a.FoundAt))}
			if a.Case != uuid.Nil {
				l.taken = stepWords("in case "+a.Case.String(), a.TakenBy, journal.TimeText(a.TakenAt))
			}
			if a.Kind != "" {
				l.closed = stepWords("closed as "+a.Kind, a.ClosedBy, journal.TimeText(a.ClosedAt))
			}
			have[a.ID.String()] = l
			return nil
		})
		if err != nil {
			return err
		}
		if rows, err = tx.Query(ctx, `select `+ruleColumns+` from anomaly_rule r where r.version > 1`); err != nil {
			return err
		}
		rules, err := pgx.CollectRows(rows, scanRule)
		for _, r := range rules {
			have[r.Key+" "+strconv.Itoa(r.Version)] = life{found: ruleWords(r.Enabled, r.Thresholds, journal.TimeText(r.Since), r.ChangedBy)}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("compare alerts with the journal: %w", err)
	}
	return journal.Differences(have, want, func(id, what string) journal.Difference {
		return journal.Difference{Of: "anomaly", ID: id, What: what}
	}, journal.Words[life]{
		Stray: "stands in the table, and no entry tells of it",
		Other: "the table says {tables}; the entries say {entries}",
		Gone:  "stands in the journal, and is gone from the table",
	}), nil
}
