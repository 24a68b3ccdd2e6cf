package aidant

import (
	"strings"
	"testing"

	"mandat/internal/fixture"
)

// Mandates that a colleague has left stand on the home page of who follows them up, and on nobody else's as theirs.
func TestHome_ShowsWhatWasHandedOver(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	boss := c.Referent(t, c.Here, "rose")
	m := c.Sign(t, c.Paul, fixture.Angela(), fixture.Tax)
	draft := c.Draft(t, c.Paul, fixture.Citizen(1), fixture.Tax)
	if _, err := c.Caseload.HandOver(t.Context(), boss, c.Paul.Person, c.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	b := c.jeanne(t)
	b.Want(b.Get("/espace"), 200, "Mandats qui vous ont été confiés", "Voir le mandat", "/mandats/"+m.ID.String(), "/brouillons/"+draft.String()+"/identite")
	other := c.visit(t, c.Paul, "aidant", c.Clock.Now())
	if a := other.Get("/espace"); strings.Contains(a.Body, "vous ont été confiés") || strings.Contains(a.Body, draft.String()+"/identite") || strings.Contains(a.Body, draft.String()+"/abandon") {
		t.Error("who has left still has them")
	}
}
