package app_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/inquiry"
	"mandat/internal/notify"
	"mandat/internal/prose"
)

// Whoever has the program's login can write entries that say what none should, and hides nothing by it: every page on which entries stand shows the others, and that there is something odd.
func TestAudit_OddEntriesHideNothing(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Before, o.Unverified = withoutJobs(t), "somebody writes what is no entry" })
	fraud, _ := recipients(t, site)
	m := site.Sign(t, site.Jeanne, fixture.Angela(), fixture.Tax)
	conn := site.Connect(t, site.World.App)
	for action, bodies := range map[string][]string{
		"mandate.signed":     {`{}`, `{"by":5,"detail":"x"}`, `{"action":"mandate.signed","by":{"kind":"somebody"},"detail":{"powers":{"x":[1]},"procedures":[[[{}]]]}}`},
		"mandate.ended":      {`{}`, `{"detail":{"reason":"whatever"}}`, `{"detail":{"reason":7}}`},
		"power.ended":        {`{"detail":{"reason":"whatever","procedure":[]}}`, `{"detail":[]}`},
		"power.used":         {`{"by":[],"detail":{"client":{},"procedure_is":"enforced","service":"nobody"}}`},
		"power.accounted":    {`{"detail":{"outcome":"whatever"}}`},
		"attestation.issued": {`{"detail":{"kind":"whatever"}}`},
		"person.suspended":   {`{"by":"x","detail":{"person":"nobody"}}`, `{"detail":{"person":[1]}}`},
		"power.refused":      {`{"detail":{"client":"` + site.Provider + `","reason":"whatever"}}`, `{"detail":{"client":"` + site.Provider + `","reason":[{}]}}`},
		"anomaly.found":      {`{"detail":{"entries":"x"}}`},
		"nothing.of_ours":    {`{}`},
	} {
		for _, body := range bodies {
			if _, err := conn.Exec(t.Context(), `insert into journal_entry (at, action, organisation_id, person_id, citizen_id, mandate_id, salt, body, session_id) values (now(), $1, $2, $3, $4, $5, sha256('x'), $6, '\x0102')`,
				action, site.Here, site.Jeanne.Person, m.Citizen, m.ID, body); err != nil {
				t.Fatal(err)
			}
		}
	}
	must(t, site.App.CatchUp(t.Context()))
	sofia, odile, jeanne, felix := site.Visit(t, site.Sofia), site.Visit(t, site.Odile), site.Visit(t, site.Jeanne), site.Visit(t, fraud)
	shows := func(v *apptest.Visitor, path string, words ...string) {
		t.Helper()
		a := v.Get(path)
		for _, word := range append(words, "</html>") {
			if a.Status != http.StatusOK || !strings.Contains(a.Body, word) {
				t.Errorf("%s: %d, without %q", path, a.Status, word)
			}
		}
	}
	const signed = "ont signé le mandat"
	for _, list := range []string{"/audit/journal", "/audit/journal?personne=" + site.Jeanne.Person.String(), "/audit/mandats/" + m.ID.String(), "/audit/usagers/" + m.Citizen.String()} {
		shows(sofia, list, signed, "ne se lit pas")
	}
	inquiries := inquiry.New(site.DB, site.Journal, site.Keys, site.Directory, site.Mandates, site.Clock, notify.Queue)
	var last int64
	site.Row(t, `select size from journal_tree`, nil, &last)
	q, err := inquiries.Open(t.Context(), site.Sofia, last-1)
	must(t, err)
	for index := last - 20; index < last; index++ {
		shows(sofia, "/audit/journal/"+strconv.FormatInt(index, 10))
		if index < last-1 {
			must(t, inquiries.Attach(t.Context(), site.Sofia, q.ID, index))
		}
	}
	shows(sofia, "/audit/dossiers/"+q.ID.String())
	if a := sofia.Post("/audit/dossiers/" + q.ID.String() + "/rapport"); a.Status != http.StatusOK {
		t.Errorf("the report: %d", a.Status)
	}
	shows(odile, "/referent/journal", "jeanne")
	shows(jeanne, "/mandats/"+m.ID.String())
	today := site.Clock.Now().In(prose.Paris).Format(time.DateOnly)
	if a := felix.Post("/fraude", "du", today, "au", today, "usager", m.Citizen.String()); a.Status != http.StatusOK {
		t.Errorf("the fraud team: %d", a.Status)
	}
}
