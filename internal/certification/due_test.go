package certification_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/certification"
	"mandat/internal/journal"
	"mandat/internal/org"
)

func TestDue_TellsEachOnceByItsName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	leo, zoe, gone, away := w.newcomer(t, "leo"), w.newcomer(t, "zoe"), w.newcomer(t, "gone"), w.newcomer(t, "away")
	for _, p := range []journal.Actor{leo, zoe, gone, away} {
		if err := w.register.Grant(ctx, w.anne, p.Person, w.course(20), w.test(10, 900)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Directory.Leave(ctx, journal.Program(), gone.Person, w.Here, org.RoleAidant), w.Directory.Suspend(ctx, journal.Program(), away.Person)); err != nil {
		t.Fatal(err)
	}
	until := w.of(t, leo.Person).CertifiedUntil
	seen := map[string]bool{}
	at := func(before time.Duration, kind string, days int, who ...uuid.UUID) {
		t.Helper()
		w.Clock.Advance(until.Add(-before).Sub(w.Clock.Now()))
		due, err := w.register.Due(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var got []uuid.UUID
		for _, n := range due {
			if n.Person == w.Jeanne.Person || n.Person == w.Paul.Person || n.Person == w.Ines.Person {
				continue // the fixture's own
			}
			got = append(got, n.Person)
			if n.Kind != kind || n.Days != days || !n.Until.Equal(until) {
				t.Errorf("%s before: %+v", before, n)
			}
			seen[n.Kind+n.About] = true
		}
		slices.SortFunc(got, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
		slices.SortFunc(who, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
		if !slices.Equal(got, who) {
			t.Errorf("%s before the end %v are due, want %v", before, got, who)
		}
	}
	const day = 24 * time.Hour
	at(until.Sub(w.Clock.Now()), certification.NoticeCertified, 0, leo.Person, zoe.Person)
	at(1000*day, certification.NoticeEnds, 0)
	at(61*day, certification.NoticeEnds, 0)
	at(60*day, certification.NoticeEnds, 60, leo.Person, zoe.Person)
	w.anne.FactorAt = w.Clock.Now()
	if err := w.register.Suspend(ctx, w.anne, zoe.Person); err != nil {
		t.Fatal(err)
	}
	at(15*day, certification.NoticeEnds, 60, leo.Person)
	at(14*day, certification.NoticeEnds, 14, leo.Person)
	at(time.Second, certification.NoticeEnds, 14, leo.Person)
	at(0, certification.NoticeEnds, 0)
	if len(seen) != 2+2+1 { // two certificates; 60 days for two; 14 days for one
		t.Errorf("%d names: %v", len(seen), seen)
	}
}
