package page_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
)

func pages(t *testing.T) *page.Pages {
	t.Helper()
	return pagetest.Pages(t)
}

type site struct {
	*page.Router
	log  bytes.Buffer
	seen []string
}

func newSite(t *testing.T, o page.RouterOptions) *site {
	t.Helper()
	s := &site{}
	o.Pages = pages(t)
	o.Log = slog.New(slog.NewJSONHandler(&s.log, nil))
	o.Observe = func(pattern string, status int, _ time.Duration) {
		s.seen = append(s.seen, fmt.Sprintf("%s %d", pattern, status))
	}
	s.Router = page.NewRouter(o)
	return s
}

func (s *site) do(method, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	s.Start().ServeHTTP(w, r)
	return w
}

func answer(text string) page.Handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func TestStart_RefusesRouteWithoutGuard(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{})
	s.Get("/espace", page.Aidant, answer(""))
	defer func() {
		if recover() == nil {
			t.Error("a route whose audience has no guard was served")
		}
	}()
	s.Start()
}

func TestGuard_Refuses(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{})
	s.Guard(page.Aidant, func(http.ResponseWriter, *http.Request) (*http.Request, error) { return nil, page.ErrForbidden })
	s.Guard(page.Auditor, func(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
		http.Redirect(w, r, "/connexion", http.StatusSeeOther)
		return nil, nil
	})
	s.Get("/a", page.Aidant, answer("secret"))
	s.Get("/b", page.Auditor, answer("secret"))
	if w := s.do("GET", "/a"); w.Code != 403 || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("refused by its guard: got %d", w.Code)
	}
	if w := s.do("GET", "/b"); w.Code != 303 || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("answered by its guard: got %d", w.Code)
	}
}

func TestErrors_BecomePages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		text   string
	}{
		{fmt.Errorf("find: %w", db.ErrNotFound), 404, "Cette page n’existe pas"},
		{page.ErrForbidden, 403, "Vous n’avez pas accès"},
		{db.ErrConflict, 409, "Quelqu’un d’autre"},
		{&page.Problem{Status: 410, Title: "page.home", What: "page.site", Next: "page.home"}, 410, "Accueil"},
		{errors.New("marked-cause"), 500, "de notre côté"},
		{fmt.Errorf("marked-cause: %w", &pgconn.PgError{Code: "57P01"}), 503, "rechargez la page"},
	} {
		s := newSite(t, page.RouterOptions{})
		s.Get("/x", page.Public, func(http.ResponseWriter, *http.Request) error { return c.err })
		w := s.do("GET", "/x")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.text) {
			t.Errorf("%v: got %d\n%s", c.err, w.Code, w.Body)
		}
		if strings.Contains(w.Body.String(), "marked-cause") {
			t.Error("the cause of a 500 is shown")
		}
		if logged := strings.Count(s.log.String(), `"msg":"failed"`); logged != map[bool]int{true: 1, false: 0}[c.status >= 500] {
			t.Errorf("%v: logged %d times", c.err, logged)
		}
		id := w.Header().Get("X-Request-Id")
		if len(id) != 16 || !strings.Contains(w.Body.String(), id) || !strings.Contains(s.log.String(), id) {
			t.Errorf("%v: request id %q is not in header, page and log", c.err, id)
		}
	}
}

// An outage of ours is an error in the log, one of a provider's a warning; both say when to come back.
func TestOutages(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{})
	down := fmt.Errorf("read: %w", io.ErrUnexpectedEOF)
	fail := func(err error) page.Handler {
		return func(http.ResponseWriter, *http.Request) error { return err }
	}
	s.Get("/ours", page.Public, fail(down))
	s.Get("/theirs", page.Public, fail(&page.Problem{Status: 503, Title: "page.home", What: "page.site", Next: "page.home", Cause: errors.New("time-out")}))
	s.Get("/client", page.Client, fail(down))
	s.Get("/protocol", page.Public, fail(down))
	s.Outage("GET /protocol", func(w http.ResponseWriter, r *http.Request) error {
		http.Redirect(w, r, "/elsewhere", http.StatusSeeOther)
		return nil
	})
	s.Get("/untrusted", page.Public, fail(down))
	s.Outage("GET /untrusted", fail(errors.New("to nobody")))
	for path, want := range map[string]struct {
		status      int
		body, level string
	}{
		"/ours":      {503, "rechargez la page", "ERROR"},
		"/theirs":    {503, "<h1", "WARN"},
		"/client":    {503, `{"error":"temporarily_unavailable"}`, "ERROR"},
		"/protocol":  {303, "/elsewhere", "ERROR"},
		"/untrusted": {503, "rechargez la page", "ERROR"},
	} {
		s.log.Reset()
		w := s.do("GET", path)
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.body) || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d, Retry-After %q\n%s", path, w.Code, w.Header().Get("Retry-After"), w.Body)
		}
		if !strings.Contains(s.log.String(), `"level":"`+want.level+`","msg":"failed"`) {
			t.Errorf("%s: logged %s", path, &s.log)
		}
	}
}

