package inquiry_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/org"
)

// A grave finding suspends at once, until the decision: what it names goes on, what it does not name ends, and what is new begins.
func TestSuspend_UntilTheDecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, finding := w.found(t, inquiry.Grave)
	suspend := func(kind string) error {
		return w.register.Suspend(t.Context(), w.fresh(w.sofia), q, inquiry.Order{Finding: finding, Kind: kind}, words)
	}
	for _, kind := range []string{inquiry.OfMandate, inquiry.OfPersonThere} {
		if err := suspend(kind); err != nil {
			t.Fatal(err)
		}
		if err := suspend(kind); !errors.Is(err, db.ErrConflict) {
			t.Errorf("%s twice: %v", kind, err)
		}
	}
	late := w.sofia
	late.FactorAt = late.FactorAt.Add(-org.FactorLife - time.Second)
	if err := w.register.Suspend(t.Context(), late, q, inquiry.Order{Finding: finding, Kind: inquiry.OfPerson}, words); !errors.Is(err, org.ErrFactorTooOld) {
		t.Errorf("long after her factor: %v", err)
	}
	if w.stands(t) {
		t.Error("the mandate gives something")
	}
	if found, err := w.Mandates.Citizens(t.Context(), w.Paul, "dubois", uuid.Nil); err != nil || len(found) != 0 {
		t.Errorf("for a use is found %v, %v", found, err)
	}
	w.sound(t)
	other := w.Sign(t, w.Paul, fixture.Citizen(7), fixture.Tax)
	second, err := w.register.Find(t.Context(), w.sofia, q, inquiry.Finding{Gravity: inquiry.Grave, Organisation: w.Here, Mandate: other.ID, Words: words})
	if err == nil {
		err = w.register.Suspend(t.Context(), w.fresh(w.sofia), q, inquiry.Order{Finding: second, Kind: inquiry.OfMandate}, words)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(inquiry.ReplyTerm)
	if err := w.decide(t, w.alma, q, inquiry.Suspension, inquiry.Order{Finding: finding, Kind: inquiry.OfPersonThere}, inquiry.Order{Finding: finding, Kind: inquiry.OfPerson}); err != nil {
		t.Fatal(err)
	}
	if n := w.count(t, `select count(*) from mandate_power where suspended_at is not null`); !w.stands(t) || n != 0 {
		t.Errorf("the provisional suspension of a mandate outlived the decision: %d powers", n)
	}
	states := map[string]string{}
	for _, m := range w.look(t, q).Measures {
		states[m.Kind] = m.State
		if m.Provisional && m.State != inquiry.Ended {
			t.Errorf("still provisional: %+v", m)
		}
	}
	if states[inquiry.OfMandate] != inquiry.Ended || states[inquiry.OfPersonThere] != inquiry.Stands || states[inquiry.OfPerson] != inquiry.Stands {
		t.Errorf("%v", states)
	}
	if n := w.count(t, `select count(*) from notify_message where kind in ('mandate_suspended', 'mandate_resumed')`); n != 4 {
		t.Errorf("the citizens were told %d times", n)
	}
	w.sound(t)
}

