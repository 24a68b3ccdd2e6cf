package inquiry_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
)

// What was decided is lifted by another auditor than decided it, nor by one who shared a browser with them; of two at once one does. What is provisional, whoever ordered it takes back alone.
func TestLift_TakesAnotherThanDecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, finding := w.found(t, inquiry.Grave)
	lift := func(by journal.Actor, kind string) error {
		var id uuid.UUID
		for _, m := range w.look(t, q).Measures {
			if m.Kind == kind {
				id = m.ID
			}
		}
		return w.register.Lift(t.Context(), w.fresh(by), q, id, words)
	}
	for _, kind := range []string{inquiry.OfMandate, inquiry.OfPerson} {
		if err := w.register.Suspend(t.Context(), w.fresh(w.sofia), q, inquiry.Order{Finding: finding, Kind: kind}, words); err != nil {
			t.Fatal(err)
		}
	}
	if err := lift(w.sofia, inquiry.OfPerson); err != nil {
		t.Errorf("what she ordered until the decision: %v", err)
	}
	w.Clock.Advance(inquiry.ReplyTerm)
	orders := []inquiry.Order{{Finding: finding, Kind: inquiry.OfMandate}, {Finding: finding, Kind: inquiry.OfPersonThere}}
	if err := w.decide(t, w.alma, q, inquiry.Suspension, orders...); err != nil {
		t.Fatal(err)
	}
	for _, who := range []uuid.UUID{w.tom.Person, w.alma.Person} {
		w.Behind(t, `insert into session_device (person_id, device, label, network, first_at, last_at) values ($1, decode(repeat('ab', 32), 'hex'), 'Firefox', '192.0.2.0/24', now(), now())`, who)
	}
	for _, kind := range []string{inquiry.OfMandate, inquiry.OfPersonThere} { // the first one stood before the decision
		if err := lift(w.alma, kind); !errors.Is(err, inquiry.ErrDecider) {
			t.Errorf("%s, by who decided: %v", kind, err)
		}
		if err := lift(w.tom, kind); !errors.Is(err, inquiry.ErrOneBrowser) {
			t.Errorf("%s, in one browser with who decided: %v", kind, err)
		}
	}
	whole := w.look(t, q)
	for i, want := range []uuid.UUID{w.alma.Person, uuid.Nil, w.alma.Person} { // of the mandate, what ended before, the person
		if got := whole.DecidedBy(whole.Measures[i]); got != want {
			t.Errorf("%+v was decided by %s", whole.Measures[i], got)
		}
	}
	if w.stands(t) {
		t.Error("the mandate gives something")
	}
	again := func() error { return lift(w.sofia, inquiry.OfMandate) }
	done := 0
	for _, err := range together(again, again, again) {
		if err == nil {
			done++
		} else if !errors.Is(err, db.ErrConflict) {
			t.Error(err)
		}
	}
	if done != 1 || !w.stands(t) {
		t.Errorf("lifted %d times", done)
	}
	w.sound(t)
}

// Who decided is asked of the decision of the finding's round.
func TestDecidedBy_OneOfSeveral(t *testing.T) {
	t.Parallel()
	a, b := inquiry.Finding{ID: uuid.New(), Round: 1}, inquiry.Finding{ID: uuid.New(), Round: 2}
	first, second := inquiry.Taken{Round: 1, By: uuid.New()}, inquiry.Taken{Round: 2, By: uuid.New()}
	whole := inquiry.Whole{Findings: []inquiry.Finding{a, b}, Decisions: []inquiry.Taken{first, second}}
	for finding, want := range map[uuid.UUID]uuid.UUID{a.ID: first.By, b.ID: second.By} {
		if got := whole.DecidedBy(inquiry.Measure{Finding: finding}); got != want {
			t.Errorf("decided by %s, want %s", got, want)
		}
	}
}

// Each round of an inquiry has its own findings, and its own decider: who found something in one decides in the next, who decided in one lifts what the other decided, and nothing is suspended for what was
// found before, nor in another inquiry.
func TestInquiry_OfTwoRounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q := w.open(t).ID
	find := func(by journal.Actor, of inquiry.Finding) uuid.UUID {
		t.Helper()
		of.Gravity, of.Organisation, of.Words = inquiry.Grave, w.Here, words
		id, err := w.register.Find(t.Context(), by, q, of)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	decide := func(by journal.Actor, o inquiry.Order) {
		t.Helper()
		w.Clock.Advance(inquiry.ReplyTerm)
		if err := w.decide(t, by, q, inquiry.Suspension, o); err != nil {
			t.Fatal(err)
		}
	}
	first := find(w.tom, inquiry.Finding{Person: w.Jeanne.Person, Mandate: w.m.ID})
	decide(w.alma, inquiry.Order{Finding: first, Kind: inquiry.OfMandate})
	if err := w.register.Reopen(t.Context(), w.sofia, q, words); err != nil {
		t.Fatal(err)
	}
	second := find(w.sofia, inquiry.Finding{Person: w.Paul.Person})
	_, elsewhere := w.found(t, inquiry.Grave)
	for _, finding := range []uuid.UUID{first, elsewhere} {
		if err := w.register.Suspend(t.Context(), w.fresh(w.sofia), q, inquiry.Order{Finding: finding, Kind: inquiry.OfPerson}, words); !errors.Is(err, inquiry.ErrMeasure) {
			t.Errorf("suspended for another round's, or another inquiry's, finding: %v", err)
		}
	}
	decide(w.tom, inquiry.Order{Finding: second, Kind: inquiry.OfPersonThere})
	all := w.look(t, q).Measures
	if len(all) != 2 || all[0].State != inquiry.Stands || all[1].State != inquiry.Stands {
		t.Fatalf("%+v", all)
	}
	lift := func(by journal.Actor, m inquiry.Measure) error {
		return w.register.Lift(t.Context(), w.fresh(by), q, m.ID, words)
	}
	for n, decider := range []journal.Actor{w.alma, w.tom} {
		if err := lift(decider, all[n]); !errors.Is(err, inquiry.ErrDecider) {
			t.Errorf("%s, by who decided it: %v", all[n].Kind, err)
		}
	}
	for n, other := range []journal.Actor{w.tom, w.alma} {
		if err := lift(other, all[n]); err != nil {
			t.Errorf("%s, by who decided the other: %v", all[n].Kind, err)
		}
	}
	w.sound(t)
}
