package notify_test

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/notify"
	"mandat/internal/prose"
)

// A citizen who asked to be erased is told so at their address while it is there: when it will be done, and that nothing else will come.
func TestCitizen_IsToldThatTheyAskedToBeErased(t *testing.T) {
	t.Parallel()
	o := telling(t)
	m := o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	o.wait(t, angela, "Vous avez donné un mandat")
	must(t, o.Mandates.End(t.Context(), o.Jeanne, m.ID, "citizen"))
	o.wait(t, angela, "Un mandat a pris fin")
	by := o.Jeanne
	by.FactorAt = o.Clock.Now()
	register := erasure.New(o.DB, o.Journal, nil, o.Clock, nil).Telling(notify.Queue)
	q, err := register.Ask(t.Context(), by, m.Citizen)
	must(t, err)
	told := o.wait(t, angela, "Vous avez demandé l’effacement de vos données")
	text := strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(strings.Join(strings.Fields(told.Text), " "))
	due := strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(prose.Date("fr", q.DueAt))
	if !strings.Contains(text, "effacées le "+due) || strings.Contains(text, "/mails/") || strings.Contains(text, "DUBOIS") || q.DueAt.Before(o.Clock.Now().AddDate(5, 11, 0)) {
		t.Errorf("due %v:\n%s", q.DueAt.Format(time.RFC3339), told.Text)
	}
}
