package browse_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"mandat/internal/browse"
)

// What the server's own defence makes of our headers.
func TestCrossOriginProtection(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<form method="post" action="/"><button>Envoyer</button></form>` + r.Method))
	})))
	t.Cleanup(server.Close)
	home := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	b := browse.New()
	must(t, b.Get(home))
	must(t, b.Press("Envoyer", nil))
	if b.Status() != http.StatusOK || !b.Has("POST") {
		t.Errorf("own form: %d %s", b.Status(), b.Text())
	}
	must(t, b.Post("/", url.Values{"x": {"1"}}))
	if b.Status() != http.StatusOK {
		t.Errorf("own post: %d", b.Status())
	}
	for _, page := range []string{"http://127.0.0.2/", "http://localhost:1/", "https://localhost/"} {
		must(t, b.PostFrom(page, home+"/", nil))
		if b.Status() != http.StatusForbidden {
			t.Errorf("form on %s: %d", page, b.Status())
		}
	}
}

func TestStopAt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := browse.New()
	b.StopAt("http://localhost:1/callback", "mandat:")
	must(t, b.Get(s.home+"/303?to="+url.QueryEscape("http://localhost:1/callback?code=c")))
	if !b.Stopped() || b.URL().Query().Get("code") != "c" || b.Status() != 0 {
		t.Errorf("at %s, stopped %v", b.URL(), b.Stopped())
	}
	must(t, b.Get("mandat:x"))
	must(t, b.Get(s.home+"/page"))
	if b.Stopped() {
		t.Error("still stopped on a page")
	}
	b.StopAt()
	if err := b.Get("mandat:x"); err == nil {
		t.Error("opened a scheme that it cannot")
	}
}

func TestCookiesOfAnotherBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b, thief := browse.New(), browse.New()
	must(t, b.Get(s.home+"/start"))
	must(t, b.Get(s.home+"/page"))
	if v, ok := b.Cookie("__Host-good"); !ok || v != "1" {
		t.Error("no cookie __Host-good")
	}
	names := []string{}
	for _, c := range b.Cookies() {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "__Host-good lax none plain secure strict sub" {
		t.Errorf("keeps %s", got)
	}
	if _, ok := thief.Cookie("plain"); ok {
		t.Error("two browsers share a jar")
	}
	thief.SetCookies(b.Cookies())
	must(t, thief.Get(s.home+"/page"))
	if got := s.requests(); !strings.Contains(got[len(got)-1], "plain=1; strict=1") {
		t.Errorf("%s", got[len(got)-1])
	}
}

func TestTooManyRedirects(t *testing.T) {
	t.Parallel()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, server.URL, http.StatusFound) }))
	t.Cleanup(server.Close)
	if err := browse.New().Get(server.URL); err == nil || !strings.Contains(err.Error(), "redirects") {
		t.Errorf("%v", err)
	}
}

func TestBind(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := browse.New()
	b.Bind(ctx)
	if err := b.Get(newSite(t).home); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestErrorsHideTheQuery(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := browse.New()
	must(t, b.Get(s.home+"/page?code=secret"))
	if err := b.Press("Signer", nil); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "/page") {
		t.Errorf("%v", err)
	}
}
