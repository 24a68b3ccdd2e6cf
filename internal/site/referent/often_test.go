package referent

import (
	"testing"

	"mandat/internal/fixture"
)

// Who asks for resets of a colleague again and again, and refuses them, is told to wait, and nobody is written to.
func TestReset_AskedTooOften(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, p := o.rose(t), path(o.Jeanne)
	fixture.Equip(t, o.credentials, o.Clock, o.Jeanne)
	for range 5 {
		b.Want(b.Post(p+"/facteurs"), 303, p)
		open, err := o.credentials.ResetOf(t.Context(), o.Jeanne.Person)
		if err != nil {
			t.Fatal(err)
		}
		b.Want(b.Post(p+"/facteurs/refus", "reset", open.ID.String()), 303, p)
	}
	before := o.Count(t, `select count(*) from journal_entry`)
	b.Want(b.Post(p+"/facteurs"), 429, "Vous avez demandé trop de remises à zéro", "Vous pourrez en demander une le", "Revenir à la personne")
	if after := o.Count(t, `select count(*) from journal_entry`); after != before {
		t.Errorf("%d entries", after-before)
	}
	o.Content(t)
}
