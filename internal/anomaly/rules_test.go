package anomaly_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/anomaly"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/phone"
)

// So many acts within minutes; the same acts over a longer while are none.
func TestBurst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(anomaly.Burst, map[string]int{"acts": 5, "minutes": 10})
	m := w.sign(w.Jeanne)
	w.forward(time.Hour)
	w.consult(w.Jeanne, m, 2)
	w.forward(6 * time.Minute)
	w.consult(w.Jeanne, m, 2)
	w.consult(w.Paul, m, 1) // another one's
	w.forward(6 * time.Minute)
	w.consult(w.Jeanne, m, 2) // four within ten minutes
	w.wants()
	w.consult(w.Jeanne, m, 1)
	w.wants("burst jeanne map[acts:5]: mandate.consulted 5")
	if a := w.alerts()[0]; a.Version != 2 || a.Organisation != w.Here || a.Last.Sub(a.First) < 6*time.Minute || a.Last.Sub(a.First) > 8*time.Minute {
		t.Errorf("%+v", a)
	}
}

// Three mandates of a day that were used within two minutes; two, or later uses, or second uses, are none.
func TestSoonUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second, third := w.sign(w.Jeanne), w.sign(w.Jeanne), w.sign(w.Jeanne)
	w.use(w.Jeanne, first)
	w.use(w.Jeanne, first)
	w.use(w.Jeanne, second)
	w.forward(3 * time.Minute)
	w.use(w.Jeanne, third)
	w.wants()
	w.use(w.Jeanne, w.sign(w.Jeanne))
	w.wants("soon_used jeanne map[mandates:3]: mandate.signed 3, power.declared 3")
}

// A refused number counts; a citizen's no, or a refusal an hour ago, does not.
func TestRefusedSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	minor := fixture.Angela()
	minor.Birthdate = w.Clock.Now().AddDate(-10, 0, 0).Format(time.DateOnly)
	refuse := func(times int) {
		for range times {
			d, err := w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(fixture.Tax))
			w.must(err)
			if err := w.Drafts.Identify(t.Context(), w.Jeanne, d.ID, minor, w.Clock.Now()); !errors.Is(err, draft.ErrMinor) {
				t.Fatal(err)
			}
		}
	}
	refuse(3)
	w.forward(50 * time.Minute)
	refuse(1)
	w.forward(15 * time.Minute)
	refuse(3) // four within the hour
	w.wants()
	refuse(1)
	w.wants("refused_steps jeanne map[refusals:5]: draft.identity_refused 5")
}

// Mandates of which the citizen said everything on the aidant's screen; one whose citizen was asked on their own telephone is none of them.
func TestSameDevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(anomaly.SameDevice, map[string]int{"mandates": 2})
	w.sign(w.Jeanne)
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(fixture.Tax))
	w.must(err)
	w.must(w.Drafts.IdentifyOnPhone(t.Context(), w.Jeanne, d.ID, w.next(), d.Version))
	_, err = w.Mandates.Sign(t.Context(), w.Jeanne, d.ID, w.Agreed(t, w.Jeanne, d.ID))
	w.must(err)
	w.sign(w.Paul)
	w.wants()
	w.sign(w.Jeanne)
	w.wants("same_device jeanne map[mandates:2]: mandate.signed 2")
}

// One number for three citizens of one organisation; for two it is none, nor is another number, nor the same one elsewhere.
func TestSharedPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const number = "+33639980011"
	give := func(n int) uuid.UUID {
		who := w.sign(w.Jeanne).Citizen
		if n > 0 {
			if err := w.Phones.Ask(t.Context(), w.Jeanne, who, number); !errors.Is(err, phone.ErrBarred) {
				t.Fatal(err)
			}
			w.must(w.Phones.Allow(t.Context(), w.Paul, who, "Le couple a un seul téléphone."))
		}
		w.Verify(t, w.Jeanne, who, number)
		w.forward(2 * time.Hour) // as not more codes go there within an hour
		return who
	}
	give(0)
	second := give(1)
	w.Verify(t, w.Jeanne, w.sign(w.Jeanne).Citizen, "+33639980012")
	w.wants()
	w.at(time.Thursday, 10, 0)
	give(2)
	w.wants("shared_phone jeanne map[citizens:3]: phone.verified 3")
	w.must(w.Phones.Remove(t.Context(), w.Jeanne, second))
	w.at(time.Friday, 10, 0)
	give(3) // three have it, and the one that was removed is not seen
	w.wants("shared_phone jeanne map[citizens:3]: phone.verified 3", "shared_phone jeanne map[citizens:3]: phone.verified 3")
	if r := w.try(anomaly.SharedPhone, map[string]int{"citizens": 3}, day(w.Clock.Now()).AddDate(0, 0, -10), day(w.Clock.Now())).Result; r.Found != 1 || r.Again["open"] != 1 || r.Lost["open"] != 1 {
		t.Errorf("of before, only what came until then counts: %+v", r)
	}
}

// In a week that is over, somebody did far more than the others who worked as few days. Before it is over nothing is said; and where too few are, nobody is compared.
func TestFarFromPeers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(anomaly.FarFromPeers, map[string]int{"acts": 2, "peers": 6, "times": 5})
	w.set(anomaly.Burst, map[string]int{"acts": 100})
	var peers []journal.Actor
	for n := range 3 {
		peers = append(peers, w.Aidant(t, w.Here, "peer-"+string(rune('a'+n))))
	}
	week := func() {
		m := w.sign(w.Jeanne) // two acts
		w.consult(w.Paul, m, 3)
		for _, p := range peers {
			w.consult(p, m, 2)
		}
		w.consult(w.Ines, w.sign(w.Ines), 6) // eight: six more than the median, whose spread is one at least
	}
	week()
	w.at(time.Saturday, 10, 0)
	w.wants()
	w.at(time.Monday, 12, 0)
	w.wants("far_from_peers ines map[acts:8 days:1 median:2 peers:6 spread:1 times:6]: draft.identified 1, mandate.consulted 6, mandate.signed 1")
	if a := w.alerts()[0]; a.Day.Weekday() != time.Monday || !a.Week() {
		t.Errorf("%+v", a)
	}
	w.set(anomaly.FarFromPeers, map[string]int{"peers": 7})
	week()
	w.at(time.Monday, 12, 0)
	w.watch()
	if n := len(w.alerts()); n != 1 {
		t.Errorf("%d alerts", n)
	}
}
