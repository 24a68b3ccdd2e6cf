package aidant

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"mandat/internal/attestation"
	"mandat/internal/certification"
	"mandat/internal/certs"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/pdf"
	"mandat/internal/session"
	"mandat/internal/token"
)

// counter is the site with people, on a database of its own.
type counter struct {
	*fixture.World
	handler  http.Handler
	sessions *session.Sessions
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	c := &counter{World: fixture.New(t)}
	authority, err1 := certs.NewAuthority(time.Now())
	seal, err2 := certs.NewSeal(authority, "Mandat", time.Now())
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	sealer, err := pdf.NewSealer(seal.Key, seal.Chain, "Mandat")
	if err != nil {
		t.Fatal(err)
	}
	pages := pagetest.Pages(t)
	c.sessions = session.New(c.DB, c.Clock, false)
	press := attestation.New(c.DB, c.Journal, c.Mandates, c.Citizens, sealer, attestation.Settings{BaseURL: "http://localhost", Phone: "1", Email: "x", Address: "y"}, c.Clock)
	r := page.NewRouter(page.RouterOptions{Pages: pages, Log: slog.New(slog.NewTextHandler(failLog{t}, nil))})
	r.Guard(page.Account, c.sessions.Account)
	r.Guard(page.Aidant, c.sessions.Aidant)
	(&Site{Pages: pages, Sessions: c.sessions, Mandates: c.Mandates, Directory: c.Directory, Catalogue: c.Catalogue, Journal: c.Journal, Press: press, Clock: c.Clock,
		Certifications: certification.New(c.DB, c.Journal, c.Keys, c.Clock, 70),
		FranceConnect:  "https://fc.example"}).Mount(r)
	c.handler = r.Start()
	return c
}

// failLog fails the test on every error that is logged: no refusal is a fault of ours.
type failLog struct{ t *testing.T }

func (l failLog) Write(b []byte) (int, error) {
	if strings.Contains(string(b), "level=ERROR") {
		l.t.Errorf("logged: %s", b)
	}
	return len(b), nil
}

// browser is one person's browser. It follows no redirect.
type browser struct {
	t      *testing.T
	site   *counter
	cookie string
	by     journal.Actor
}

// visit opens a session, as a sign-in does.
func (c *counter) visit(t *testing.T, by journal.Actor, role string, factorAt time.Time) *browser {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	empty, err := c.sessions.Ensure(w, r)
	if err != nil {
		t.Fatal(err)
	}
	var opened session.Opened
	err = c.Journal.Record(t.Context(), by, func(tx *journal.Tx) (journal.Event, error) {
		opened, err = c.sessions.Open(t.Context(), tx, empty, session.SignedIn{Person: by.Person, Places: []session.Place{{Organisation: by.Organisation, Role: role}},
			FactorAt: factorAt, FactorKind: session.FactorPasskey, Method: session.ByPasskey})
		return journal.Event{Action: "session.opened"}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	secret := opened.Secret()
	if err := c.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		return tx.QueryRow(t.Context(), `select id from session where cookie = $1`, token.Hash(secret)).Scan(&by.Session)
	}); err != nil {
		t.Fatal(err)
	}
	by.FactorAt = factorAt
	return &browser{t: t, site: c, cookie: secret, by: by}
}

func (c *counter) jeanne(t *testing.T) *browser {
	t.Helper()
	return c.visit(t, c.Jeanne, session.Aidant, c.Clock.Now())
}

// answer is a response that was read.
type answer struct {
	status   int
	location string
	header   http.Header
	body     string
}

func (b *browser) send(method, path string, form url.Values) answer {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "mandat", Value: b.cookie})
	}
	w := httptest.NewRecorder()
	b.site.handler.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		b.t.Fatal(err)
	}
	a := answer{w.Code, w.Header().Get("Location"), w.Header(), string(body)}
	if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") && a.location == "" {
		for _, fault := range pagetest.Faults(a.body) {
			b.t.Errorf("%s %s: %s", method, path, fault)
		}
	}
	return a
}

func (b *browser) get(path string) answer { return b.send(http.MethodGet, path, nil) }

func (b *browser) post(path string, fields ...string) answer {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.send(http.MethodPost, path, form)
}

// want fails unless the answer has this status, and these words in its page or its redirect.
func (b *browser) want(a answer, status int, words ...string) answer {
	b.t.Helper()
	if a.status != status {
		b.t.Errorf("got %d %s, want %d\n%.600s", a.status, a.location, status, a.body)
	}
	for _, w := range words {
		if !strings.Contains(a.body+" "+a.location, w) {
			b.t.Errorf("%q is not in %d %s\n%s", w, a.status, a.location, a.body)
		}
	}
	return a
}

var draftPath = regexp.MustCompile(`^/brouillons/([0-9a-f-]{36})/identite$`)

// start enters good terms and returns the draft's path.
func (b *browser) start() string {
	b.t.Helper()
	a := b.post("/mandats/nouveau", "procedures", fixture.Tax, "procedures", fixture.Housing, "days", "31", "no_protection", "on", "informed", "on")
	m := draftPath.FindStringSubmatch(a.location)
	if a.status != http.StatusSeeOther || m == nil {
		b.t.Fatalf("start: %d %s", a.status, a.location)
	}
	return "/brouillons/" + m[1]
}

var identified = regexp.MustCompile(`name="identified" value="([^"]+)"`)

// sign reads the recap of a draft and signs what it shows.
func (b *browser) sign(draft string, fields ...string) answer {
	b.t.Helper()
	m := identified.FindStringSubmatch(b.get(draft + "/recapitulatif").body)
	if m == nil {
		b.t.Fatal("the recap offers no signature")
	}
	return b.post(draft+"/signature", append([]string{"identified", m[1]}, fields...)...)
}

// wantRows counts, behind the pages.
func (c *counter) wantRows(t *testing.T, want int, sql string, args ...any) {
	t.Helper()
	var got int
	if err := c.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		return tx.QueryRow(t.Context(), sql, args...).Scan(&got)
	}); err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("%s: %d, want %d", sql, got, want)
	}
}