// Whoever auditors suspended is reinstated by nobody else: not by a referent, by another role or a role given again, nor by an administrator.
func TestSuspend_IsTheAuditors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, finding := w.found(t, inquiry.Grave)
	for _, kind := range []string{inquiry.OfPersonThere, inquiry.OfPerson} {
		if err := w.register.Suspend(t.Context(), w.fresh(w.sofia), q, inquiry.Order{Finding: finding, Kind: kind}, words); err != nil {
			t.Fatal(err)
		}
	}
	d, odile, alix := w.Directory, w.fresh(w.odile), w.fresh(w.Administrator(t, "alix"))
	if err := d.ResumeIn(t.Context(), odile, w.Jeanne.Person); !errors.Is(err, org.ErrUnderInquiry) {
		t.Errorf("a referent: %v", err)
	}
	if err := d.Resume(t.Context(), alix, w.Jeanne.Person); !errors.Is(err, org.ErrUnderInquiry) {
		t.Errorf("an administrator: %v", err)
	}
	if err := d.TakeRole(t.Context(), odile, w.Jeanne.Person, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	if err := d.Join(t.Context(), alix, w.Jeanne.Person, w.Here, org.RoleAidant); !errors.Is(err, org.ErrUnderInquiry) {
		t.Errorf("given again: %v", err)
	}
	for _, m := range w.look(t, q).Measures {
		if err := w.register.Lift(t.Context(), w.fresh(w.alma), q, m.ID, words); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Join(t.Context(), alix, w.Jeanne.Person, w.Here, org.RoleAidant); err != nil {
		t.Errorf("once it was lifted: %v", err)
	}
	w.sound(t)
}

// Nobody escapes by a role that is taken from them before the suspension comes and given again after it.
func TestSuspend_OfWhoHasLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, finding := w.found(t, inquiry.Grave)
	d, odile, alix := w.Directory, w.fresh(w.odile), w.fresh(w.Administrator(t, "alix"))
	if err := d.TakeRole(t.Context(), odile, w.Jeanne.Person, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Suspend(t.Context(), w.fresh(w.sofia), q, inquiry.Order{Finding: finding, Kind: inquiry.OfPersonThere}, words); err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{org.RoleAidant, org.RoleReferent} {
		if err := d.Join(t.Context(), alix, w.Jeanne.Person, w.Here, role); !errors.Is(err, org.ErrUnderInquiry) {
			t.Errorf("%s: %v", role, err)
		}
	}
	w.sound(t)
	if err := w.register.Lift(t.Context(), w.fresh(w.alma), q, w.look(t, q).Measures[0].ID, words); err != nil {
		t.Fatal(err)
	}
	if err := d.Join(t.Context(), alix, w.Jeanne.Person, w.Here, org.RoleAidant); err != nil {
		t.Errorf("once it was lifted: %v", err)
	}
	w.sound(t)
}

// What somebody was suspended for before stays when auditors lift what they did.
func TestLift_LeavesWhatWasBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.Directory.SuspendIn(t.Context(), w.fresh(w.odile), w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	if err := w.Directory.Suspend(t.Context(), w.fresh(w.Administrator(t, "alix")), w.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	q, finding := w.found(t, inquiry.Grave)
	for _, kind := range []string{inquiry.OfPersonThere, inquiry.OfPerson} {
		if err := w.register.Suspend(t.Context(), w.fresh(w.sofia), q, inquiry.Order{Finding: finding, Kind: kind}, words); err != nil {
			t.Fatal(err)
		}
	}
	w.sound(t)
	for _, m := range w.look(t, q).Measures {
		if err := w.register.Lift(t.Context(), w.fresh(w.alma), q, m.ID, words); err != nil {
			t.Fatal(err)
		}
		if err := w.register.Lift(t.Context(), w.fresh(w.alma), q, m.ID, words); !errors.Is(err, db.ErrConflict) {
			t.Errorf("lifted twice: %v", err)
		}
		if err := w.register.Lift(t.Context(), w.fresh(w.alma), w.open(t).ID, m.ID, words); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("lifted under another inquiry: %v", err)
		}
	}
	if n := w.count(t, `select count(*) from membership m join person p on p.id = m.person_id where p.id = $1 and m.suspended_at is not null and p.suspended_at is not null and p.suspended_why is not null`, w.Jeanne.Person); n != 1 {
		t.Error("the suspensions of before were lifted too")
	}
	w.sound(t)
}

// What one inquiry suspends, another does not as well.
func TestDecide_NothingTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, a := w.found(t, inquiry.Grave)
	if err := w.register.Suspend(t.Context(), w.fresh(w.sofia), first, inquiry.Order{Finding: a, Kind: inquiry.OfMandate}, words); err != nil {
		t.Fatal(err)
	}
	second, b := w.found(t, inquiry.Grave)
	w.Clock.Advance(inquiry.ReplyTerm)
	if err := w.decide(t, w.alma, second, inquiry.Suspension, inquiry.Order{Finding: b, Kind: inquiry.OfMandate}); !errors.Is(err, db.ErrConflict) {
		t.Errorf("%v", err)
	}
	if err := w.decide(t, w.alma, second, inquiry.Suspension, inquiry.Order{Finding: a, Kind: inquiry.OfPerson}); !errors.Is(err, inquiry.ErrMeasure) {
		t.Errorf("for another inquiry's finding: %v", err)
	}
	if whole := w.look(t, second); whole.State != inquiry.Found || len(whole.Measures) != 0 {
		t.Errorf("%+v", whole)
	}
}

