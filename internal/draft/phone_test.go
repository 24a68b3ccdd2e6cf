package draft_test

import (
	"errors"
	"testing"

	"mandat/internal/draft"
	"mandat/internal/fixture"
)

// What a phone tells is for the version of the draft for which it was asked, and its entry says that it was a phone. What this screen tells says
// nothing of the kind.
func TestIdentifyOnPhone(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	d, err := w.Drafts.Start(t.Context(), w.Jeanne, fixture.Terms(fixture.Tax))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Drafts.Change(t.Context(), w.Jeanne, d.ID, fixture.Terms(fixture.Housing)); err != nil {
		t.Fatal(err)
	}
	if err := w.Drafts.IdentifyOnPhone(t.Context(), w.Jeanne, d.ID, fixture.Angela(), d.Version); !errors.Is(err, draft.ErrState) {
		t.Errorf("for other terms: %v", err)
	}
	now, err := w.Drafts.Find(t.Context(), w.Jeanne, d.ID)
	if err != nil || now.State != draft.Open {
		t.Fatalf("the draft is %s, %v", now.State, err)
	}
	if err := w.Drafts.IdentifyOnPhone(t.Context(), w.Jeanne, d.ID, fixture.Angela(), now.Version); err != nil {
		t.Fatal(err)
	}
	if err := w.Drafts.Identify(t.Context(), w.Jeanne, d.ID, fixture.Angela(), w.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	minor := fixture.Angela()
	minor.Birthdate = "2015-01-01"
	if now, err = w.Drafts.Find(t.Context(), w.Jeanne, d.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.Drafts.IdentifyOnPhone(t.Context(), w.Jeanne, d.ID, minor, now.Version); !errors.Is(err, draft.ErrMinor) {
		t.Errorf("of a minor: %v", err)
	}
	for action, want := range map[string][2]int{"draft.identified": {2, 1}, "draft.identity_refused": {1, 1}} {
		var all, phone int
		if err := w.Connect(t, w.Superuser).QueryRow(t.Context(), `select count(*), count(*) filter (where body like '%"on":"phone"%') from journal_entry where action = $1`, action).Scan(&all, &phone); err != nil {
			t.Fatal(err)
		}
		if all != want[0] || phone != want[1] {
			t.Errorf("%s: %d entries, %d of a phone", action, all, phone)
		}
	}
}
