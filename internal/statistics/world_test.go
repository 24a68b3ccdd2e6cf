package statistics

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/prose"
	"mandat/internal/token"
)

// world is two organisations, and a journal of made-up entries that a test knows without asking for them.
type world struct {
	*fixture.World
	register *Register
	tree     *tree.Integrator
	chance   *rand.Rand
	made     []made
	sofia    journal.Actor // an auditor
	begun    time.Time
}

// made is what a test knows of an entry.
type made struct {
	at           time.Time
	action       string
	house, whose uuid.UUID
	who          byte // did it; 0 is nobody
	keys         []string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{World: fixture.New(t), chance: rand.New(rand.NewPCG(7, 11)), begun: time.Date(2026, 1, 31, 22, 0, 0, 0, time.UTC)}
	w.tree = treetest.Integrator(t, tree.IntegratorOptions{DB: w.DB, Clock: w.Clock})
	w.register = New(w.DB, w.Journal, w.Clock)
	w.sofia = w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia")
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// anything is some entries of any sort, each some hours after the one before, now and then a little before it.
func (w *world) anything(n int) []made {
	keys := []string{fixture.Tax, "sociale-rsa", "argent-surendettement", "x-unknown"}
	actions := append(Actions(), "session.opened", "mandate.consulted")
	out := make([]made, n)
	for i := range out {
		out[i] = made{at: w.begun.Add(time.Duration(i)*53*time.Minute - time.Duration(w.chance.IntN(300))*time.Second), action: actions[w.chance.IntN(len(actions))],
			house: []uuid.UUID{w.Here, w.Elsewhere, uuid.Nil}[w.chance.IntN(3)], whose: uuid.New(), keys: keys[:w.chance.IntN(4)]}
	}
	return out
}

// add puts entries into the journal and its tree.
func (w *world) add(t testing.TB, entries ...made) {
	t.Helper()
	_, err := w.Connect(t, w.Superuser).CopyFrom(t.Context(), pgx.Identifier{"journal_entry"}, []string{"at", "action", "organisation_id", "citizen_id", "person_id", "salt", "body"},
		pgx.CopyFromSlice(len(entries), func(i int) ([]any, error) { return entries[i].row(), nil }))
	must(t, err)
	must(t, w.tree.CatchUp(t.Context()))
	w.made = append(w.made, entries...)
}

func (m made) row() []any {
	detail := map[string]any{}
	switch m.action {
	case "mandate.signed":
		var powers []map[string]string
		for _, key := range m.keys {
			powers = append(powers, map[string]string{"procedure": key})
		}
		detail["powers"] = powers
	case "mandate.ended":
		detail["procedures"] = slices.Concat(m.keys, m.keys)
	default:
		if len(m.keys) > 0 {
			detail["procedure"] = m.keys[0]
		}
	}
	body, err := json.Marshal(map[string]any{"action": m.action, "detail": detail})
	if err != nil {
		panic(err)
	}
	var house *uuid.UUID
	if m.house != uuid.Nil {
		house = &m.house
	}
	var who *uuid.UUID
	if m.who != 0 {
		who = &uuid.UUID{m.who}
	}
	return []any{m.at, m.action, house, m.whose, who, token.Bytes(32), string(body)}
}

// forget deletes entries of some citizens, as what destroys them does.
func (w *world) forget(t testing.TB, citizens ...uuid.UUID) {
	t.Helper()
	conn := w.Connect(t, w.Superuser)
	_, err := conn.Exec(t.Context(), `alter table journal_entry disable trigger user`) // that it may not be done so is another test's
	must(t, err)
	tag, err := conn.Exec(t.Context(), `delete from journal_entry where citizen_id = any ($1)`, citizens)
	must(t, err)
	if int(tag.RowsAffected()) != len(citizens) {
		t.Fatalf("%d entries went", tag.RowsAffected())
	}
	_, err = conn.Exec(t.Context(), `alter table journal_entry enable trigger user`)
	must(t, err)
}

// do runs statements behind the program's back.
func (w *world) do(t testing.TB, sql string) {
	t.Helper()
	_, err := w.Connect(t, w.Superuser).Exec(t.Context(), sql)
	must(t, err)
}

// want is what the tables have to say of the entries, counted another way.
func want(entries []made, month bool) tally {
	out := tally{}
	for _, m := range entries {
		if !slices.Contains(Actions(), m.action) {
			continue
		}
		keys := []string{""}
		switch {
		case m.action == "mandate.signed" || m.action == "mandate.ended":
			keys = append(keys, m.keys...)
		case len(m.keys) > 0:
			keys = append(keys, m.keys[0])
		}
		day, err := time.Parse(time.DateOnly, m.at.In(prose.Paris).Format(time.DateOnly))
		if err != nil {
			panic(err)
		}
		if month {
			day = day.AddDate(0, 0, 1-day.Day())
		}
		for _, key := range keys {
			out[cell{uuid.Nil, day, key, m.action}]++
			if m.house != uuid.Nil {
				out[cell{m.house, day, key, m.action}]++
			}
		}
	}
	return out
}

// have is what a table says.
func (w *world) have(t testing.TB, month bool) tally {
	t.Helper()
	sql := `select organisation_id, day, procedure, action, acts from statistics_day`
	if month {
		sql = `select organisation_id, month, procedure, action, acts from statistics_month`
	}
	rows, err := w.Connect(t, w.Superuser).Query(t.Context(), sql)
	must(t, err)
	out := tally{}
	var c cell
	var acts int64
	_, err = pgx.ForEachRow(rows, []any{&c.organisation, &c.day, &c.procedure, &c.action, &acts}, func() error {
		out[c] = acts
		return nil
	})
	must(t, err)
	return out
}
