package app_test

import (
	"errors"
	"testing"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
)

// Somebody with two organisations draws up a mandate for the second one, in the tab of that one, with FranceConnect in between
// whose answer names none; and uses it for the second one, whatever the sign-in began with.
func TestStory_TwoOrganisations(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	denis := site.Walker(t, site.Denis)
	here, elsewhere := site.Under(t, site.Here), site.Under(t, site.Elsewhere)
	must(t, denis.At(here+"/espace"))
	denis.Under = elsewhere
	mandate, err := denis.DrawUp("test", fixture.Tax)
	must(t, err)
	must(t, denis.At(elsewhere+"/mandats/"+mandate.String()))
	must(t, denis.Get(site.URL+here+"/mandats/"+mandate.String()))
	if denis.Status() != 404 {
		t.Errorf("found under the other organisation: %d", denis.Status())
	}
	must(t, denis.OpenService(site.Tax))
	must(t, errors.Join(denis.Says("Vous agissez ici pour : Maison France Services des Tilleuls"), denis.Press("Chercher", map[string][]string{"recherche": {"dubois"}})))
	if denis.HasButton("Choisir") {
		t.Error("the citizen of one organisation can be chosen for the other")
	}
	must(t, denis.OpenService(site.Tax))
	must(t, denis.Press("Agir pour CCAS de Villeneuve-la-Fictive", nil))
	must(t, denis.Choose("dubois"))
	must(t, denis.Procedure(fixture.Tax))
	must(t, denis.Press("continue=1", nil))
	must(t, denis.Says("Bonjour Angela Claire Louise DUBOIS"))
	if n := site.Number(t, `select count(*) from journal_entry where action in ('mandate.signed', 'power.used') and organisation_id = $1 and person_id = $2`, site.Elsewhere, site.Denis.Person); n != 2 {
		t.Errorf("%d acts for the organisation that was meant", n)
	}
	must(t, denis.End(mandate, "completed"))
}
