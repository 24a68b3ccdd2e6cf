package app_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/prose"
)

// The fraud team finds a login that was used through FranceConnect, by its time and by the sub that FranceConnect was given, and signals it; an auditor closes that, and the team sees how.
// The prefecture sees the organisation in figures, its referent what was done there, and says that they checked. No page names the citizen, and only the referent's names an aidant.
func TestRecipients_SeeTheirPart(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Before = withoutJobs(t) })
	fraud, prefecture := recipients(t, site)
	m := site.Sign(t, site.Jeanne, fixture.Angela(), fixture.Tax)
	_, err := site.UserInfo(t.Context(), site.Token(t, site.Visit(t, site.Jeanne).MustCode(m.Citizen, fixture.Tax)))
	must(t, err)
	must(t, site.App.CatchUp(t.Context()))
	var index int64
	var sub string
	site.Row(t, `select l.index from journal_leaf l join journal_entry e on e.id = l.entry_id where e.action = 'power.used'`, nil, &index)
	site.Row(t, `select sub from idp_subject where citizen_id = $1`, []any{m.Citizen}, &sub)
	felix, prune, odile, sofia := site.Visit(t, fraud), site.Visit(t, prefecture), site.Visit(t, site.Odile), site.Visit(t, site.Sofia)
	shows := func(a apptest.Answer, aidant bool, words ...string) string {
		t.Helper()
		for _, word := range words {
			if a.Status != http.StatusOK || !strings.Contains(a.Body, word) {
				t.Fatalf("%d, without %q: %s", a.Status, word, a.Body)
			}
		}
		if strings.Contains(a.Body, "DUBOIS") || strings.Contains(a.Body, "Angela") || !aidant && strings.Contains(a.Body, "jeanne") {
			t.Errorf("somebody is named: %s", a.Body)
		}
		return a.Body
	}
	place, today := strconv.FormatInt(index, 10), site.Clock.Now().In(prose.Paris).Format(time.DateOnly)
	shows(felix.Get("/fraude"), false, "Connexions par FranceConnect")
	shows(felix.Post("/fraude", "du", today, "au", today), false, "Maison France Services des Tilleuls", `value="`+place+`"`)
	shows(felix.Post("/fraude", "du", today, "au", today, "sub", sub), false, m.Citizen.String())
	shows(felix.Post("/fraude", "du", today, "au", today, "sub", strings.Repeat("x", 43)), false, "Rien ne correspond")
	shows(felix.Get("/fraude/signalements/nouveau?entree="+place), false, `value="`+place+`"`)
	if a := felix.Post("/fraude/signalements", "entrees", place+" 0", "motif", "denied", "raison", "La personne dit que ce n’était pas pour elle."); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("signalled what the team does not see: %d", a.Status)
	}
	if a := felix.Post("/fraude/signalements", "entrees", place, "motif", "denied", "raison", "La personne dit que ce n’était pas pour elle."); a.Status != http.StatusSeeOther {
		t.Fatalf("signal: %d %s", a.Status, a.Body)
	}
	one := regexp.MustCompile(`/audit/signalements/[0-9a-f-]{36}`).FindString(shows(sofia.Get("/audit/signalements"), false, "À traiter"))
	shows(sofia.Get(one), false, "/audit/journal/"+place, "pas pour elle")
	if a := sofia.Post(one, "suite", "acted"); a.Status != http.StatusSeeOther {
		t.Fatalf("close: %d %s", a.Status, a.Body)
	}
	shows(felix.Get("/fraude/signalements"), false, "les auditeurs ont agi")
	structure := regexp.MustCompile(`/prefecture/structures/[0-9a-f-]{36}`).FindString(shows(prune.Get("/prefecture"), false, "Structures du département 75", "Maison France Services des Tilleuls"))
	shows(prune.Get(structure), false, "Comptes rendus")
	shows(odile.Get("/referent/journal"), true, "jeanne", "Personne n’a encore fait ce contrôle")
	if a := odile.Post("/referent/journal/controle"); a.Status != http.StatusSeeOther {
		t.Fatalf("check: %d %s", a.Status, a.Body)
	}
	shows(odile.Get("/referent/journal"), true, "Le contrôle est fait aujourd’hui")
}
