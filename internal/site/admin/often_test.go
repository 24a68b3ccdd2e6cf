package admin

import (
	"testing"

	"mandat/internal/fixture"
)

// Administrators are told to wait like referents, who ask for resets again and again.
func TestReset_AskedTooOften(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b, p := o.enter(t), path(o.Jeanne)
	fixture.Equip(t, o.credentials, o.Clock, o.Jeanne)
	for range 5 {
		b.Want(b.Post(p+"/reinitialisation"), 303, p)
		open, err := o.credentials.ResetOf(t.Context(), o.Jeanne.Person)
		if err != nil {
			t.Fatal(err)
		}
		b.Want(b.Post("/admin/reinitialisations/"+open.ID.String()+"/refus"), 303)
	}
	b.Want(b.Post(p+"/reinitialisation"), 429, "Vous avez demandé trop de remises à zéro")
	o.Content(t)
}
