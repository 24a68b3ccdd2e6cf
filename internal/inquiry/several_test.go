package inquiry_test

import (
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/inquiry"
)

// Of two inquiries each goes its own way: what is found, decided, closed, opened again and forgotten in one leaves the other as it is.
func TestInquiry_OneOfSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	camille := w.Sign(t, w.Jeanne, fixture.Citizen(7), fixture.Tax)
	first, second := w.open(t).ID, w.open(t).ID
	is := func(what, a, b string) {
		t.Helper()
		if one, other := w.look(t, first).State, w.look(t, second).State; one != a || other != b {
			t.Errorf("%s: %s and %s, want %s and %s", what, one, other, a, b)
		}
	}
	if _, err := w.register.Find(t.Context(), w.sofia, first, inquiry.Finding{Gravity: inquiry.None, Organisation: w.Here, Mandate: camille.ID, Words: words}); err != nil {
		t.Fatal(err)
	}
	is("found", inquiry.Found, inquiry.Open)
	if _, err := w.register.Find(t.Context(), w.sofia, second, inquiry.Finding{Gravity: inquiry.None, Organisation: w.Here, Mandate: w.m.ID, Words: words}); err != nil {
		t.Fatal(err)
	}
	if err := w.decide(t, w.alma, first, inquiry.None); err != nil {
		t.Fatal(err)
	}
	is("decided", inquiry.Decided, inquiry.Found)
	if err := w.decide(t, w.alma, second, inquiry.None); err != nil {
		t.Fatal(err)
	}
	if err := w.register.Close(t.Context(), w.alma, first); err != nil {
		t.Fatal(err)
	}
	is("closed", inquiry.Closed, inquiry.Decided)
	if err := w.register.Reopen(t.Context(), w.alma, first, words); err != nil {
		t.Fatal(err)
	}
	is("opened again", inquiry.Open, inquiry.Decided)
	w.sound(t)
}
