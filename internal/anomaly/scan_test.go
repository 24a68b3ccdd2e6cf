package anomaly_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/anomaly"
	"mandat/internal/prose"
	"mandat/internal/token"
)

// A log of made-up acts, longer than one step, is looked through; a second reckoning, which has all of it at once, finds the same.
func TestWatch_ALongLog(t *testing.T) {
	t.Parallel()
	const entries, people = 30_000, 40
	w := newWorld(t)
	w.set(anomaly.Burst, map[string]int{"acts": 12, "minutes": 15})
	w.watch()
	chance := rand.New(rand.NewPCG(5, 39))
	var aidants []uuid.UUID
	for n := range people {
		aidants = append(aidants, w.Newcomer(t, "aidant", w.Here, fmt.Sprintf("many-%d", n), "aidant").Person)
	}
	at := w.Clock.Now().Truncate(time.Microsecond)
	acts := make([]made, entries)
	for i := range acts {
		at = at.Add(time.Duration(chance.IntN(16_000)) * time.Millisecond)
		acts[i] = made{at, aidants[min(chance.IntN(people), chance.IntN(people))], []string{"mandate.consulted", "power.used", "session.opened", "power.refused"}[chance.IntN(4)]}
	}
	_, err := w.Connect(t, w.Superuser).CopyFrom(t.Context(), pgx.Identifier{"journal_entry"}, []string{"at", "action", "organisation_id", "person_id", "salt", "body"},
		pgx.CopyFromSlice(entries, func(i int) ([]any, error) {
			a := acts[i]
			return []any{a.at, a.action, w.Here, a.person, token.Bytes(32), `{"action":"` + a.action + `"}`}, nil
		}))
	w.must(err)
	w.must(w.tree.CatchUp(t.Context()))
	w.must(w.register.Watch(t.Context()))
	want := append(reckoned("burst", acts, 12, 15*time.Minute, "mandate.consulted", "power.used"), reckoned("refused_steps", acts, 5, time.Hour, "power.refused")...)
	var got []string
	rows, err := w.Connect(t, w.Superuser).Query(t.Context(), `select rule || ' ' || person_id || ' ' || day from anomaly_alert where rule in ('burst', 'refused_steps') `)
	w.must(err)
	got, err = pgx.CollectRows(rows, pgx.RowTo[string])
	w.must(err)
	if slices.Sort(got); !slices.Equal(got, want) || len(want) < 50 {
		t.Errorf("%d found, want %d", len(got), len(want))
	}
}

// made is a made-up act.
type made struct {
	at     time.Time
	person uuid.UUID
	action string
}

// reckoned are the people and days on which so many acts of some sorts lie within a while.
func reckoned(rule string, acts []made, many int, within time.Duration, sorts ...string) []string {
	by := map[uuid.UUID][]time.Time{}
	for _, a := range acts {
		if slices.Contains(sorts, a.action) {
			by[a.person] = append(by[a.person], a.at)
		}
	}
	out := map[string]bool{}
	for person, times := range by {
		for i := many - 1; i < len(times); i++ {
			if times[i].Sub(times[i-many+1]) < within {
				out[fmt.Sprintf("%s %s %s", rule, person, times[i].In(prose.Paris).Format(time.DateOnly))] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(out))
}
