package referent

import (
	"testing"

	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
)

// Who is a referent of two organisations runs the one that the address names, and never the other by its people's ids.
func TestSeveral_TheAddressSaysWhich(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if err := o.Directory.Join(t.Context(), journal.Program(), o.boss.Person, o.Elsewhere, org.RoleReferent); err != nil {
		t.Fatal(err)
	}
	base := map[bool]string{}
	for here, id := range map[bool]journal.Actor{true: o.Jeanne, false: o.Ines} {
		place, err := o.Directory.Organisation(t.Context(), id.Organisation)
		if err != nil {
			t.Fatal(err)
		}
		base[here] = page.BaseOf(place.PublicID)
	}
	b := o.rose(t)
	here, there := base[true], base[false]
	b.Want(b.Get("/referent/equipe"), 303, "/referent/equipe")
	b.Without(b.Want(b.Get(here+"/referent/equipe"), 200, "jeanne Fictif", `href="`+here+path(o.Jeanne)+`"`), "ines")
	b.Without(b.Want(b.Get(there+"/referent/equipe"), 200, "ines Fictif", `href="`+there+path(o.Ines)+`"`), "jeanne")
	b.Want(b.Get(here+path(o.Jeanne)), 200, `action="`+here+path(o.Jeanne)+`/roles/referent"`)
	for act, fields := range posts(o) {
		b.Want(b.Post(here+path(o.Ines)+act, fields...), 404)
		b.Want(b.Post(there+path(o.Jeanne)+act, fields...), 404)
		b.Want(b.Post(path(o.Jeanne)+act, fields...), 409) // it does not say for which organisation
	}
	b.Want(b.Post(there+path(o.Ines)+"/roles/referent"), 303, there+path(o.Ines))
	b.Want(b.Get(there+path(o.Ines)), 200, "est maintenant référent")
	b.Want(b.Post(here+"/referent/structure", "phone", "01 99 00 00 01", "email", "ici@exemple.invalid"), 303, here+"/referent/structure")
	for path, email := range map[string]string{here: "ici@exemple.invalid", there: "accueil@exemple.invalid"} {
		b.Want(b.Get(path+"/referent/structure"), 200, email)
	}
	o.Content(t)
}
