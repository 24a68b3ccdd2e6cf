// Package sitetest serves the pages of one site to tests, in process and on a database of their own: offices with people in them, and
// browsers that follow no redirect. Each page that comes back is looked at by pagetest.Faults, and an error that is logged fails the
// test: no refusal is a fault of ours.
package sitetest

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mandat/internal/certs"
	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/oidc"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/pdf"
	"mandat/internal/session"
	"mandat/internal/token"
)

// Office is a site with people.
type Office struct {
	*fixture.World
	Pages    *page.Pages
	Sessions *session.Sessions
	handler  http.Handler
}

// New builds the people and what pages need. Serve puts the site on top.
func New(t testing.TB) *Office {
	t.Helper()
	w := fixture.New(t)
	return &Office{World: w, Pages: pagetest.Pages(t), Sessions: session.New(w.DB, w.Keys, w.Clock, false)}
}

// Serve starts a site, given its Mount.
func (o *Office) Serve(t testing.TB, mounts ...func(*page.Router)) {
	r := page.NewRouter(page.RouterOptions{Pages: o.Pages, Log: slog.New(slog.NewTextHandler(failLog{t}, nil))})
	for audience, guard := range map[page.Audience]page.Guard{page.Account: o.Sessions.Account, page.Aidant: o.Sessions.Aidant, page.Referent: o.Sessions.Referent,
		page.Administrator: o.Sessions.Administrator, page.Auditor: o.Sessions.Auditor, page.Fraud: o.Sessions.Fraud, page.Prefecture: o.Sessions.Prefecture} {
		r.Guard(audience, guard)
	}
	for _, mount := range mounts {
		mount(r)
	}
	o.handler = r.Start()
}

// failLog fails the test on every error that is logged.
type failLog struct{ t testing.TB }

func (l failLog) Write(b []byte) (int, error) {
	if strings.Contains(string(b), "level=ERROR") {
		l.t.Errorf("logged: %s", b)
	}
	return len(b), nil
}

// Credentials are the second factors of people.
func (o *Office) Credentials(t testing.TB) *credential.Register {
	t.Helper()
	c, err := credential.New(o.DB, o.Journal, o.Keys, o.Clock, credential.Config{RPID: "localhost", Origins: []string{"http://localhost"}, Name: "Mandat"}, credential.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Keys are keys that sign receipts, which nothing else has.
func Keys(t testing.TB) func() *oidc.KeySet {
	t.Helper()
	set, err := oidc.NewKeySet(fixture.Pair(t, oidc.ES256))
	if err != nil {
		t.Fatal(err)
	}
	return func() *oidc.KeySet { return set }
}

// Sealer seals documents with a key that nothing else has.
func Sealer(t testing.TB) *pdf.Sealer {
	t.Helper()
	authority, err1 := certs.NewAuthority(time.Now())
	seal, err2 := certs.NewSeal(authority, "Mandat", time.Now())
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	sealer, err := pdf.NewSealer(seal.Key, seal.Chain, "Mandat")
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

// Factor makes a person's second factor one that was given at an instant, in every browser, as if they had given it then.
func (o *Office) Factor(t testing.TB, by journal.Actor, at time.Time) {
	t.Helper()
	if _, err := o.Connect(t, o.Superuser).Exec(t.Context(), `update session set factor_at = $2 where person_id = $1`, by.Person, at); err != nil {
		t.Fatal(err)
	}
}

// Visit signs somebody in, whose second factor was given at a time: for all their organisations, or for the places that are given.
func (o *Office) Visit(t testing.TB, by journal.Actor, factorAt time.Time, places ...session.Place) *Browser {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	empty, err := o.Sessions.Ensure(w, r)
	if err != nil {
		t.Fatal(err)
	}
	who, err := o.Directory.Find(t.Context(), by.Person)
	if err != nil {
		t.Fatal(err)
	}
	in := session.SignedIn{Person: by.Person, Places: places, Method: session.ByProConnect, FactorAt: factorAt, FactorKind: session.FactorProConnect}
	if len(in.Places) == 0 {
		in.Places = session.Places(who, "")
	}
	if len(in.Places) == 0 {
		in.Role = string(by.Kind)
	}
	var opened session.Opened
	err = o.Journal.Record(t.Context(), by, func(tx *journal.Tx) (journal.Event, error) {
		opened, err = o.Sessions.Open(t.Context(), tx, empty, in)
		return journal.Event{Action: "session.opened"}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	secret := opened.Secret()
	o.row(t, &by.Session, `select id from session where cookie = $1`, token.Hash(secret))
	by.FactorAt = factorAt
	return &Browser{t: t, handler: o.handler, Cookie: secret, By: by}
}

// Stranger is a browser in which nobody is signed in.
func (o *Office) Stranger(t testing.TB) *Browser { return &Browser{t: t, handler: o.handler} }

// Count runs a statement that counts, behind the pages.
func (o *Office) Count(t testing.TB, sql string, args ...any) int {
	t.Helper()
	var n int
	o.row(t, &n, sql, args...)
	return n
}

func (o *Office) row(t testing.TB, to any, sql string, args ...any) {
	t.Helper()
	if err := o.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		return tx.QueryRow(t.Context(), sql, args...).Scan(to)
	}); err != nil {
		t.Fatal(err)
	}
}
