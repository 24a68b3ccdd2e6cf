package counter

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/citizen"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

var (
	someID   = uuid.MustParse("01939b1c-7c5e-7000-8000-000000000001")
	signedAt = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	endsAt   = terms.EndOf(signedAt, 31)
	angela   = citizen.Identity{GivenName: "Angela Claire Louise", FamilyName: "DUBOIS", Birthdate: "1962-08-24", Gender: "female", Birthcountry: "99100"}
	longName = citizen.Identity{GivenName: "Marie-Antoinette Philippine Joséphine", FamilyName: "DE LA ROCHEFOUCAULD-MONTMORENCY-LAVAL-D’ESTERNAY", PreferredUsername: "N’GUYEN", Birthdate: "1931-00-00"}
	house    = org.Organisation{ID: someID, SIRET: "21750001600019", Name: "Maison France Services de Saint-Étienne-du-Rouvray", Address: "12 rue de l’Hôtel-de-Ville", Postcode: "76800", City: "Saint-Étienne-du-Rouvray", Phone: "02 35 00 00 00", Email: "contact@mfs.example"}
	maelle   = page.Who{Name: "Maëlle Le Goff", Organisation: house.Name, Role: "aidant"}
	tax, _   = mustLoad().Find("argent-impots-declaration")
)

func mustLoad() *procedure.Catalogue {
	c, err := procedure.Load()
	if err != nil {
		panic(err)
	}
	return c
}

type shownPage struct {
	name, variant string
	data          func() page.Page
}

func TestPages_AreSound(t *testing.T) {
	t.Parallel()
	pages := pagetest.Pages(t)
	var names []string
	for _, p := range slices.Concat(everyPage(t), termsPages(), transferPages()) {
		names = append(names, p.name)
		for _, lang := range pagetest.Languages {
			body := pagetest.Render(t, pages, p.name, lang, maelle, p.data())
			title := body[strings.Index(body, "<title>"):strings.Index(body, "</title>")]
			for _, personal := range []string{"DUBOIS", "Angela", "Maëlle", "ROCHEFOUCAULD"} {
				if strings.Contains(title, personal) {
					t.Errorf("%s %s: the title names somebody: %s", p.name, p.variant, title)
				}
			}
		}
	}
	pagetest.Covered(t, pages, "counter", names)
}
