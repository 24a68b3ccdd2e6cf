// Package auditor is what auditors see: the journal, without a name in it, its export, and the comparison of the mandates
// with it. The pages read with the auditors' own database login, which has no right to citizens' data; each reading
// is itself an act.
//
//	site.go      the first page, and the comparison; waiting.go what waits for who looks
//	list.go      the journal, by what is looked for; form.go reads the form
//	timeline.go  everything done with a mandate, or for a citizen
//	entry.go     one entry, with its proof and what stands around it
//	line.go      entries as pages show them; meaning.go in plain words
//	unsealing.go whom a pseudonym stands for, for two auditors; asking.go asks
//	export.go    the journal to take away, or a part of it
//	samples.go   samples of entries that nobody chose
package auditor

import (
	"log/slog"
	"net/http"

	"mandat/internal/anomaly"
	"mandat/internal/clock"
	"mandat/internal/comparison"
	"mandat/internal/db"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
	"mandat/internal/journal/format"
	"mandat/internal/journal/search"
	"mandat/internal/journal/tree"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/session"
	"mandat/internal/unsealing"
)

// Site serves the auditors' pages.
type Site struct {
	Pages      *page.Pages
	Journal    *journal.Journal
	Auditor    *db.DB // the auditors' login
	Desk       *search.Desk
	Sessions   *session.Sessions
	Unsealings *unsealing.Register
	Inquiries  *inquiry.Register
	Anomalies  *anomaly.Register
	Log        *tree.Log
	Keys       *format.Keys // of the journal
	Catalogue  *procedure.Catalogue
	Clock      *clock.Clock
	Logger     *slog.Logger

	turns turns
}

// Mount adds the site's routes.
func (s *Site) Mount(r *page.Router) {
	r.Get("/audit", page.Auditor, s.showHome)
	r.Get("/audit/journal", page.Auditor, s.listEntries)
	r.Get("/audit/journal/{index}", page.Auditor, s.showEntry)
	r.Get("/audit/journal/{index}/preuve", page.Auditor, s.sendProof)
	r.Get("/audit/journal/{index}/ecriture", page.Auditor, s.sendLine)
	r.Get("/audit/mandats/{mandate}", page.Auditor, s.showMandate)
	r.Get("/audit/usagers/{citizen}", page.Auditor, s.showCitizen)
	r.Post("/audit/comparaison", page.Auditor, s.doCompare)
	r.Get("/audit/export", page.Auditor, s.showExport)
	r.Post("/audit/export", page.Auditor, s.doExport)
	s.mountUnsealings(r)
}

var (
	trail  = []page.Link{{Href: "/audit", Text: "auditor.home.title"}}
	within = append(trail[:1:1], page.Link{Href: "/audit/journal", Text: "auditor.list.title"})
)

type homePage struct {
	page.Common
	Compared    bool
	Differences []journal.Difference
	Tree        string // the signed checkpoint, as it stands
	Checks      comparison.Checks
	Waiting     waiting
}

func (s *Site) showHome(w http.ResponseWriter, r *http.Request) error {
	return s.home(w, r, nil, false)
}

func (s *Site) home(w http.ResponseWriter, r *http.Request, found []journal.Difference, compared bool) error {
	data := &homePage{Common: page.Common{Title: "auditor.home.title", Current: "/audit"}, Compared: compared, Differences: found}
	checkpoint, err := s.Log.Checkpoint(r.Context())
	if err != nil {
		return err
	}
	data.Tree = string(checkpoint)
	if data.Checks, err = comparison.Checked(r.Context(), s.Auditor); err != nil {
		return err
	}
	if data.Waiting, err = s.waits(r.Context(), session.From(r.Context()).Actor()); err != nil {
		return err
	}
	return s.Pages.Render(w, r, http.StatusOK, "auditor/home.html", data)
}

type compared struct {
	Differences int `json:"differences"`
}

// doCompare answers a POST with a page, because the result belongs to this moment and is nothing to come back to.
func (s *Site) doCompare(w http.ResponseWriter, r *http.Request) error {
	at := session.From(r.Context())
	end, err := begin(&s.turns.comparisons, mostComparisons, "/audit")
	if err != nil {
		return err
	}
	defer end()
	found, err := comparison.Run(r.Context(), s.Auditor)
	if err != nil {
		return err
	}
	err = s.Journal.Record(r.Context(), at.Actor(), func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "journal.compared", Detail: compared{len(found)}}, nil
	})
	if err != nil {
		return err
	}
	return s.home(w, r, found, true)
}
