package admin

import (
	"bytes"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"mandat/internal/certification"
	"mandat/internal/credential"
	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/invitation"
	"mandat/internal/jobs"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/session"
	"mandat/internal/sirene"
)

// office is the site with people, on a database of its own.
type office struct {
	*fixture.World
	handler        http.Handler
	sessions       *session.Sessions
	invitations    *invitation.Register
	certifications *certification.Register
	credentials    *credential.Register
	ada, alan      journal.Actor // administrators
}

// minimum is the score from which a test is passed.
const minimum = 700

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{World: fixture.New(t)}
	o.ada, o.alan = o.Administrator(t, "ada"), o.Administrator(t, "alan")
	o.sessions = session.New(o.DB, o.Clock, false)
	o.invitations = invitation.New(o.DB, o.Journal, o.Directory, o.Clock)
	o.certifications = certification.New(o.DB, o.Journal, o.Keys, o.Clock, minimum)
	var err error
	if o.credentials, err = credential.New(o.DB, o.Journal, o.Keys, o.Clock, credential.Config{RPID: "localhost", Origins: []string{"http://localhost"}, Name: "Mandat"}, credential.Hooks{}); err != nil {
		t.Fatal(err)
	}
	businesses := httptest.NewServer(http.HandlerFunc(directory))
	t.Cleanup(businesses.Close)
	pages := pagetest.Pages(t)
	r := page.NewRouter(page.RouterOptions{Pages: pages, Log: slog.New(slog.NewTextHandler(failLog{t}, nil))})
	r.Guard(page.Administrator, o.sessions.Administrator)
	(&Site{Pages: pages, Sessions: o.sessions, Directory: o.Directory, Invitations: o.invitations, Certifications: o.certifications, Credentials: o.credentials,
		Board: jobs.NewBoard(o.DB), Businesses: sirene.New(businesses.URL, o.Clock), Clock: o.Clock}).Mount(r)
	o.handler = r.Start()
	return o
}

// known is an establishment that the directory of businesses knows, and unknown one that it does not. At a third one it fails.
const known, unknown, broken = "13002526500013", "21750001600019", "35600000049837"

// directory answers as the directory of businesses does.
func directory(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Query().Get("q") {
	case known:
		_, _ = io.WriteString(w, `{"results":[{"nom_complet":"x","nom_raison_sociale":"DIRECTION DU NUMERIQUE","siege":{"siret":"`+known+`","adresse":"20 AVENUE DE SEGUR 75007 PARIS","code_postal":"75007","libelle_commune":"PARIS","commune":"75107","etat_administratif":"A"},"matching_etablissements":[]}]}`)
	case unknown:
		_, _ = io.WriteString(w, `{"results":[]}`)
	default:
		w.WriteHeader(http.StatusInternalServerError)
	}
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

func (o *office) enter(t *testing.T) *browser {
	t.Helper()
	return o.visit(t, o.ada, o.Clock.Now())
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
	return b.do(r)
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
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
			b.t.Errorf("%s %s: %s", r.Method, r.URL.Path, fault)
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

func path(by journal.Actor) string { return personPath(by.Person) }

// upload sends a file, with other fields before it.
func (b *browser) upload(path, content string, fields ...string) answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		if err := form.WriteField(fields[i], fields[i+1]); err != nil {
			b.t.Fatal(err)
		}
	}
	file, err := form.CreateFormFile("file", "a.csv")
	if err == nil {
		_, err = io.WriteString(file, content)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.do(r)
}
