package aidant

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"mandat/internal/attestation"
	"mandat/internal/client"
	"mandat/internal/decision"
	"mandat/internal/dossier"
	"mandat/internal/erasure"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/receipt"
	"mandat/internal/report"
	"mandat/internal/session"
	counterpages "mandat/internal/site/counter"
	"mandat/internal/sitetest"
)

// counter is the site with people, on a database of its own.
type counter struct {
	*sitetest.Office
	phones    *fixture.Telephone
	decisions *decision.Point
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	c := &counter{Office: sitetest.New(t)}
	c.phones = c.Telephone(t)
	clients, err := client.New([]client.Client{service()})
	if err != nil {
		t.Fatal(err)
	}
	known, err := clients.Find(t.Context(), serviceID)
	if err != nil {
		t.Fatal(err)
	}
	c.decisions = decision.New(decision.Config{DB: c.DB, Journal: c.Journal, Clients: clients, Citizens: c.Citizens, Drafts: c.Drafts, Catalogue: c.Catalogue, Keys: c.Keys, Clock: c.Clock,
		Who: func(*http.Request) (*client.Client, error) { return known, nil }, Note: c.Sessions.Note})
	press := attestation.New(c.DB, c.Journal, c.Mandates, c.Citizens, sitetest.Sealer(t), attestation.Settings{BaseURL: "http://localhost", Phone: "1", Email: "x", Address: "y"}, c.Clock)
	reports := report.New(c.DB, c.Journal, c.Mandates, c.Citizens, c.Clock).Naming(clients.Name)
	c.Serve(t, (&Site{Pages: c.Pages, Sessions: c.Sessions, Mandates: c.Mandates, Caseload: c.Caseload, Drafts: c.Drafts, Directory: c.Directory, Catalogue: c.Catalogue, Journal: c.Journal, Press: press, Clock: c.Clock, Decisions: c.decisions, Clients: clients,
		Receipts:       receipt.New(c.DB, c.Journal, c.Mandates, sitetest.Keys(t), receipt.Settings{BaseURL: "http://localhost"}, c.Clock),
		Certifications: c.Certifications, Phones: c.phones.Phones, Reports: reports,
		Erasures: erasure.New(c.DB, c.Journal, c.phones.Phones, c.Clock, nil),
		Dossiers: dossier.New(dossier.Parts{DB: c.DB, Journal: c.Journal, Citizens: c.Citizens, Mandates: c.Mandates, Drafts: c.Drafts, Reports: reports, Catalogue: c.Catalogue, Clock: c.Clock})}).Mount,
		(&counterpages.Site{Pages: c.Pages, Sessions: c.Sessions, Mandates: c.Mandates, Drafts: c.Drafts, Directory: c.Directory, Catalogue: c.Catalogue, Clock: c.Clock}).Mount)
	return c
}

// browser is the browser of somebody at the counter.
type browser struct {
	*sitetest.Browser
	t    *testing.T
	site *counter
}

// visit signs somebody in for their organisation, in one of their roles there.
func (c *counter) visit(t *testing.T, by journal.Actor, role string, factorAt time.Time) *browser {
	t.Helper()
	return &browser{c.Visit(t, by, factorAt, session.Place{Organisation: by.Organisation, Role: role}), t, c}
}

func (c *counter) jeanne(t *testing.T) *browser {
	t.Helper()
	return c.visit(t, c.Jeanne, session.Aidant, c.Clock.Now())
}

var draftPath = regexp.MustCompile(`^/brouillons/([0-9a-f-]{36})/identite$`)

// start enters good terms and returns the draft's path.
func (b *browser) start() string {
	b.t.Helper()
	a := b.Post("/mandats/nouveau", "procedures", fixture.Tax, "procedures", fixture.Housing, "days", "31", "no_protection", "on", "informed", "on")
	m := draftPath.FindStringSubmatch(a.Location)
	if a.Status != http.StatusSeeOther || m == nil {
		b.t.Fatalf("start: %d %s", a.Status, a.Location)
	}
	return "/brouillons/" + m[1]
}

// wantRows counts, behind the pages.
func (c *counter) wantRows(t *testing.T, want int, sql string, args ...any) {
	t.Helper()
	if got := c.Count(t, sql, args...); got != want {
		t.Errorf("%s: %d, want %d", sql, got, want)
	}
}
