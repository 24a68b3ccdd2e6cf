package referent

import (
	"strings"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/org"
)

// Mandates that nobody follows up stand on the referent's page, by who did and without a citizen's name, until they name somebody.
func TestOrphans_WaitForTheReferent(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.Sign(t, o.Jeanne, fixture.Angela(), fixture.Tax)
	anna := o.Aidant(t, o.Here, "anna")
	b := o.rose(t)
	b.Without(b.Want(b.Get("/referent"), 200), "Mandats sans responsable")
	o.Behind(t, `update certification set state = 'suspended', suspended_at = now() where person_id = $1`, o.Jeanne.Person)
	a := b.Want(b.Get("/referent"), 200, "Mandats sans responsable", "Suivis avant par jeanne Fictif", "1 mandat", path(o.Jeanne)+"#releve")
	b.Without(a, "DUBOIS", "Angela")
	b.Want(b.Get(path(o.Jeanne)), 200, `id="releve"`)
	b.Want(b.Post(path(o.Jeanne)+"/releve", "colleague", o.Paul.Person.String()), 303)
	b.Without(b.Get("/referent"), "Mandats sans responsable")
	if err := o.Directory.TakeRole(t.Context(), o.boss, o.Paul.Person, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	b.Want(b.Get("/referent"), 200, "Suivis avant par paul Fictif", path(o.Paul)+"#releve")
	if a := b.Get(path(o.Paul)); !strings.Contains(a.Body, `id="releve"`) || !strings.Contains(a.Body, anna.Person.String()) {
		t.Error("nobody can be named")
	}
}
