package app_test

import (
	"net/http"
	"testing"

	"mandat/internal/apptest"
)

// What an auditor's address bar holds is no failure of ours.
func TestAudit_OddFilters(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	sofia := site.Visit(t, site.Sofia)
	for query, want := range map[string]int{
		"action=%00": http.StatusOK, "action=%ff": http.StatusOK, "action=nothing.of_ours": http.StatusOK, "action=mandate.signed": http.StatusOK,
		"before=%00": http.StatusOK, "before=-1": http.StatusOK, "before=99999999999999999999": http.StatusOK,
		"id=%00": http.StatusUnprocessableEntity, "id=%ff": http.StatusUnprocessableEntity, "action=%ff&id=%ff": http.StatusUnprocessableEntity,
		"%00=%ff&%zz": http.StatusOK,
	} {
		if a := sofia.Get("/audit/journal?" + query); a.Status != want {
			t.Errorf("%s: %d, want %d", query, a.Status, want)
		}
	}
}
