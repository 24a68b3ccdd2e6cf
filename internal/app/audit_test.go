package app_test

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/journal/verify"
)

// What an auditor's address bar holds is no failure of ours.
func TestAudit_OddFilters(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	sofia := site.Visit(t, site.Sofia)
	for query, want := range map[string]int{
		"acte=nothing.of_ours": http.StatusOK, "acte=mandate.signed": http.StatusOK, "acte=mandate": http.StatusOK, "avant=-1": http.StatusOK, "avant=99999999999999999999": http.StatusOK,
		"usager=00000000-0000-0000-0000-000000000000": http.StatusOK, "service=" + strings.Repeat("x", 100): http.StatusOK, "du=2026-01-01&au=2025-01-01": http.StatusOK,
		"structure=21750001600019": http.StatusOK, "structure=217+500+016+00019": http.StatusOK, "structure=35600000000048": http.StatusUnprocessableEntity, // a SIRET, and nobody's
		"rang=x": http.StatusUnprocessableEntity, "rang=-1": http.StatusUnprocessableEntity, "rang=0&usager=x": http.StatusSeeOther, "rang=": http.StatusOK,
		"usager=x": http.StatusUnprocessableEntity, "service=" + strings.Repeat("x", 101): http.StatusUnprocessableEntity, "du=x": http.StatusUnprocessableEntity, // and what is no text:
		"acte=%00": http.StatusBadRequest, "acte=%ff": http.StatusBadRequest, "avant=%00": http.StatusBadRequest, "usager=%00": http.StatusBadRequest,
		"usager=%ff": http.StatusBadRequest, "%00=%ff&%zz": http.StatusBadRequest,
	} {
		if a := sofia.Get("/audit/journal?" + query); a.Status != want {
			t.Errorf("%s: %d, want %d", query, a.Status, want)
		}
	}
}

// W43: whoever opens what concerns a citizen is in the journal, each page once, and the auditor is told from where, nobody else.
func TestAudit_WhoReadWhatAndFromWhere(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	paul := site.Walker(t, site.Paul)
	id, err := paul.DrawUp("test", fixture.Tax)
	must(t, err)
	m := site.URL + "/mandats/" + id.String()
	for range 2 {
		must(t, errors.Join(paul.Get(m), paul.Get(m+"/attestation"), paul.Get(m+"/attestation.pdf"), paul.Get(m+"/fin")))
	}
	var pages string
	site.Row(t, `select string_agg(body::jsonb #>> '{detail,page}', ' ' order by id) from journal_entry where action = 'mandate.consulted' and mandate_id = $1 and person_id = $2
		and organisation_id = $3 and citizen_id = (select citizen_id from mandate where id = $1)`, []any{id, site.Paul.Person, site.Here}, &pages)
	if pages != "mandate attestation document end" {
		t.Errorf("pages opened: %q", pages)
	}
	list := site.Visit(t, site.Sofia).Get("/audit/journal?acte=mandate.consulted&mandat=" + id.String())
	if n := len(regexp.MustCompile(`session [0-9a-f]{12} · appareil inconnu · réseau 127\.0\.0\.0/24 · ouverte le `).FindAllString(list.Body, -1)); list.Status != http.StatusOK || n != 4 {
		t.Errorf("%d, %d of 4 entries say from where: %s", list.Status, n, list.Body)
	}
	for _, other := range []*apptest.Visitor{site.Visit(t, site.Jeanne), site.Visit(t, site.Odile), site.Visit(t, site.Adele)} {
		if a := other.Get("/audit/journal"); a.Status == http.StatusOK {
			t.Error("somebody else reads the journal")
		}
	}
}

// An auditor goes from a search to a timeline, to one entry of it, and takes its proof, which anybody checks; all of that is written down, and can be searched itself.
func TestAudit_FromSearchToProof(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	m := site.Sign(t, site.Jeanne, fixture.Angela(), fixture.Tax)
	must(t, site.App.CatchUp(t.Context()))
	sofia := site.Visit(t, site.Sofia)
	get := func(path string, words ...string) string {
		t.Helper()
		a := sofia.Get(path)
		for _, word := range words {
			if a.Status != http.StatusOK || !strings.Contains(a.Body, word) {
				t.Fatalf("%s: %d, without %q: %s", path, a.Status, word, a.Body)
			}
		}
		return a.Body
	}
	list := get("/audit/journal?structure="+site.Here.String()+"&personne="+site.Jeanne.Person.String()+"&demarche="+fixture.Tax+"&acte=mandate.signed", "Mandat établi", "ont signé le mandat", "/audit/mandats/"+m.ID.String())
	if strings.Contains(list, "DUBOIS") || strings.Contains(list, "Angela") {
		t.Error("a name stands in the list")
	}
	if get("/audit/journal?structure=217+500+016+00019&personne="+site.Jeanne.Person.String()+"&demarche="+fixture.Tax+"&acte=mandate.signed", "dans la structure Maison France Services des Tilleuls"); strings.Contains(
		sofia.Get("/audit/journal?structure=21690123100011&acte=mandate.signed").Body, m.ID.String()) {
		t.Error("found in another organisation, by its SIRET")
	}
	timeline := get("/audit/mandats/"+m.ID.String(), "Mandat établi", "/audit/export?mandat="+m.ID.String())
	index := regexp.MustCompile(`href="/audit/journal/([0-9]+)"`).FindStringSubmatch(timeline)[1]
	get("/audit/usagers/"+m.Citizen.String(), "Mandat établi", "/audit/journal/"+index)
	get("/audit/journal/"+index, "ont signé le mandat", m.ID.String(), "cette écriture", "/audit/journal/"+index+"/preuve")
	if a := sofia.Get("/audit/journal?rang=" + index); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/audit/journal/"+index {
		t.Errorf("to the entry at an index: %d, %q", a.Status, a.Header.Get("Location"))
	}
	get("/audit/export?usager="+m.Citizen.String(), `value="`+m.Citizen.String()+`"`)
	proof, line := get("/audit/journal/"+index+"/preuve", "c2sp.org/tlog-proof@v1"), get("/audit/journal/"+index+"/ecriture", m.ID.String())
	policy, err := verify.ParsePolicy([]byte(site.App.Policy()))
	must(t, err)
	if _, err := verify.Proof([]byte(proof), []byte(line), policy); err != nil {
		t.Error(err)
	}
	for _, path := range []string{"/audit/journal/x", "/audit/journal/-1", "/audit/journal/99999999", "/audit/journal/99999999/preuve", "/audit/journal/99999999/ecriture", "/audit/mandats/x", "/audit/usagers/x"} {
		if a := sofia.Get(path); a.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
	get("/audit/mandats/"+site.Here.String(), "Aucune écriture")
	get("/audit/journal?acte=journal&usager="+m.Citizen.String(), "a cherché dans le journal", "a ouvert l’écriture")
	var read string
	site.Row(t, `select string_agg(action || coalesce(' ' || (body::jsonb #>> '{detail,page}'), ''), ', ' order by id) from journal_entry where person_id = $1 and citizen_id = $2`, []any{site.Sofia.Person, m.Citizen}, &read)
	if read != "journal.searched, journal.searched, journal.viewed entry, journal.viewed proof, journal.searched" {
		t.Errorf("readings: %s", read)
	}
}
