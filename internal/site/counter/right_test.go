package counter

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/fixture"
)

func TestTerms_OfferWhatIsAllowed(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	draft := b.start()
	b.identify(draft)
	c.Behind(t, `update membership set procedures = array['`+fixture.Housing+`'] where person_id = $1`, c.Jeanne.Person)
	for _, path := range []string{"/mandats/nouveau", draft} {
		a := b.Want(b.Get(path), 200, `value="`+fixture.Housing+`"`)
		if strings.Contains(a.Body, `value="`+fixture.Tax+`"`) || strings.Contains(a.Body, "Impôts") && strings.Contains(a.Body, `id="theme-argent"`) {
			t.Errorf("%s offers what is not allowed", path)
		}
		b.Want(b.Post(path, "procedures", fixture.Tax, "procedures", fixture.Housing, "days", "31", "no_protection", "on", "informed", "on"), 422, "ne vous l’a pas confiée", `value="`+fixture.Housing+`" checked`)
	}
	b.Want(b.sign(draft, "agreed", "on"), 409, "Une démarche de ce mandat n’est pas permise", `href="`+draft+`"`)
	c.wantRows(t, 0, `select count(*) from mandate`)
}

// A second factor that was given on the recap counts for that citizen, and nobody else.
func TestSign_TheFactorWasForThisCitizen(t *testing.T) {
	t.Parallel()
	_, b, draft := newIdentified(t)
	b.Want(b.sign(draft, "agreed", "on"), 303)
	b.site.wantRows(t, 0, `select count(*) from session where factor_citizen is not null`) // it was given before she came
	second := b.start()
	b.identify(second)
	b.site.Clock.Advance(time.Second)
	b.site.stepUp(t, b)
	b.Want(b.sign(second, "agreed", "on"), 303)
	b.site.wantRows(t, 1, `select count(*) from session where factor_citizen = (select id from citizen)`)
}

// One that was given on a page with somebody else's name, in another tab, stays theirs.
func TestSign_TheFactorWasForSomebodyElse(t *testing.T) {
	t.Parallel()
	_, b, draft := newIdentified(t)
	b.site.Clock.Advance(time.Second)
	other := uuid.New()
	b.site.stepUpFor(t, b, other)
	b.Want(b.sign(draft, "agreed", "on"), 303)
	b.site.wantRows(t, 1, `select count(*) from session where factor_citizen = $1`, other)
}
