package notify_test

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/report"
)

// Who owes accounts of uses is told how many, and nothing when they were written before the mail went.
func TestSend_UsesWithoutAnAccount(t *testing.T) {
	t.Parallel()
	o := open(t)
	reports := report.New(o.DB, o.Journal, o.Mandates, o.Citizens, o.Clock)
	m := o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	declare := func(by journal.Actor) func() {
		t.Helper()
		use, err := reports.Declare(t.Context(), by, m.ID, fixture.Tax, "", report.Paper)
		must(t, err)
		return func() { must(t, reports.Close(t.Context(), by, m.ID, use, report.Given{Outcome: report.Done})) }
	}
	first, second := declare(o.Jeanne), declare(o.Jeanne)
	ofPaul := declare(o.Paul)
	o.Clock.Advance(25 * time.Hour)
	declare(o.Jeanne) // not a day ago
	o.queue(t, report.Reminder, "one", o.Jeanne.Person)
	if states := o.ended(t); states != "sent 1" {
		t.Fatalf("states %q\n%s", states, o.log)
	}
	text := strings.Join(strings.Fields(o.box.To("jeanne@exemple.invalid")[0].Text), " ")
	if !strings.Contains(text, "Il en reste 2 à écrire") || !strings.Contains(text, "https://mandat.example/espace") || strings.Contains(text, "DUBOIS") {
		t.Errorf("the letter:\n%s", text)
	}
	o.queue(t, report.Reminder, "one", o.Jeanne.Person) // the same day
	first()
	second()
	ofPaul()
	o.queue(t, report.Reminder, "two", o.Jeanne.Person)
	o.queue(t, report.Reminder, "of paul", o.Paul.Person)
	if states := o.ended(t); states != "dropped 2, sent 1" {
		t.Errorf("states %q\n%s", states, o.log)
	}
}
