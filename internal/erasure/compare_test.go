package erasure_test

import (
	"strings"
	"testing"

	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/journal"
)

func TestCompare_NamesWhatWasDoneToHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	stands, everybody := w.hold(t, who(m)), w.hold(t, erasure.Who{Organisation: m.Organisation})
	must(t, w.register.Release(t.Context(), w.admin, everybody, "over"))
	w.content(t)
	w.Behind(t, `create table kept as table erasure_hold`)
	for name, c := range map[string]struct{ sql, want string }{
		"one was let go":            {`delete from erasure_hold where id = '` + stands.String() + `'`, "is gone from the table"},
		"one was released":          {`update erasure_hold set released_at = until, released_by = held_by where id = '` + stands.String() + `'`, "the entries say"},
		"one ends earlier":          {`update erasure_hold set until = held_at + interval '1 minute' where id = '` + stands.String() + `'`, "the entries say"},
		"one is of somebody else":   {`update erasure_hold set citizen_id = gen_random_uuid() where id = '` + stands.String() + `'`, "the entries say"},
		"one is for something else": {`update erasure_hold set reason = 'inspection' where id = '` + stands.String() + `'`, "the entries say"},
		"one stands again":          {`update erasure_hold set released_at = null, released_by = null, release_reason = null where id = '` + everybody.String() + `'`, "the entries say"},
		"one was made by no act":    {`insert into erasure_hold (id, organisation_id, reason, held_at, held_by, until) select gen_random_uuid(), organisation_id, reason, held_at, held_by, until from erasure_hold limit 1`, "no entry tells of it"},
	} {
		t.Run(name, func(t *testing.T) {
			w.Behind(t, c.sql)
			found, err := erasure.Compare(t.Context(), w.OpenAuditor(t))
			if err != nil || len(found) != 1 || found[0].Of != "hold" || !strings.Contains(found[0].What, c.want) {
				t.Errorf("%v, %v", found, err)
			}
			w.Behind(t, `delete from erasure_hold`)
			w.Behind(t, `insert into erasure_hold select * from kept`)
		})
	}
}

// Of somebody who was erased only the entries tell that they were held, and that is no difference; that a hold went which stood is one, whatever entry says they were erased.
func TestCompare_OfWhomWasErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	must(t, w.register.Release(t.Context(), w.admin, w.hold(t, who(m)), "over"))
	lapses, other := w.hold(t, who(m)), w.Sign(t, w.Ines, fixture.Citizen(1), fixture.Tax)
	w.over(t, m)
	w.DatabaseLater(t)
	_, err := w.register.Erase(t.Context(), who(m), erasure.Term)
	must(t, err)
	if n := w.number(t, `select count(*) from erasure_hold where id = $1`, lapses); n != 0 {
		t.Fatal("the hold is there")
	}
	w.content(t)
	stands := w.hold(t, who(other))
	must(t, w.Journal.Record(t.Context(), journal.Program(), func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "citizen.erased", Organisation: other.Organisation, Citizen: other.Citizen}, nil
	}))
	w.Behind(t, `delete from erasure_hold where id = $1`, stands)
	if found, err := erasure.Compare(t.Context(), w.OpenAuditor(t)); err != nil || len(found) != 1 || found[0].ID != stands.String() {
		t.Errorf("a hold that stood is gone: %v, %v", found, err)
	}
}
