package app_test

import (
	"net/http"
	"testing"

	"mandat/internal/apptest"
	"mandat/internal/journal"
)

// Who is reinstated signs in again: whoever had copied their cookie before the suspension does not come back with them.
func TestSuspension_TheCookieOfBeforeStaysDead(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	person := "/personnes/" + site.Jeanne.Person.String() + "/reprise"
	for name, c := range map[string]struct {
		suspend func() error
		by      journal.Actor
		resume  string
	}{
		"there":            {func() error { return site.Directory.SuspendIn(t.Context(), site.Odile, site.Jeanne.Person) }, site.Odile, "/referent" + person},
		"everywhere":       {func() error { return site.Directory.Suspend(t.Context(), journal.Program(), site.Jeanne.Person) }, site.Adele, "/admin" + person},
		"the organisation": {func() error { return site.Directory.SuspendOrganisation(t.Context(), journal.Program(), site.Here) }, site.Adele, "/admin/structures/" + site.Here.String() + "/reprise"},
	} {
		thief, by := site.Visit(t, site.Jeanne), site.Visit(t, c.by)
		if a := thief.Get("/espace"); a.Status != http.StatusOK {
			t.Fatalf("%s: %d before", name, a.Status)
		}
		must(t, c.suspend())
		if a := by.Post(c.resume); a.Status != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", name, a.Status, a.Body)
		}
		if a := thief.Get("/espace"); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/connexion" {
			t.Errorf("%s: %d %s", name, a.Status, a.Header.Get("Location"))
		}
	}
}
