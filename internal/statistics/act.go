package statistics

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/procedure"
	"mandat/internal/prose"
)

// Actions lists what is counted, in the order of pages: what aidants, citizens and services do with mandates. What is only read, and what staff do among themselves, is not.
// A mandate that runs out by itself is no act.
func Actions() []string {
	return []string{"mandate.signed", "mandate.ended", "power.used", "power.declared", "power.accounted", "power.ended", "power.refused",
		"decision.given", "decision.refused", "consent.given", "consent.refused"}
}

// published are the actions that open data tell of. None of them is the sum or the difference of others.
var published = []string{"mandate.signed", "mandate.ended", "power.used", "power.declared"}

// act is an entry of the log, as far as it counts.
type act struct {
	index                         int64
	day                           time.Time // in Paris, as midnight UTC
	action                        string
	organisation, person, citizen uuid.UUID // uuid.Nil for none
	procedures                    []string  // that it names, each once
}

// step is how many entries of the log are read in one go: so many that most of them are of a month that others are of too, and few enough for memory.
const step = 65536

// alongIndexes leaves PostgreSQL one way to read a range: along its index, however its plan was made.
const alongIndexes = `select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_hashjoin', 'off', true),
	set_config('enable_mergejoin', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)`

// read hands over the acts of these actions from an index of the log on and before another one. Those that were forgotten are not there.
func read(ctx context.Context, tx pgx.Tx, from, end int64, actions []string, each func(*act)) error {
	if _, err := tx.Exec(ctx, alongIndexes); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `select l.index, e.at, e.action, coalesce(e.organisation_id, '00000000-0000-0000-0000-000000000000'), coalesce(e.person_id, '00000000-0000-0000-0000-000000000000'),
			coalesce(e.citizen_id, '00000000-0000-0000-0000-000000000000'), e.body
		from journal_leaf l join journal_entry e on e.id = l.entry_id where l.index >= $1 and l.index < $2 and e.action = any ($3) order by l.index`, from, end, actions)
	if err != nil {
		return err
	}
	var a act
	var at time.Time
	var body string
	_, err = pgx.ForEachRow(rows, []any{&a.index, &at, &a.action, &a.organisation, &a.person, &a.citizen, &body}, func() error {
		a.day, a.procedures = dayOf(at), named(body)
		each(&a)
		return nil
	})
	return err
}

// named lists the procedures that an entry names, each once. What is not of the form that entries have, verification names.
func named(body string) []string {
	var entry struct {
		Detail struct {
			Procedure  string   `json:"procedure"`
			Procedures []string `json:"procedures"`
			Powers     []struct {
				Procedure string `json:"procedure"`
			} `json:"powers"`
		} `json:"detail"`
	}
	if json.Unmarshal([]byte(body), &entry) != nil {
		return nil
	}
	out := append(entry.Detail.Procedures, entry.Detail.Procedure)
	for _, p := range entry.Detail.Powers {
		out = append(out, p.Procedure)
	}
	out = slices.DeleteFunc(out, func(key string) bool { return key == "" || len(key) > 100 })
	slices.Sort(out)
	return slices.Compact(out)
}

// dayOf is the day of a time in Paris, as midnight UTC: a date without an hour.
func dayOf(t time.Time) time.Time {
	y, m, d := t.In(prose.Paris).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// begins is when a day begins in Paris.
func begins(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, prose.Paris)
}

func monthOf(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// otherTheme is that of procedures that no catalogue has.
const otherTheme = "autre"

// themes are the themes of every procedure that any version of the catalogue has; of one that has moved, the newest.
func themes() map[string]string {
	out := map[string]string{}
	for _, version := range procedure.Versions() {
		c, ok := procedure.Version(version)
		if !ok {
			continue
		}
		for _, t := range c.Themes() {
			for _, p := range t.Procedures {
				if out[p.Key] == "" {
					out[p.Key] = t.Key
				}
			}
		}
		for _, p := range c.Retired() {
			if out[p.Key] == "" {
				out[p.Key] = p.Theme
			}
		}
	}
	return out
}

// themesOf lists the themes of the procedures that an act names, each once.
func (r *Register) themesOf(a *act) []string {
	var out []string
	for _, key := range a.procedures {
		theme := r.themes[key]
		if theme == "" {
			theme = otherTheme
		}
		if !slices.Contains(out, theme) {
			out = append(out, theme)
		}
	}
	return out
}
