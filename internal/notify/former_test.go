package notify_test

import (
	"testing"
	"time"
)

// Whoever takes an address over does not silence what its owner has to hear: for a week, warnings go to the addresses of before too, and nothing that opens
// something does.
func TestSend_ToTheAddressOfBefore(t *testing.T) {
	t.Parallel()
	o := open(t)
	now := o.Clock.Now()
	for email, at := range map[string]time.Time{"long@exemple.invalid": now.Add(-8 * 24 * time.Hour), "before@exemple.invalid": now.Add(-6 * 24 * time.Hour),
		"between@exemple.invalid": now.Add(-time.Hour), "jeanne@exemple.invalid": now.Add(-time.Minute)} {
		o.Behind(t, `insert into person_contact_former (person_id, at, email) values ($1, $2, $3)`, o.Jeanne.Person, at, email)
	}
	o.queue(t, "factor_added", "one", o.Jeanne.Person)
	o.queue(t, "factor_added", "one", o.Jeanne.Person)
	o.queue(t, "recovery_made", "one", o.Jeanne.Person)
	o.queue(t, "factor_added", "two", o.Paul.Person)
	o.queue(t, "factor_reset_link", o.Jeanne.Person.String(), o.Jeanne.Person)
	o.ended(t)
	for to, want := range map[string]int{"jeanne@exemple.invalid": 3, "before@exemple.invalid": 2, "between@exemple.invalid": 2, "long@exemple.invalid": 0, "paul@exemple.invalid": 1} {
		if got := len(o.box.To(to)); got != want {
			t.Errorf("%d mails to %s, want %d", got, to, want)
		}
	}
}
