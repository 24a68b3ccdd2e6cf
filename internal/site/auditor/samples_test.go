package auditor

import (
	"encoding/json"
	"net/url"
	"testing"

	"mandat/internal/journal"
	"mandat/internal/journal/draw"
	"mandat/internal/journal/format"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/procedure"
	"mandat/internal/sampling"
)

func TestSamples_AreSound(t *testing.T) {
	t.Parallel()
	catalogue, err := procedure.Load()
	if err != nil {
		t.Fatal(err)
	}
	of := func(state string) sampling.Sample {
		return sampling.Sample{ID: someID, Year: 2026, Number: 7, State: state, OrderedBy: someID, OrderedAt: now, EndsAt: now, Wanted: 20}
	}
	done := of(sampling.Drawn)
	done.Witnessed, done.Size, done.StampedAt, done.Population, done.EndedAt, done.DrawnBy, done.Entries, done.Checked = 10, 20, now, 9, now, someID, 2, 2
	half := done
	half.Checked, half.DrawnBy = 1, [16]byte{}
	late, unshared := of(sampling.Lapsed), of(sampling.Lapsed)
	late.Why, unshared.Why, unshared.Bound = draw.WhyLate, draw.WhyShare, true
	list := func(change func(*samplesPage)) func() page.Page {
		return func() page.Page {
			p := &samplesPage{Common: page.Common{Title: samplesLink.Text, Trail: trail, Form: page.FilledForm(nil)}, Groups: groups(), Themes: catalogue.Themes(), Reasons: sampling.Reasons(), Most: draw.Most}
			change(p)
			return p
		}
	}
	wrong := page.FilledForm(url.Values{"acte": {"power.used"}, "demarche": {"caf-rsa"}, "motif": {sampling.Routine}, "empreinte": {"x"}, "nombre": {"501"}})
	for _, name := range []string{"structure", "service", "du", "du_heure", "au", "au_heure", "nombre", "motif", "empreinte"} {
		wrong.Fail(name, "samples.wrong.wanted")
	}
	one := func(s sampling.Sample, waits string, change func(*samplePage)) func() page.Page {
		return func() page.Page {
			p := &samplePage{Common: page.Common{Title: "samples.one.title", TitleArgs: map[string]any{"Number": "2026-0007"}, Trail: underSamples, Form: page.FilledForm(nil)}, Sample: sample{s}, Waits: waits, Page: 1, Last: 1,
				Order: draw.Order{Reason: sampling.Incident, Witnesses: []string{"temoin.test/w+01234567", "autre.test/w+89abcdef"}}, Place: 4}
			p.Whole.Waits, p.Whole.Since = waits, now
			change(p)
			return p
		}
	}
	same := func(*samplePage) {}
	empty := of(sampling.Drawn)
	empty.Witnessed, empty.Size, empty.StampedAt, empty.EndedAt = 10, 20, now, now
	unknown := page.FilledForm(nil)
	unknown.Fail("secret", "samples.wrong.secret")
	first := line{Entry: &journal.Entry{ID: 7, At: now, Action: "power.used", Organisation: someID, Citizen: someID, Index: 4, Body: json.RawMessage(`{}`)}, Says: "L’aidant a utilisé le mandat."}
	pages := []struct {
		name string
		data func() page.Page
	}{
		{"sample/list.html", list(func(*samplesPage) {})},
		{"sample/list.html", list(func(p *samplesPage) { p.Refused = "samples.refused.witnesses" })},
		{"sample/list.html", list(func(p *samplesPage) {
			p.Form, p.Notice, p.Samples = wrong, "samples.done.ordered", []sample{{of(sampling.Ordered)}, {half}, {done}, {late}}
		})},
		{"sample/one.html", one(of(sampling.Ordered), sampling.ForTree, func(p *samplePage) { p.Place = -1 })},
		{"sample/one.html", one(of(sampling.Ordered), sampling.ForShare, func(p *samplePage) {
			p.Form, p.Sample.Bound = unknown, true
			p.Whole.Moment.Drawn = format.Checkpoint{Origin: "mandat.test/journal", Size: 20}
			p.Order.Population = draw.Population{Actions: []string{"power.used", "mandate.signed"}, Organisation: someID.String(), Procedure: "caf-rsa", Service: "caf", Since: "2026-11-21T10:00:03.000000Z", Until: "2026-11-21T10:00:03.000000Z"}
			p.Population, p.Procedure = []about{{Sort: "organisation", ID: someID, Href: "/audit/journal?structure=x"}}, "RSA"
		})},
		{"sample/one.html", one(of(sampling.Ordered), sampling.ForDraw, func(p *samplePage) {
			p.Sample.Bound, p.Sample.SharedBy, p.Sample.SharedAt, p.Sample.Looked = true, someID, now, 3
			p.Whole.Moment.Drawn = format.Checkpoint{Origin: "mandat.test/journal", Size: 20}
		})},
		{"sample/one.html", one(of(sampling.Ordered), sampling.ForStamp, func(p *samplePage) { p.Order.Population.Procedure = "gone" })},
		{"sample/one.html", one(late, "", same)}, {"sample/one.html", one(unshared, "", same)}, {"sample/one.html", one(empty, "", same)},
		{"sample/one.html", one(half, "", func(p *samplePage) {
			p.Notice, p.Page, p.Last = "samples.done.nothing", 2, 3
			p.Drawn = []drawn{{Entry: sampling.Entry{Index: 4}, Line: &first}, {Entry: sampling.Entry{Index: 5}}, {Entry: sampling.Entry{Index: 6}, Line: &first, Mine: true},
				{Entry: sampling.Entry{Index: 7, Outcome: sampling.Nothing, By: someID, At: now}, Line: &first}, {Entry: sampling.Entry{Index: 8, Outcome: sampling.InCase, Inquiry: someID, By: someID, At: now}, Line: &first}}
		})},
		{"sample/one.html", one(done, "", func(p *samplePage) { p.Page, p.Last = 3, 3 })},
	}
	for _, waits := range []string{sampling.ForWitnesses, sampling.ForDraw, sampling.ForPolicy} {
		pages = append(pages, struct {
			name string
			data func() page.Page
		}{"sample/one.html", one(of(sampling.Ordered), waits, same)})
	}
	var names []string
	for _, p := range pages {
		names = append(names, p.name)
		for _, lang := range pagetest.Languages {
			pagetest.Render(t, pagetest.Pages(t), p.name, lang, sofia, p.data())
		}
	}
	pagetest.Covered(t, pagetest.Pages(t), "sample", names)
}
