// Package pagetest helps tests of pages: it renders a page struct as a browser would get it, and looks whether the HTML is
// what every page has to be.
package pagetest

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"mandat/internal/page"
	"mandat/web"
)

// Languages are those in which a page has to be rendered.
var Languages = []string{"fr", "en"}

// loaded are read once for all tests of a process: that takes longer than most tests.
var loaded = sync.OnceValues(func() (*page.Pages, error) { return page.Load(web.Files, page.Options{}) })

// Pages are the pages of the program, as a site has them that signs out at an example's ProConnect.
func Pages(t testing.TB) *page.Pages {
	t.Helper()
	return PagesFor(t, page.Options{SignOutOrigins: []string{"https://proconnect.example"}})
}

// PagesFor are the pages of the program for a site.
func PagesFor(t testing.TB, o page.Options) *page.Pages {
	t.Helper()
	p, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return p.For(o)
}

// Render renders a page in a language, for somebody signed in unless who.Name is "", and checks its HTML.
func Render(t testing.TB, p *page.Pages, name, lang string, who page.Who, data page.Page) string {
	t.Helper()
	r := page.NewRouter(page.RouterOptions{Pages: p, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	var failure error
	r.Get("/page", page.Public, func(w http.ResponseWriter, req *http.Request) error {
		if who.Name != "" {
			req = req.WithContext(page.WithWho(req.Context(), who))
		}
		failure = p.Render(w, req, http.StatusOK, name, data)
		return failure
	})
	req := httptest.NewRequest(http.MethodGet, "/page?lang="+lang, nil)
	w := httptest.NewRecorder()
	r.Start().ServeHTTP(w, req)
	if failure != nil {
		t.Fatal(failure)
	}
	body := w.Body.String()
	for _, fault := range Faults(body) {
		t.Errorf("%s in %s: %s", name, lang, fault)
	}
	if !strings.Contains(body, `<html lang="`+lang+`">`) {
		t.Errorf("%s: not in %s", name, lang)
	}
	return body
}

// Covered fails for each page of an area that is not among the names that were rendered.
func Covered(t testing.TB, p *page.Pages, area string, rendered []string) {
	t.Helper()
	for _, name := range p.Names() {
		if strings.HasPrefix(name, area+"/") && !slices.Contains(rendered, name) {
			t.Errorf("%s was never rendered: give it a fixture", name)
		}
	}
}
