package referent

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/certification"
	"mandat/internal/certs"
	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/pdf"
	"mandat/internal/session"
)

// office is the site with people, on a database of its own.
type office struct {
	*fixture.World
	handler     http.Handler
	sessions    *session.Sessions
	invitations *invitation.Register
	credentials *credential.Register
	boss        journal.Actor // referent of Here, no aidant
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{World: fixture.New(t)}
	o.boss = o.Referent(t, o.Here, "rose")
	o.sessions = session.New(o.DB, o.Clock, false)
	o.invitations = invitation.New(o.DB, o.Journal, o.Directory, o.Clock)
	var err error
	if o.credentials, err = credential.New(o.DB, o.Journal, o.Keys, o.Clock, credential.Config{RPID: "localhost", Origins: []string{"http://localhost"}, Name: "Mandat"}, credential.Hooks{}); err != nil {
		t.Fatal(err)
	}
	pages := pagetest.Pages(t)
	r := page.NewRouter(page.RouterOptions{Pages: pages, Log: slog.New(slog.NewTextHandler(failLog{t}, nil))})
	r.Guard(page.Referent, o.sessions.Referent)
	(&Site{Pages: pages, Sessions: o.sessions, Directory: o.Directory, Invitations: o.invitations, Credentials: o.credentials, Mandates: o.Mandates, Catalogue: o.Catalogue,
		Press: press(t, o.World), Clock: o.Clock}).Mount(r)
	o.handler = r.Start()
	return o
}

func press(t *testing.T, w *fixture.World) *certification.Press {
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
	return certification.NewPress(certification.New(w.DB, w.Journal, w.Keys, w.Clock, 700), w.Directory, sealer, w.Clock)
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
	office *office
	cookie string
}

// visit signs somebody in, whose second factor was given at a time.
func (o *office) visit(t *testing.T, by journal.Actor, factorAt time.Time) *browser {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	empty, err := o.sessions.Ensure(w, r)
	if err != nil {
		t.Fatal(err)
	}
	who, err := o.Directory.Find(t.Context(), by.Person)
	if err != nil {
		t.Fatal(err)
	}
	in := session.SignedIn{Person: by.Person, Places: session.Places(who, ""), Method: session.ByProConnect, FactorAt: factorAt, FactorKind: session.FactorProConnect}
	if len(in.Places) == 0 {
		in.Role = string(by.Kind)
	}
	var opened session.Opened
	err = o.Journal.Record(t.Context(), by, func(tx *journal.Tx) (journal.Event, error) {
		opened, err = o.sessions.Open(t.Context(), tx, empty, in)
		return journal.Event{Action: "session.opened"}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, office: o, cookie: opened.Secret()}
}

func (o *office) rose(t *testing.T) *browser {
	t.Helper()
	return o.visit(t, o.boss, o.Clock.Now())
}

// answer is a response that was read.
type answer struct {
	status         int
	location, body string
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
	b.office.handler.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		b.t.Fatal(err)
	}
	a := answer{w.Code, w.Header().Get("Location"), string(body)}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") && a.location == "" {
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
		b.t.Errorf("got %d %s, want %d\n%s", a.status, a.location, status, main(a.body))
	}
	for _, w := range words {
		if !strings.Contains(a.body+" "+a.location, w) {
			b.t.Errorf("%q is not in %d %s\n%s", w, a.status, a.location, main(a.body))
		}
	}
	return a
}

// main is the part of a page that differs from page to page.
func main(body string) string {
	_, body, _ = strings.Cut(body, "<main")
	body, _, _ = strings.Cut(body, "</main")
	return body
}

// without fails when one of these words is in an answer.
func (b *browser) without(a answer, words ...string) {
	b.t.Helper()
	for _, w := range words {
		if strings.Contains(a.body, w) {
			b.t.Errorf("%q is in %d\n%s", w, a.status, main(a.body))
		}
	}
}

// rows counts, behind the pages.
func (o *office) rows(t *testing.T, sql string, args ...any) int {
	t.Helper()
	var got int
	if err := o.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		return tx.QueryRow(t.Context(), sql, args...).Scan(&got)
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

// both makes Paul a referent of Here too.
func (o *office) both(t *testing.T) journal.Actor {
	t.Helper()
	if err := o.Directory.GiveRole(t.Context(), o.boss, o.Paul.Person, org.RoleReferent); err != nil {
		t.Fatal(err)
	}
	by := o.Paul
	by.Kind = journal.Referent
	return by
}

func path(by journal.Actor) string { return personPath(by.Person) }

func invitationPath(id uuid.UUID) string { return "/referent/invitations/" + id.String() }
