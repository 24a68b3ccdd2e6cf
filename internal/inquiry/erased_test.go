package inquiry_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/inquiry"
	"mandat/internal/journal"
)

// forget has the words go that may name a citizen, as an erasure does.
func (w *world) forget(t testing.TB, citizen uuid.UUID) {
	t.Helper()
	err := w.Journal.Record(t.Context(), journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		inquiry.Forget(tx, citizen)
		return journal.Event{Action: "journal.compared"}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// over decides on an inquiry and closes it.
func (w *world) over(t testing.TB, q uuid.UUID, orders ...inquiry.Order) {
	t.Helper()
	outcome := inquiry.None
	if len(orders) > 0 {
		outcome = inquiry.Suspension
	}
	w.Clock.Advance(inquiry.ReplyTerm)
	if err := w.decide(t, w.alma, q, outcome, orders...); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Close(t.Context(), w.alma, q); err != nil {
		t.Fatal(err)
	}
}

// Of somebody who is erased while an inquiry goes on, the words stay until it is closed, and no longer: nor those that are written when it is opened again.
func TestForget_WhileTheInquiryGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, _ := w.found(t, inquiry.Minor)
	w.forget(t, w.m.Citizen)
	if whole := w.look(t, q); whole.Findings[0].Words != words {
		t.Errorf("while it goes on: %+v", whole.Findings)
	}
	w.over(t, q)
	if whole := w.look(t, q); whole.Findings[0].Words != "" || whole.Decisions[0].Words != "" {
		t.Errorf("once it is closed: %+v", whole)
	}
	if err := w.register.Reopen(t.Context(), w.alma, q, words); err != nil {
		t.Fatal(err)
	}
	if whole := w.look(t, q); whole.Notes[0].Words != "" || whole.Notes[1].Words != words || whole.Decisions[0].Words != "" {
		t.Errorf("opened again: %+v", whole.Notes)
	}
	if _, err := w.register.Find(t.Context(), w.sofia, q, inquiry.Finding{Gravity: inquiry.None, Words: words}); err != nil {
		t.Fatal(err)
	}
	w.over(t, q)
	if whole := w.look(t, q); whole.Notes[1].Words != "" || whole.Findings[1].Words != "" {
		t.Errorf("closed again: %+v", whole)
	}
	w.sound(t)
}

// Words may name a citizen of whom nothing was found, and whose entry the inquiry was opened from.
func TestForget_OfWhomAnEntryIsAttached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q := w.open(t).ID
	if err := w.register.Note(t.Context(), w.sofia, q, words); err != nil {
		t.Fatal(err)
	}
	if _, err := w.register.Find(t.Context(), w.sofia, q, inquiry.Finding{Gravity: inquiry.None, Organisation: w.Here, Words: words}); err != nil {
		t.Fatal(err)
	}
	w.over(t, q)
	if whole := w.look(t, q); whole.Notes[0].Words != words {
		t.Fatalf("%+v", whole.Notes)
	}
	w.forget(t, w.m.Citizen)
	if whole := w.look(t, q); whole.Notes[0].Words != "" || whole.Findings[0].Words != "" {
		t.Errorf("erased: %+v", whole)
	}
	w.sound(t)
}

// What stands is lifted when the words are long gone, or when somebody has filled the inquiry with notes: nobody is suspended for good by either.
func TestLift_NothingKeepsItFromComingAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, finding := w.found(t, inquiry.Grave)
	order := inquiry.Order{Finding: finding, Kind: inquiry.OfPerson}
	if err := w.register.Suspend(t.Context(), w.fresh(w.sofia), q, order, words); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Connect(t, w.Superuser).Exec(t.Context(), `set session_replication_role = replica; insert into inquiry_note (id, inquiry_id, kind, words_sha256, written_by, written_at)
		select gen_random_uuid(), '`+q.String()+`', 'note', sha256('x'), '`+w.sofia.Person.String()+`', now() from generate_series(1, 500)`); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Note(t.Context(), w.sofia, q, words); err == nil {
		t.Error("a note has a place still")
	}
	w.over(t, q, order)
	w.Clock.Advance(6*365*24*time.Hour + 72*time.Hour)
	if err := w.register.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	measure := w.look(t, q).Measures[0]
	if measure.State != inquiry.Stands {
		t.Fatalf("%+v", measure)
	}
	if err := w.register.Lift(t.Context(), w.fresh(w.tom), q, measure.ID, words); err != nil {
		t.Errorf("lift: %v", err)
	}
	whole := w.look(t, q)
	if whole.Measures[0].State != inquiry.Ended || whole.Notes[len(whole.Notes)-1].Words != words {
		t.Errorf("%+v", whole.Measures)
	}
}
