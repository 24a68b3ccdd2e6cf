package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mandat/internal/anomaly"
	"mandat/internal/apptest"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/inquiry"
	"mandat/internal/mandate"
	"mandat/internal/prose"
	"mandat/internal/unsealing"
)

// Auditors read of a citizen, see who they are, look into what was done for them, and find it odd. Once the citizen is erased, nothing is left of what was read about them, the
// inquiry and the alert stand, every page shows what there is, and journal and tables are whole (as at the end of each test).
func TestErasure_OfWhomAuditorsLookedInto(t *testing.T) {
	t.Parallel()
	s := &stage{matrix: &matrix{t: t, site: apptest.Start(t)}}
	site, all := s.site, s.inquiries()
	unsealings := unsealing.New(site.DB, site.Journal, site.Keys, site.Citizens, site.Clock)
	anomalies := anomaly.New(site.DB, site.OpenAuditor(t), site.Journal, site.Keys, site.Clock)
	m := site.Sign(t, site.Jeanne, fixture.Citizen(3), fixture.Tax)
	night := time.Date(2026, 1, 1, 3, 0, 0, 0, prose.Paris)
	for !night.After(site.Clock.Now()) {
		night = night.AddDate(0, 0, 1)
	}
	site.Clock.Advance(time.Until(night) - site.Clock.Shift())
	for _, page := range []string{mandate.PageMandate, mandate.PageEnd, mandate.PageAttestation} {
		_, err := site.Mandates.Consult(t.Context(), site.Jeanne, m.ID, page)
		must(t, err)
	}
	must(t, site.App.CatchUp(t.Context()))
	var index int64
	site.Row(t, `select l.index from journal_leaf l join journal_entry e on e.id = l.entry_id where e.mandate_id = $1 and e.action = 'mandate.signed'`, []any{m.ID}, &index)
	must(t, anomalies.Watch(t.Context()))

	sofia, alma := site.Sofia, s.auditor("alma")
	sofia.FactorAt = site.Clock.Now()
	v := site.Visit(t, sofia)
	of := fmt.Sprintf("/audit/journal?citizen=%s", m.Citizen)
	pages := []string{of, fmt.Sprintf("/audit/journal/%d", index), "/audit/mandats/" + m.ID.String(), "/audit/usagers/" + m.Citizen.String()}
	for _, page := range pages {
		if a := v.Get(page); a.Status != 200 {
			t.Errorf("%s: %d", page, a.Status)
		}
	}
	u, err := unsealings.Ask(t.Context(), sofia, unsealing.Question{Citizen: m.Citizen, Reason: unsealing.Complaint, Words: "Une réclamation du 3 novembre dit le contraire."})
	must(t, err)
	must(t, unsealings.Grant(t.Context(), alma, u))
	_, err = unsealings.Look(t.Context(), sofia, u)
	must(t, err)
	q, err := all.Open(t.Context(), alma, index)
	must(t, err)
	alerts, err := anomalies.List(t.Context(), sofia, anomaly.Wanted{Person: site.Jeanne.Person}, 10)
	must(t, err)
	if len(alerts) == 0 {
		t.Fatal("acts by night are no alert")
	}
	must(t, anomalies.Take(t.Context(), sofia, alerts[0].ID, q.ID))
	finding, err := all.Find(t.Context(), alma, q.ID, inquiry.Finding{Gravity: inquiry.Grave, Organisation: m.Organisation, Mandate: m.ID, Words: foundWords})
	must(t, err)
	must(t, all.Suspend(t.Context(), alma, q.ID, inquiry.Order{Finding: finding, Kind: inquiry.OfMandate}, foundWords))
	must(t, all.Reply(t.Context(), fresh(site, site.Odile), finding, foundWords))
	must(t, all.Decide(t.Context(), sofia, q.ID, inquiry.Decision{Outcome: inquiry.Warning, Words: foundWords}))
	must(t, all.Close(t.Context(), alma, q.ID))
	told := site.Visit(t, site.Jeanne).Get("/mandats/" + m.ID.String()).Body
	for words, want := range map[string]bool{"Mandat suspendu par les auditeurs": true, "Suspension levée par les auditeurs": true, "alma-": false, "sofia": false, "Autre acte": false} {
		if strings.Contains(told, words) != want {
			t.Errorf("aidants read %q of a mandate that auditors looked into: %v", words, !want)
		}
	}
	must(t, site.Mandates.End(t.Context(), fresh(site, site.Jeanne), m.ID, "citizen"))
	must(t, site.App.CatchUp(t.Context()))
	about := `select count(*) from journal_entry where citizen_id = $1`
	before := site.Number(t, about, m.Citizen)

	site.Clock.Advance(time.Until(time.Now().AddDate(erasure.Years, 1, 0)))
	done, err := erasures(t, site, nil).Erase(t.Context(), erasure.Who{Organisation: m.Organisation, Citizen: m.Citizen}, erasure.Term)
	must(t, err)
	must(t, site.App.CatchUp(t.Context()))
	if left := site.Number(t, about, m.Citizen); done.Entries != before || left != 1 { // the one that says so
		t.Errorf("%d entries about them, %d forgotten, %d left", before, done.Entries, left)
	}
	var actions []string // what was found stands, and names a mandate that is nowhere else
	site.Row(t, `select array_agg(action order by id) from journal_entry where mandate_id = $1`, []any{m.ID}, &actions)
	if !slices.Equal(actions, []string{"inquiry.found"}) {
		t.Errorf("%v are left", actions)
	}
	for _, sql := range []string{`select count(*) from unsealing where citizen_id = $1`, `select count(*) from mandate where citizen_id = $1`, `select count(*) from citizen where id = $1`} {
		if n := site.Number(t, sql, m.Citizen); n != 0 {
			t.Errorf("%s: %d", sql, n)
		}
	}
	v = site.Visit(t, sofia)
	for _, page := range append(pages[:2:2], "/audit", "/audit/levees", "/audit/dossiers", "/audit/dossiers/"+q.ID.String(), "/audit/alertes", "/audit/alertes/"+alerts[0].ID.String()) {
		if a := v.Get(page); a.Status != 200 {
			t.Errorf("%s after the erasure: %d", page, a.Status)
		}
	}
	must(t, site.App.Do(t.Context(), "inspect-journal"))
}
