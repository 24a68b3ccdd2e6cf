package auditor

import (
	"testing"

	"mandat/internal/anomaly"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/recipient"
)

func TestSignalPages_AreSound(t *testing.T) {
	t.Parallel()
	raised := recipient.Signal{ID: someID, Kind: recipient.Denied, Entries: []int64{3, 12}, Words: "La personne dit non.", State: recipient.Raised, RaisedBy: someID, RaisedAt: now}
	taken, closed := raised, raised
	taken.State, taken.Case, taken.TakenAt = recipient.InCase, someID, now
	closed.State, closed.Outcome, closed.ClosedAt, closed.Words = recipient.Closed, recipient.Unfounded, now, ""
	wrong := page.FilledForm(nil)
	wrong.Fail("suite", "receiving.queue.wrong.outcome")
	one := func(s recipient.Signal, f *page.Form, in string) func() page.Page {
		return func() page.Page {
			return &signalPage{Common: page.Common{Title: "receiving.queue.one", Trail: append(trail[:1:1], signalsLink), Form: f}, Signal: s, By: "0123", Case: in, Cases: []anomaly.Case{{ID: someID, Name: "2026-0001"}}, Outcomes: recipient.Outcomes()}
		}
	}
	for _, p := range []struct {
		name string
		data func() page.Page
	}{
		{"recipients/queue.html", func() page.Page { return &signalsPage{Common: page.Common{Title: signalsLink.Text, Trail: trail}} }},
		{"recipients/queue.html", func() page.Page {
			return &signalsPage{Common: page.Common{Title: signalsLink.Text, Trail: trail}, Signals: []recipient.Signal{raised, taken, closed}, Notice: "receiving.queue.was_closed"}
		}},
		{"recipients/dealing.html", one(raised, wrong, "")},
		{"recipients/dealing.html", one(taken, page.FilledForm(nil), someID.String())},
		{"recipients/dealing.html", one(closed, page.FilledForm(nil), "")},
	} {
		for _, lang := range pagetest.Languages {
			pagetest.Render(t, pagetest.Pages(t), p.name, lang, sofia, p.data())
		}
	}
}