// A server that stops after the decision leaves what was ordered, or is to end, to the job, which does it once.
func TestCarryOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, finding := w.found(t, inquiry.Minor)
	other, _ := w.found(t, inquiry.Minor)
	w.Clock.Advance(inquiry.ReplyTerm)
	if err := w.decide(t, w.alma, q, inquiry.Suspension, inquiry.Order{Finding: finding, Kind: inquiry.OfMandate}); err != nil {
		t.Fatal(err)
	}
	m := w.look(t, q).Measures[0]
	if err := w.register.Lift(t.Context(), w.fresh(w.tom), q, m.ID, words); err != nil {
		t.Fatal(err)
	}
	// As if the second act had not been done.
	w.Behind(t, `update inquiry_measure set state = 'ordered', stood_at = null, ended_at = null where id = $1`, m.ID)
	if !w.stands(t) {
		t.Fatal("it does not stand")
	}
	if err := w.decide(t, w.tom, other, inquiry.Warning); err != nil || !w.stands(t) {
		t.Errorf("what another decision ordered is not done by who decides here: %v", err)
	}
	w.carriedTogether(t, q)
	if w.stands(t) || w.count(t, `select count(*) from journal_entry where action = 'mandate.suspended' and person_id is null`) != 1 {
		t.Error("it was not done, or twice")
	}
	w.Behind(t, `update inquiry_measure set state = 'ending' where id = $1`, m.ID)
	w.carriedTogether(t, q)
	if !w.stands(t) || w.count(t, `select count(*) from journal_entry where action = 'mandate.resumed' and person_id is null`) != 1 {
		t.Error("it was not ended, or twice")
	}
	w.sound(t)
}

// carriedTogether has three servers carry out what is left of an inquiry; each has seen what is to be done before any does it.
func (w *world) carriedTogether(t *testing.T, q uuid.UUID) {
	t.Helper()
	seen := w.Connect(t, w.Superuser)
	tx, err := w.Connect(t, w.Superuser).Begin(t.Context())
	if err == nil {
		_, err = tx.Exec(t.Context(), `select from inquiry where id = $1 for update`, q)
	}
	if err != nil {
		t.Fatal(err)
	}
	carry := func() error { return w.register.CarryOut(t.Context()) }
	begin := func() error {
		for waits := 0; waits < 3; time.Sleep(5 * time.Millisecond) {
			if err := seen.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&waits); err != nil {
				return err
			}
		}
		return tx.Commit(t.Context())
	}
	for _, err := range together(carry, carry, carry, begin) {
		if err != nil {
			t.Error(err)
		}
	}
}

