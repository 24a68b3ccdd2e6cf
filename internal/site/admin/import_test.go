package admin

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/journal"
	"mandat/internal/org"
)

var content = regexp.MustCompile(`name="content" value="([^"]*)"`)

// What is imported is what was shown: the file travels in the page.
func TestImport_ShownThenTakenIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	nora := o.Newcomer(t, journal.Aidant, o.Here, "nora", org.RoleAidant)
	b.Want(b.Get("/admin/imports"), 200, "courriel;formation_date", "Aucun fichier")
	b.Want(b.Upload("/admin/imports", ""), 422, "Choisissez un fichier CSV")
	b.Want(b.Upload("/admin/imports", "\xff\xfe"), 422, "UTF-8")
	b.Want(b.Upload("/admin/imports", "nora@exemple.invalid;1;2"), 422, "les colonnes attendues")
	file := "courriel;formation_date;organisme;type;test_date;score\nnora@exemple.invalid;2026-01-05;Mednum;classique;2026-01-06;900\ninconnu@exemple.invalid;2026-01-05;Mednum;classique;;\n"
	plan := b.Want(b.Upload("/admin/imports", file), 200, "Formation enregistrée", "Test réussi", "Personne n’a cette adresse", "Importer une ligne")
	if before := strings.Index(plan.Body, "inconnu@"); before > strings.Index(plan.Body, "nora@") {
		t.Error("what is to be corrected does not come first")
	}
	if o.Count(t, `select count(*) from certification where person_id = $1`, nora.Person) != 0 {
		t.Error("showing the plan changed something")
	}
	kept := content.FindStringSubmatch(plan.Body)
	late := o.Visit(t, o.ada, o.Clock.Now().Add(-org.FactorLife-time.Second))
	late.Want(late.Upload("/admin/imports/confirmation", "", "content", kept[1]), 409, "Confirmez d’abord", kept[1])
	done := b.Want(b.Upload("/admin/imports/confirmation", "", "content", kept[1]), 303, "/admin/imports/").Location
	b.Without(b.Want(b.Get(done), 200, "L’import est enregistré, sauf les lignes à corriger", "Terminé", "2 / 2", "ada Fictif", "Personne n’a cette adresse", "</span>3</th>"), "inconnu@", "nora@")
	b.Want(b.Get("/admin/imports"), 200, `href="`+done+`"`, "ada Fictif")
	b.Want(b.Get(path(nora)), 200, "Certifié", "Mednum")
	b.Want(b.Upload("/admin/imports", file), 200, "Lignes déjà enregistrées", "Rien ne change")
	b.Want(b.Upload("/admin/imports/confirmation", "", "content", "?"), 422)
	b.Want(b.Post("/admin/imports/suite"), 303)
	o.Content(t)
}

// A file of several acts, larger than other bodies may be: one line of it changes something.
func TestImport_OfThousands(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.enter(t)
	nora := o.Newcomer(t, journal.Aidant, o.Here, "nora", org.RoleAidant)
	var file strings.Builder
	file.WriteString("courriel;formation_date;organisme;type;test_date;score\n")
	for n := range 2500 {
		fmt.Fprintf(&file, "inconnu-%d@exemple.invalid;2026-01-05;Mednum;classique;;\n", n)
	}
	file.WriteString("nora@exemple.invalid;2026-01-05;Mednum;classique;2026-01-06;900\n")
	plan := b.Want(b.Upload("/admin/imports", file.String()), 200, "2500 lignes sont à corriger", "Lignes 1 à 300 sur 2501", "Importer une ligne")
	b.Without(plan, "Lignes précédentes")
	kept := content.FindStringSubmatch(plan.Body)[1]
	second := b.Want(b.Upload("/admin/imports/confirmation", "", "content", kept, "from", "300"), 200, "Lignes 301 à 600 sur 2501", "Lignes précédentes", "Lignes suivantes", "inconnu-300@")
	b.Without(second, "inconnu-299@", "inconnu-600@")
	last := b.Want(b.Upload("/admin/imports/confirmation", "", "content", kept, "from", "2400"), 200, "Lignes 2401 à 2501 sur 2501", "nora@exemple.invalid", "Certification")
	b.Without(last, "Lignes suivantes")
	b.Want(b.Upload("/admin/imports/confirmation", "", "content", kept, "from", "99999"), 200, "Lignes 1 à 300")
	if o.Count(t, `select count(*) from certification_import`) != 0 {
		t.Error("looking at pages imported something")
	}
	done := b.Want(b.Upload("/admin/imports/confirmation", "", "content", kept), 303).Location
	b.Want(b.Get("/admin/imports"), 200, "2501 / 2501", "Terminé", "sauf les lignes à corriger", "</span>2500</td>", "</span>1</td>")
	b.Want(b.Get(done), 200, "</span>2</th>", "</span>301</th>", `href="`+done+`?after=301"`)
	b.Without(b.Want(b.Get(done+"?after=301"), 200, "</span>302</th>", `?after=601"`), "</span>301</th>")
	b.Without(b.Want(b.Get(done+"?after=2401"), 200, "</span>2402</th>", "</span>2501</th>"), "Lignes suivantes")
	b.Want(b.Get(done+"?after=x"), 200, "</span>2</th>")
	b.Want(b.Get("/admin/imports/"+uuid.NewString()), 404)
	b.Want(b.Get("/admin/imports/x"), 404)
	b.Want(b.Get(path(nora)), 200, "Certifié")
	b.Want(b.Upload("/admin/imports", strings.Repeat("x", largeFile)), 413)
	o.Content(t)
}
