package counter

import (
	"strings"
	"testing"

	"mandat/internal/fixture"
)

// Without an address FranceConnect refuses every login for the citizen: it is said before they sign, while they can still do something about it.
func TestRecap_SaysThatFranceConnectWantsAnAddress(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	drawn := b.start()
	without := fixture.Angela()
	without.Email = ""
	if err := c.Drafts.Identify(t.Context(), b.By, draftID(drawn), without, c.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	b.Want(b.Get(drawn+"/recapitulatif"), 200, "FranceConnect n’a pas donné d’adresse électronique", "ce mandat n’ouvrira aucun site par FranceConnect", `href="`+drawn+`/identite"`)
	b.identify(drawn)
	if page := b.Want(b.Get(drawn+"/recapitulatif"), 200); strings.Contains(page.Body, "n’a pas donné d’adresse") {
		t.Error("said of somebody who has one")
	}
}