// Two decisions at once, a decision while the organisation replies, a reply at the end of its term: one comes first, and the other sees it.
func TestRaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 5 {
		q, finding := w.found(t, inquiry.Minor)
		reply := func() error { return w.register.Reply(t.Context(), w.odile, finding, words) }
		decide := func(by journal.Actor) func() error {
			return func() error {
				return w.decide(t, by, q, inquiry.Suspension, inquiry.Order{Finding: finding, Kind: inquiry.OfMandate})
			}
		}
		out := together(reply, decide(w.alma), reply, decide(w.tom))
		replied, decided := 0, 0
		for i, err := range out {
			switch {
			case err == nil && i%2 == 0:
				replied++
			case err == nil:
				decided++
			case !errors.Is(err, db.ErrConflict) && !errors.Is(err, inquiry.ErrWaits):
				t.Error(err)
			}
		}
		if replied != 1 || decided > 1 {
			t.Errorf("%d replies, %d decisions: %v", replied, decided, out)
		}
		if decided == 0 {
			if err := decide(w.alma)(); err != nil {
				t.Fatal(err)
			}
		}
		m := w.look(t, q).Measures
		if len(m) != 1 || m[0].State != inquiry.Stands {
			t.Fatalf("%+v", m)
		}
		if err := w.register.Lift(t.Context(), w.fresh(w.sofia), q, m[0].ID, words); err != nil { // alma or tom decided
			t.Fatal(err)
		}
	}
	w.sound(t)
}

// Two auditors who used one browser may be one human.
func TestDecide_NotInOneBrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, _ := w.found(t, inquiry.Minor)
	w.Clock.Advance(inquiry.ReplyTerm)
	for _, who := range []uuid.UUID{w.sofia.Person, w.alma.Person} {
		w.Behind(t, `insert into session_device (person_id, device, label, network, first_at, last_at) values ($1, decode(repeat('ab', 32), 'hex'), 'Firefox', '192.0.2.0/24', now(), now())`, who)
	}
	if err := w.decide(t, w.alma, q, inquiry.None); !errors.Is(err, inquiry.ErrOneBrowser) {
		t.Errorf("%v", err)
	}
	if err := w.decide(t, w.tom, q, inquiry.None); err != nil {
		t.Error(err)
	}
}

// Of one person in two organisations each suspends them there; everywhere they are suspended once.
func TestDecide_OfOnePersonInTwoOrganisations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.Directory.Join(t.Context(), w.fresh(w.Administrator(t, "alix")), w.Jeanne.Person, w.Elsewhere, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	q, here := w.found(t, inquiry.Minor)
	there, err := w.register.Find(t.Context(), w.sofia, q, inquiry.Finding{Gravity: inquiry.Minor, Organisation: w.Elsewhere, Person: w.Jeanne.Person, Words: words})
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(inquiry.ReplyTerm)
	var orders []inquiry.Order
	for _, finding := range []uuid.UUID{here, there} {
		orders = append(orders, inquiry.Order{Finding: finding, Kind: inquiry.OfPersonThere}, inquiry.Order{Finding: finding, Kind: inquiry.OfPerson})
	}
	if err := w.decide(t, w.alma, q, inquiry.Suspension, orders...); err != nil {
		t.Fatal(err)
	}
	of := map[string]int{}
	for _, m := range w.look(t, q).Measures {
		of[m.Kind]++
	}
	if of[inquiry.OfPersonThere] != 2 || of[inquiry.OfPerson] != 1 {
		t.Errorf("%v", of)
	}
	w.sound(t)
}

// What is under way with a mandate, or by somebody, is waited for before they are suspended.
func TestSuspend_WaitsForWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, finding := w.found(t, inquiry.Grave)
	seen := w.Connect(t, w.Superuser)
	for kind, row := range map[string]string{inquiry.OfMandate: `select from mandate where id = '` + w.m.ID.String() + `' for update`, inquiry.OfPerson: `select from person where id = '` + w.Jeanne.Person.String() + `' for update`} {
		tx, err := w.Connect(t, w.Superuser).Begin(t.Context())
		if err == nil {
			_, err = tx.Exec(t.Context(), row)
		}
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			done <- w.register.Suspend(t.Context(), w.fresh(w.sofia), q, inquiry.Order{Finding: finding, Kind: kind}, words)
		}()
		for waits := 0; waits == 0; {
			select {
			case err := <-done:
				t.Fatalf("%s: it did not wait: %v", kind, err)
			case <-time.After(5 * time.Millisecond):
			}
			if err := seen.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&waits); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(tx.Commit(t.Context()), <-done); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
