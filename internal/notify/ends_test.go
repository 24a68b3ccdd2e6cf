package notify_test

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/notify"
)

// Who follows mandates up is told in one mail, without a name, how many end soon; of what has ended before the mail is written, nothing.
func TestSend_MandatesThatEndSoon(t *testing.T) {
	t.Parallel()
	o := open(t)
	sign := func(by journal.Actor, n int) {
		m := o.Sign(t, by, fixture.Citizen(n), fixture.Tax, fixture.Housing)
		o.Behind(t, `update mandate set signed_at = signed_at - interval '40 days', identified_at = identified_at - interval '40 days', ends_at = $2 where id = $1`, m.ID, o.Clock.Now().Add(20*24*time.Hour))
	}
	sign(o.Jeanne, 1)
	sign(o.Jeanne, 2)
	sign(o.Ines, 3)
	must(t, o.Caseload.TellOfEnds(t.Context(), notify.Queue))
	if states := o.ended(t); states != "sent 2" {
		t.Fatalf("states %q\n%s", states, o.log)
	}
	letter := o.box.To(jeanne)[0]
	text := strings.Join(strings.Fields(letter.Text), " ")
	for _, words := range []string{"2 mandats que vous suivez prennent fin", "https://mandat.example/mandats?onglet=soon&suivi=moi", "Maison France Services de démonstration"} {
		if !strings.Contains(strings.ReplaceAll(text, "\u00a0", " "), words) {
			t.Errorf("the letter does not say %q:\n%s", words, text)
		}
	}
	if all := letter.Subject + text; strings.Contains(all, "FICTIF") || strings.Contains(all, "Camille") || strings.Contains(all, "Impôts") {
		t.Errorf("the letter names somebody:\n%s", all)
	}
	if text := o.box.To("ines@exemple.invalid")[0].Text; !strings.Contains(text, "Un mandat que vous suivez prend fin") {
		t.Errorf("the letter of one:\n%s", text)
	}
	o.Clock.Advance(24 * time.Hour)
	paul := o.Paul
	paul.FactorAt = o.Clock.Now()
	m := o.Sign(t, paul, fixture.Citizen(4), fixture.Tax)
	if _, err := o.Connect(t, o.Superuser).Exec(t.Context(), `insert into mandate_end_told select id, organisation_id, person_id, $2 from mandate where id = $1`, m.ID, o.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	must(t, o.Mandates.End(t.Context(), paul, m.ID, "completed"))
	o.queue(t, "end_soon", o.Here.String()+" x", o.Paul.Person)
	if states := o.ended(t); states != "dropped 1, sent 2" {
		t.Errorf("states %q: somebody is told of what has ended", states)
	}
}
