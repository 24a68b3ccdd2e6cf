package counter

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/attestation"
	"mandat/internal/credential"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/report"
	"mandat/internal/session"
	"mandat/internal/site/aidant"
	"mandat/internal/sitetest"
)

// counter is the site with people, on a database of its own, and the aidants' other pages beside it.
type counter struct {
	*sitetest.Office
	tel     *fixture.Telephone
	factors *credential.Register
	press   *attestation.Press
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	c := &counter{Office: sitetest.New(t)}
	c.tel, c.factors = c.Telephone(t), c.Credentials(t)
	c.Mandates = mandate.New(c.DB, c.Journal, c.Citizens, c.Drafts, c.factors, c.Catalogue, c.Keys, c.Clock)
	c.press = newPress(t, c.Office)
	c.Serve(t, (&Site{Pages: c.Pages, Sessions: c.Sessions, Mandates: c.Mandates, Drafts: c.Drafts, Directory: c.Directory, Catalogue: c.Catalogue, Clock: c.Clock,
		Phones: c.tel.Phones, Consents: c.tel.Consents, Press: c.press, FranceConnect: "https://fc.example"}).Mount,
		(&aidant.Site{Pages: c.Pages, Sessions: c.Sessions, Mandates: c.Mandates, Caseload: c.Caseload, Drafts: c.Drafts, Directory: c.Directory, Catalogue: c.Catalogue, Journal: c.Journal, Clock: c.Clock,
			Certifications: c.Certifications, Phones: c.tel.Phones, Reports: report.New(c.DB, c.Journal, c.Mandates, c.Citizens, c.Clock)}).Mount)
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

var (
	identified = regexp.MustCompile(`name="version" value="([^"]+)"`)
	whatShown  = regexp.MustCompile(`name="shown" value="([^"]+)"`)
)

// sign reads the recap of a draft and confirms what it shows, with a right answer to its question.
func (b *browser) sign(draft string, fields ...string) sitetest.Answer {
	b.t.Helper()
	return b.Post(draft+"/signature", append(b.filled(draft, "understood", "until", "private", "on"), fields...)...)
}

// filled is the form of a draft's recap with fields in it.
func (b *browser) filled(draft string, fields ...string) []string {
	b.t.Helper()
	body := b.Get(draft + "/recapitulatif").Body
	m, shown := identified.FindStringSubmatch(body), whatShown.FindStringSubmatch(body)
	if m == nil || shown == nil {
		b.t.Fatal("the recap offers no signature")
	}
	form := []string{"version", m[1], "shown", shown[1]}
	if !slices.Contains(fields, "reading") {
		form = append(form, "reading", "self")
	}
	return append(form, fields...)
}

// wantRows counts, behind the pages.
func (c *counter) wantRows(t *testing.T, want int, sql string, args ...any) {
	t.Helper()
	if got := c.Count(t, sql, args...); got != want {
		t.Errorf("%s: %d, want %d", sql, got, want)
	}
}

// stepUp gives a second factor in a browser's session, for nobody in particular.
func (c *counter) stepUp(t *testing.T, b *browser) {
	t.Helper()
	c.stepUpFor(t, b, uuid.Nil)
}

func (c *counter) stepUpFor(t *testing.T, b *browser, citizen uuid.UUID) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/compte", nil)
	r.AddCookie(&http.Cookie{Name: "mandat", Value: b.Cookie})
	passed, err := c.Sessions.Account(httptest.NewRecorder(), r)
	if err != nil || passed == nil {
		t.Fatal("not signed in", err)
	}
	at := session.From(passed.Context())
	err = c.Journal.Record(t.Context(), at.Actor(), func(tx *journal.Tx) (journal.Event, error) {
		opened, err := c.Sessions.StepUp(t.Context(), tx, at, session.Factor{Kind: session.FactorApp, At: tx.Now, Citizen: citizen})
		b.Cookie = opened.Secret()
		return journal.Event{Action: "session.stepped_up"}, err
	})
	if err != nil {
		t.Fatal(err)
	}
}