func TestPanic_IsA500AndKeepsItsValue(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{})
	s.Get("/x", page.Public, func(http.ResponseWriter, *http.Request) error { panic("marked-value") })
	w := s.do("GET", "/x")
	if w.Code != 500 || !strings.Contains(s.log.String(), `"msg":"panic"`) {
		t.Errorf("got %d, log %s", w.Code, &s.log)
	}
	if strings.Contains(s.log.String()+w.Body.String(), "marked-value") {
		t.Error("the panic's value got out")
	}
}

func TestHalfAnAnswer_IsAborted(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{})
	s.Get("/x", page.Public, func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, "half")
		return errors.New("broken")
	})
	defer func() {
		if recover() != http.ErrAbortHandler { //nolint:errorlint // a panic carries it as it is
			t.Error("the browser is not told that the answer is broken")
		}
	}()
	s.do("GET", "/x")
}

func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{})
	s.Post("/x", page.Public, answer(""))
	s.Get("/client", page.Client, func(http.ResponseWriter, *http.Request) error { return errors.New("x") })
	if w := s.do("GET", "/nowhere"); w.Code != 404 || !strings.Contains(w.Body.String(), "<h1>") {
		t.Errorf("unknown path: %d", w.Code)
	}
	if w := s.do("GET", "/x"); w.Code != 405 || w.Header().Get("Allow") == "" {
		t.Errorf("unknown method: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
	if w := s.do("GET", "/"+strings.Repeat("a", 9000)); w.Code != 414 {
		t.Errorf("long URL: %d", w.Code)
	}
	if w := s.do("GET", "/client"); w.Code != 500 || w.Body.String() != "{\"error\":\"server_error\"}\n" {
		t.Errorf("a program got %d %s", w.Code, w.Body)
	}
}

// What is no text reaches no handler: PostgreSQL would refuse it, and we would call that our own failure.
func TestAddresses_AreText(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{})
	s.Get("/card/{serial}", page.Public, func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, r.PathValue("serial")+r.URL.Query().Get("q"))
		return err
	})
	for path, want := range map[string]int{
		"/card/caf%C3%A9?q=%E2%82%AC+100%25": 200, "/card/%00": 400, "/card/%ff": 400, "/card/a?q=%00": 400, "/card/a?q=%ff": 400, "/card/a?q=%zz": 400,
	} {
		if w := s.do("GET", path); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

func TestCrossOrigin_OnlyNamedExceptions(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{CrossOrigin: []string{"POST /open"}})
	s.Post("/open", page.Browser, answer("in"))
	s.Post("/closed", page.Browser, answer("in"))
	s.Post("/token", page.Client, answer("in"))
	foreign := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
	if w := s.do("POST", "/open", foreign); w.Code != 200 {
		t.Errorf("named exception: %d", w.Code)
	}
	if w := s.do("POST", "/closed", foreign); w.Code != 403 {
		t.Errorf("cross-site POST: %d", w.Code)
	}
	if w := s.do("POST", "/token", foreign); w.Code != 403 || w.Body.String() != "{\"error\":\"invalid_request\"}\n" {
		t.Errorf("cross-site POST to a program's endpoint: %d %s", w.Code, w.Body)
	}
	if w := s.do("POST", "/closed"); w.Code != 200 {
		t.Errorf("own POST: %d", w.Code)
	}
}

func TestBody_IsLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{})
	s.Post("/x", page.Public, func(w http.ResponseWriter, r *http.Request) error {
		_, err := page.ParseForm(r)
		return err
	})
	w := s.do("POST", "/x", func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = io.NopCloser(strings.NewReader("a=" + strings.Repeat("x", 70_000)))
	})
	if w.Code != 413 {
		t.Errorf("70 kB of form: got %d", w.Code)
	}
}

func TestFullServer_SaysSoEarly(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{MaxRequests: 1})
	inside, leave := make(chan struct{}), make(chan struct{})
	s.Get("/slow", page.Public, func(http.ResponseWriter, *http.Request) error {
		close(inside)
		<-leave
		return nil
	})
	s.Get("/healthz", page.Probe, answer("ok"))
	h := s.Start()
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/slow", nil))
	}()
	<-inside
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/slow", nil))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("full: got %d", w.Code)
	}
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
	if w.Code != 200 {
		t.Errorf("health of a full server: got %d", w.Code)
	}
	close(leave)
	<-done
}

func TestAccessLog_HasThePatternOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{})
	s.Get("/v/{token}", page.Public, answer("x"))
	s.do("GET", "/v/marked-token?q=marked-query", func(r *http.Request) {
		r.Header.Set("Referer", "https://marked.example/")
		r.Header.Set("User-Agent", "marked")
		r.RemoteAddr = "192.0.2.77:1"
	})
	s.do("GET", "/marked-path")
	s.do("MARKED", "/v/x")
	if log := s.log.String(); strings.Contains(strings.ToLower(log), "marked") || strings.Contains(log, "192.0.2.77") || !strings.Contains(log, `"route":"GET /v/{token}"`) {
		t.Errorf("access log: %s", log)
	}
	if strings.Join(s.seen, ",") != "GET /v/{token} 200,other 404,other 405" {
		t.Errorf("metrics: %v", s.seen)
	}
}
