package erasure_test

import (
	"errors"
	"testing"
	"time"

	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/token"
)

// What a ledger says is done again for each who is there, once; who is refused is named with the reason, and keeps no other from it.
func TestAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []mandate.Mandate
	for n := range 5 {
		all = append(all, w.Sign(t, w.Jeanne, fixture.Citizen(n), fixture.Tax))
	}
	stands, held, waits := all[0], all[1], all[2]
	for _, m := range all[1:] {
		must(t, w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"))
	}
	w.admin.FactorAt = w.Clock.Now()
	_, err := w.register.MakeHold(t.Context(), w.admin, who(held), "litigation", w.Clock.Now().Add(time.Hour))
	must(t, err)
	w.provable(t)
	must(t, w.Journal.Record(t.Context(), w.Jeanne, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "mandate.consulted", Citizen: waits.Citizen, Mandate: waits.ID}, nil
	}))
	gone := erasure.Who{Organisation: w.Here, Citizen: token.ID()}
	var ledger []erasure.Noted
	for _, one := range []erasure.Who{who(stands), who(held), gone, who(waits), who(all[3]), who(all[3]), who(all[4])} {
		ledger = append(ledger, erasure.Noted{Who: one, Ground: erasure.Term})
	}
	done, err := w.register.Again(t.Context(), ledger)
	must(t, err)
	want := []struct {
		who     erasure.Who
		erased  bool
		refused error
	}{{who(stands), false, erasure.ErrStands}, {who(held), false, erasure.ErrHeld}, {gone, false, nil}, {who(waits), false, journal.ErrNotProvable}, {who(all[3]), true, nil}, {who(all[4]), true, nil}}
	if len(done) != len(want) {
		t.Fatalf("%+v", done)
	}
	for i, c := range want {
		if d := done[i]; d.Who != c.who || d.Erased != c.erased || !errors.Is(d.Refused, c.refused) || (d.Refused == nil) != (c.refused == nil) {
			t.Errorf("%+v, want %+v", d, c)
		}
	}
	if n := w.number(t, `select count(*) from citizen`); n != 3 {
		t.Errorf("%d citizens are left", n)
	}
	w.content(t)
}
