package page_test

import (
	"net/http"
	"strings"
	"testing"

	"mandat/internal/page"
)

type problemFixture struct {
	page.Common
	Problem           page.Problem
	RequestID, Number string
}

func fixture() *problemFixture {
	return &problemFixture{Common: page.Common{Title: "page.home"}, Problem: page.Problem{Title: "page.home", What: "page.site", Next: "page.site", Link: "/", LinkText: "page.home"}}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{Secure: true})
	p := pages(t)
	s.Get("/x", page.Browser, func(w http.ResponseWriter, r *http.Request) error {
		f := fixture()
		f.FormOrigins = []string{"https://fc.example"}
		return p.Render(w, r.WithContext(page.WithWho(r.Context(), page.Who{Name: "Maëlle"})), 200, "page/problem.html", f)
	})
	h := s.do("GET", "/x").Header()
	for name, want := range map[string]string{
		"Content-Security-Policy":      "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; script-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' https://fc.example https://proconnect.example",
		"Cache-Control":                "no-store",
		"Referrer-Policy":              "no-referrer",
		"X-Content-Type-Options":       "nosniff",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"X-Robots-Tag":                 "noindex, nofollow",
		"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
		"Content-Language":             "fr",
		"Content-Type":                 "text/html; charset=utf-8",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := newSite(t, page.RouterOptions{}).do("GET", "/").Header().Get("Strict-Transport-Security"); got != "" {
		t.Errorf("HSTS on http: %q", got)
	}
}

func TestStatic_HashedAndKept(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{})
	body := s.do("GET", "/").Body.String()
	from := strings.Index(body, "/static/css/base.")
	if from < 0 {
		t.Fatalf("no style sheet in %s", body)
	}
	url := body[from : from+strings.Index(body[from:], `"`)]
	w := s.do("GET", url)
	if w.Code != 200 || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || !strings.Contains(w.Body.String(), `url("/static/fonts/atkinson-latin-400.`) {
		t.Errorf("%s: %d %v", url, w.Code, w.Header())
	}
	if w := s.do("GET", url, func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") }); w.Header().Get("Content-Encoding") != "gzip" {
		t.Error("not compressed")
	}
	if w := s.do("GET", "/static/css/base.css"); w.Code != 404 {
		t.Errorf("a static file without its hash: %d", w.Code)
	}
}

func TestRender_WritesNothingWhenTheTemplateFails(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{})
	p := pages(t)
	s.Get("/x", page.Public, func(w http.ResponseWriter, r *http.Request) error {
		f := fixture()
		f.Problem.Next = "page.no_such_text"
		return p.Render(w, r, 200, "page/problem.html", f)
	})
	if w := s.do("GET", "/x"); w.Code != 500 || strings.Count(w.Body.String(), "<html") != 1 || !strings.Contains(w.Body.String(), "de notre côté") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{})
	lang := func(target string, change func(*http.Request)) string {
		return s.do("GET", target, change).Header().Get("Content-Language")
	}
	none := func(*http.Request) {}
	wish := func(v string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Accept-Language", v) }
	}
	cookie := func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "lang", Value: "en"})
		r.Header.Set("Accept-Language", "fr")
	}
	for _, c := range []struct {
		target string
		change func(*http.Request)
		want   string
	}{
		{"/", none, "fr"}, {"/", wish("en-GB,fr;q=0.5"), "en"}, {"/", wish("de"), "fr"}, {"/", wish("\x00;;q"), "fr"},
		{"/", cookie, "en"}, {"/?lang=fr", cookie, "fr"}, {"/?lang=en", none, "en"}, {"/?lang=xx", none, "fr"},
	} {
		if got := lang(c.target, c.change); got != c.want {
			t.Errorf("%s: %q, want %q", c.target, got, c.want)
		}
	}
	if c := s.do("GET", "/?lang=en").Header().Get("Set-Cookie"); !strings.HasPrefix(c, "lang=en; Path=/;") || !strings.Contains(c, "HttpOnly") {
		t.Errorf("cookie %q", c)
	}
}

// A page with a module lets our own scripts run and speak to us, and nothing else; the module is a static file of ours.
func TestHeaders_OfAPageWithAModule(t *testing.T) {
	t.Parallel()
	s := newSite(t, page.RouterOptions{})
	p := pages(t)
	s.Get("/x", page.Browser, func(w http.ResponseWriter, r *http.Request) error {
		f := fixture()
		f.Scripts = []string{"js/passkey.js"}
		return p.Render(w, r, 200, "page/problem.html", f)
	})
	w := s.do("GET", "/x")
	const want = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
	if got := w.Header().Get("Content-Security-Policy"); got != want {
		t.Errorf("policy %q", got)
	}
	_, src, _ := strings.Cut(w.Body.String(), `<script type="module" src="`)
	src, _, _ = strings.Cut(src, `"`)
	if got := s.do("GET", src); got.Code != 200 || got.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("%q: %d %v", src, got.Code, got.Header())
	}
}
