package app_test

import (
	"errors"
	"testing"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
)

// The story from the sign-in to the end of the mandate, in browsers, on the stand-ins.
func TestStory(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	jeanne, ines := site.Walker(t, site.Jeanne), site.Walker(t, site.Ines)
	must(t, jeanne.At("/espace"))
	mandate, err := jeanne.DrawUp("test", fixture.Tax, fixture.Housing)
	must(t, err)
	must(t, jeanne.Use(site.Tax, "dubois", fixture.Tax))
	must(t, jeanne.Says("Bonjour Angela Claire Louise DUBOIS"))
	must(t, ines.Get(site.URL+"/mandats/"+mandate.String()))
	if ines.Status() != 404 {
		t.Errorf("another organisation sees the mandate: %d", ines.Status())
	}
	must(t, jeanne.End(mandate, "completed"))
	must(t, jeanne.LeaveService(site.Tax))
	must(t, jeanne.OpenService(site.Allowance))
	must(t, jeanne.Press("Chercher", map[string][]string{"recherche": {"dubois"}}))
	if jeanne.HasButton("Choisir") {
		t.Error("the ended mandate can be chosen")
	}
	must(t, errors.Join(jeanne.Get(site.URL+"/mandats/"+mandate.String()), jeanne.Says("Mandat utilisé")))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
