package notify_test

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/notify"
)

// The longest power was ended: the citizen is told that the mandate is over when what was left of it is, once, and of no end that was foreseen for longer.
func TestCitizen_IsToldThatWhatWasLeftIsOver(t *testing.T) {
	t.Parallel()
	o := telling(t)
	const short = "social-carte-europeenne"
	x := fixture.Terms(fixture.Tax, short)
	x.Days, x.Tell = 182, true
	d, err := o.Drafts.Start(t.Context(), o.Jeanne, x)
	must(t, err)
	must(t, o.Drafts.Identify(t.Context(), o.Jeanne, d.ID, fixture.Angela(), o.Clock.Now()))
	m, err := o.Mandates.Sign(t.Context(), o.Jeanne, d.ID, o.Agreed(t, o.Jeanne, d.ID))
	must(t, err)
	must(t, o.Mandates.EndPower(t.Context(), o.Jeanne, m.ID, fixture.Tax, "", "citizen"))
	count := func(want int) {
		t.Helper()
		must(t, o.post.TellExpired(t.Context()))
		if n := o.number(t, `select count(*) from notify_message where kind = 'mandate_ended' and mandate_id = $1`, m.ID); n != want {
			t.Errorf("%d messages of its end, want %d", n, want)
		}
	}
	count(0)
	must(t, o.Caseload.TellOfEnds(t.Context(), notify.Queue))
	o.Clock.Advance(33 * 24 * time.Hour)
	count(1)
	count(1)
	o.ended(t)
	text := strings.ReplaceAll(strings.Join(strings.Fields(o.wait(t, angela, "Un mandat a pris fin").Text), " "), "\u00a0", " ")
	if !strings.Contains(text, "donné le") || !strings.Contains(text, "sa durée est écoulée") {
		t.Errorf("%s", text)
	}
	o.Behind(t, `delete from notify_message where kind = 'mandate_ended'`)
	o.Clock.Advance(time.Until(m.EndsAt.Add(time.Hour)) - 33*24*time.Hour)
	count(0)
}
