package app_test

import (
	"errors"
	"net/http"
	"regexp"
	"testing"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
)

// What an auditor's address bar holds is no failure of ours.
func TestAudit_OddFilters(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	sofia := site.Visit(t, site.Sofia)
	for query, want := range map[string]int{
		"action=nothing.of_ours": http.StatusOK, "action=mandate.signed": http.StatusOK, "before=-1": http.StatusOK, "before=99999999999999999999": http.StatusOK,
		"id=x":       http.StatusUnprocessableEntity, // and what is no text:
		"action=%00": http.StatusBadRequest, "action=%ff": http.StatusBadRequest, "before=%00": http.StatusBadRequest, "id=%00": http.StatusBadRequest,
		"id=%ff": http.StatusBadRequest, "%00=%ff&%zz": http.StatusBadRequest,
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
	list := site.Visit(t, site.Sofia).Get("/audit/journal?action=mandate.consulted&id=" + id.String())
	if n := len(regexp.MustCompile(`session [0-9a-f]{12} · appareil inconnu · réseau 127\.0\.0\.0/24 · ouverte le `).FindAllString(list.Body, -1)); list.Status != http.StatusOK || n != 4 {
		t.Errorf("%d, %d of 4 entries say from where: %s", list.Status, n, list.Body)
	}
	for _, other := range []*apptest.Visitor{site.Visit(t, site.Jeanne), site.Visit(t, site.Odile), site.Visit(t, site.Adele)} {
		if a := other.Get("/audit/journal"); a.Status == http.StatusOK {
			t.Error("somebody else reads the journal")
		}
	}
}
