package public

import (
	"bytes"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mandat/internal/page/pagetest"
	"mandat/internal/procedure"
)

func TestCatalogue_IsOpenData(t *testing.T) {
	t.Parallel()
	w := newWindow(t)
	newest := procedure.Versions()[0]
	for path, file := range map[string]struct{ name, keep string }{
		"/catalogue.json":                {newest, "public, max-age=3600"},
		"/catalogue/" + newest + ".json": {newest, "public, max-age=31536000, immutable"},
		"/catalogue/2026-11-1.json":      {"2026-11-1", "public, max-age=31536000, immutable"},
	} {
		want, err := os.ReadFile(filepath.Join("..", "..", "procedure", "catalogues", file.name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		got := w.get(t, path)
		h := got.Header()
		if got.Code != http.StatusOK || !bytes.Equal(got.Body.Bytes(), want) || h.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s: %d %v, %d bytes of %d", path, got.Code, h, got.Body.Len(), len(want))
		}
		if h.Get("Cache-Control") != file.keep || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || h.Get("Set-Cookie") != "" {
			t.Errorf("%s: %v", path, h)
		}
		again := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		again.Header.Set("If-None-Match", h.Get("ETag"))
		kept := httptest.NewRecorder()
		if w.handler.ServeHTTP(kept, again); h.Get("ETag") == "" || kept.Code != http.StatusNotModified || kept.Body.Len() != 0 || kept.Header().Get("ETag") != h.Get("ETag") {
			t.Errorf("%s: %d for who has %s", path, kept.Code, h.Get("ETag"))
		}
	}
	for _, path := range []string{"/catalogue/2026-11-1", "/catalogue/2026-11-2.json", "/catalogue/.json", "/catalogue/..%2Fprocedure.json", "/catalogue/"} {
		if got := w.get(t, path); got.Code != http.StatusNotFound || got.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", path, got.Code, got.Header())
		}
	}
}

func TestCatalogue_ShowsEveryProcedure(t *testing.T) {
	t.Parallel()
	w := newWindow(t)
	c, err := procedure.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range pagetest.Languages {
		got := w.get(t, "/catalogue?lang="+lang)
		body := got.Body.String()
		if got.Code != http.StatusOK || got.Header().Get("Content-Language") != lang {
			t.Errorf("%s: %d %v", lang, got.Code, got.Header())
		}
		for _, theme := range c.Themes() {
			if !strings.Contains(body, `<details class="fr-accordion" id="`+theme.Key+`">`) {
				t.Errorf("%s: theme %s is not shown", lang, theme.Key)
			}
			for _, p := range theme.Procedures {
				if !strings.Contains(body, template.HTMLEscapeString(p.Name.In(lang))) || !strings.Contains(body, `href="`+p.Site+`"`) {
					t.Errorf("%s: %s is not shown", lang, p.Key)
				}
			}
		}
		for _, link := range []string{`href="/catalogue.json"`, `href="/catalogue/2026-11-1.json"`} {
			if !strings.Contains(body, link) {
				t.Errorf("%s: no %s", lang, link)
			}
		}
	}
	if home := w.get(t, "/").Body.String(); strings.Count(home, `href="/catalogue"`) != 2 {
		t.Error("the home page does not lead to the catalogue, in itself and in its foot")
	}
}
