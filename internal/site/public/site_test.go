package public

import (
	"context"
	"encoding/hex"
	"errors"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"mandat/internal/attestation"
	"mandat/internal/certs"
	"mandat/internal/client"
	"mandat/internal/fixture"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/tree/treetest"
	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/pdf"
	"mandat/internal/prose"
	"mandat/internal/receipt"
	"mandat/internal/sitetest"
)

type window struct {
	*fixture.World
	site       *Site
	handler    http.Handler
	integrator *tree.Integrator
}

func newWindow(t *testing.T) *window {
	t.Helper()
	w := &window{World: fixture.New(t)}
	authority, err1 := certs.NewAuthority(time.Now())
	seal, err2 := certs.NewSeal(authority, "Mandat", time.Now())
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	sealer, err := pdf.NewSealer(seal.Key, seal.Chain, "Mandat")
	if err != nil {
		t.Fatal(err)
	}
	w.integrator = treetest.Integrator(t, tree.IntegratorOptions{DB: w.DB, Clock: w.Clock, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	pages := pagetest.Pages(t)
	clients, err := client.New([]client.Client{{ID: "bailleur", Name: "Bailleur social d’Essai", Kind: client.Service, Auth: client.SecretPost, Secret: client.NewSecret(strings.Repeat("x", 32)),
		RedirectURIs: []string{"https://service.example/"}, Procedures: []string{fixture.Tax}}})
	if err != nil {
		t.Fatal(err)
	}
	w.site = &Site{Pages: pages, Clients: clients, Receipts: receipt.New(w.DB, w.Journal, w.Mandates, sitetest.Keys(t), receipt.Settings{BaseURL: "http://localhost"}, w.Clock), Log: w.integrator.Log(), Policy: "log x\nquorum none\n", Ready: func(context.Context) error { return nil },
		Press: attestation.New(w.DB, w.Journal, w.Mandates, w.Citizens, sealer, attestation.Settings{BaseURL: "http://localhost", Phone: "1", Email: "x", Address: "y"}, w.Clock)}
	r := page.NewRouter(page.RouterOptions{Pages: pages, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	w.site.Mount(r)
	w.handler = r.Start()
	return w
}

func (w *window) get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	if out.Code != http.StatusSeeOther && strings.HasPrefix(out.Header().Get("Content-Type"), "text/html") {
		for _, fault := range pagetest.Faults(out.Body.String()) {
			t.Errorf("%s: %s", path, fault)
		}
	}
	return out
}

func (w *window) post(t *testing.T, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	out := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if path, lang, ok := strings.Cut(path, "?lang="); ok { // what the link that was followed before left
		r.URL.Path, r.URL.RawQuery = path, ""
		r.AddCookie(&http.Cookie{Name: "lang", Value: lang})
	}
	w.handler.ServeHTTP(out, r)
	for _, fault := range pagetest.Faults(out.Body.String()) {
		t.Errorf("%s: %s", path, fault)
	}
	return out
}

// paper is a document handed over for a mandate, with the path in its code and its control word.
func (w *window) paper(t *testing.T, m mandate.Mandate) (path, word string, document attestation.Document) {
	t.Helper()
	document, err := w.site.Press.Issue(t.Context(), w.Jeanne, attestation.Sheet{Mandate: m.ID, Kind: attestation.Given, Lang: "fr"}, mandate.PageDocument)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(document.StatusURL, "http://localhost"), document.Word, document
}

// tells names what a page says of a mandate that it must not.
func tells(t *testing.T, what, body string, marks ...string) {
	t.Helper()
	for _, mark := range marks {
		if strings.Contains(body, mark) {
			t.Errorf("%s: the page tells %q", what, mark)
		}
	}
}

func TestStatus_SaysNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	w := newWindow(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	path, word, _ := w.paper(t, m)
	standing := w.get(t, path)
	if standing.Code != http.StatusOK || !strings.Contains(standing.Body.String(), "Ce mandat est en cours.") {
		t.Errorf("%d %s", standing.Code, standing.Body)
	}
	tells(t, "without the word", standing.Body.String(), "DUBOIS", "Angela", "Maison France Services", "impôt", "Déclaration", strings.TrimPrefix(path, "/v/"), m.ID.String(), prose.Date("fr", m.EndsAt), word)
	if h := standing.Header(); h.Get("X-Robots-Tag") != "noindex, nofollow" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", h)
	}
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	for _, lang := range pagetest.Languages {
		ended := w.get(t, path+"?lang="+lang)
		for _, unknown := range []string{"/v/AAAAAAAAAAAAAAAAAAAAAA", "/v/x", "/v/%C3%A9", "/v/" + strings.Repeat("a", 5000)} {
			same(t, unknown, ended, w.get(t, unknown+"?lang="+lang))
		}
	}
}

// same expects one answer for two addresses, byte for byte and header for header.
func same(t *testing.T, what string, want, got *httptest.ResponseRecorder) {
	t.Helper()
	if got.Code != want.Code || got.Body.String() != want.Body.String() {
		t.Errorf("%s: the answers differ: %d %s", what, got.Code, got.Body)
	}
	got.Header().Del("X-Request-Id")
	for name := range got.Header() {
		if got.Header().Get(name) != want.Header().Get(name) {
			t.Errorf("%s: %s is %q and %q", what, name, want.Header().Get(name), got.Header().Get(name))
		}
	}
}

// Who has the paper reads what it permits and until when, and nobody's name.
func TestCheck_TellsWhoHasThePaper(t *testing.T) {
	t.Parallel()
	w := newWindow(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	path, word, document := w.paper(t, m)
	for _, lang := range pagetest.Languages {
		for what, form := range map[string]url.Values{"word": {"word": {strings.ToUpper(strings.ReplaceAll(word, "-", " "))}}, "file": {"sha256": {hex.EncodeToString(document.SHA256)}}} {
			got := w.post(t, path+"?lang="+lang, form)
			if got.Code != http.StatusOK {
				t.Errorf("%s: %d", what, got.Code)
			}
			for _, mark := range []string{prose.DateTime(lang, m.EndsAt), m.Terms.Procedures[0].Name.In(lang), m.Terms.Procedures[0].Body.In(lang)} {
				if !strings.Contains(got.Body.String(), html.EscapeString(mark)) {
					t.Errorf("%s: the page does not tell %q: %s", what, mark, got.Body)
				}
			}
			tells(t, what, got.Body.String(), "DUBOIS", "Angela", "Maison France Services", "1962", word, m.ID.String())
			if got.Header().Get("Location") != "" || got.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s: headers %v", what, got.Header())
			}
		}
	}
}

func TestCheck_TellsNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWindow(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax)
	path, word, document := w.paper(t, m)
	wrong := w.post(t, path, url.Values{"word": {"lune-lune-lune-lune"}})
	if wrong.Code != http.StatusOK || !strings.Contains(wrong.Body.String(), "Ce papier n’est pas reconnu") {
		t.Errorf("a wrong word: %d %s", wrong.Code, wrong.Body)
	}
	tells(t, "a wrong word", wrong.Body.String(), "Ce mandat est en cours", "impôt", "lune-lune-lune-lune")
	same(t, "a wrong file", wrong, w.post(t, path, url.Values{"sha256": {strings.Repeat("0", 64)}}))
	same(t, "no address", wrong, w.post(t, "/v/AAAAAAAAAAAAAAAAAAAAAA", url.Values{"word": {word}}))
	if err := w.Mandates.End(t.Context(), w.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	same(t, "ended", wrong, w.post(t, path, url.Values{"word": {word}}))
	same(t, "ended, with the file", wrong, w.post(t, path, url.Values{"sha256": {hex.EncodeToString(document.SHA256)}}))
	for _, form := range []url.Values{{}, {"word": {" "}}, {"sha256": {"x"}}, {"sha256": {"00"}}} {
		if got := w.post(t, path, form); got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), "Écrivez le mot de contrôle") {
			t.Errorf("%v: %d %s", form, got.Code, got.Body)
		}
	}
}

// A word that was mistyped six times has to wait, at an address that never was too.
func TestCheck_Waits(t *testing.T) {
	t.Parallel()
	w := newWindow(t)
	path, word, _ := w.paper(t, w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax))
	for _, path := range []string{path, "/v/AAAAAAAAAAAAAAAAAAAAAA"} {
		for range 6 {
			w.post(t, path, url.Values{"word": {"lune-lune-lune-lune"}})
		}
		if got := w.post(t, path, url.Values{"word": {word}}); got.Code != http.StatusTooManyRequests || !strings.Contains(got.Body.String(), "Réessayez à") || strings.Contains(got.Body.String(), "impôt") {
			t.Errorf("the seventh try: %d %s", got.Code, got.Body)
		}
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	w := newWindow(t)
	if err := w.integrator.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	signed := w.get(t, "/journal/checkpoint")
	if signed.Code != http.StatusOK || !strings.HasPrefix(signed.Body.String(), treetest.Origin+"\n") || signed.Header().Get("Cache-Control") != "public, max-age=1" {
		t.Errorf("checkpoint: %d %v %s", signed.Code, signed.Header(), signed.Body)
	}
	size := strings.Split(signed.Body.String(), "\n")[1]
	for _, path := range []string{"/journal/tile/0/000.p/" + size, "/journal/tile/entries/000.p/" + size} {
		if tile := w.get(t, path); tile.Code != http.StatusOK || tile.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || tile.Body.Len() == 0 {
			t.Errorf("%s: %d %v", path, tile.Code, tile.Header())
		}
	}
	for _, path := range []string{"/journal/tile/0/001", "/journal/tile/0/0", "/journal/tile/x", "/journal/tile/0/000.p/999"} {
		if tile := w.get(t, path); tile.Code != http.StatusNotFound || tile.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", path, tile.Code, tile.Header())
		}
	}
	if policy := w.get(t, "/journal/policy"); policy.Body.String() != w.site.Policy || policy.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("policy: %s", policy.Body)
	}
}

func TestPages_AreSound(t *testing.T) {
	t.Parallel()
	w := newWindow(t)
	for _, lang := range pagetest.Languages {
		for _, path := range []string{"/", "/accessibilite", "/mentions"} {
			if got := w.get(t, path+"?lang="+lang); got.Code != http.StatusOK || got.Header().Get("Content-Language") != lang || got.Header().Get("X-Robots-Tag") != "" {
				t.Errorf("%s: %d %v", path, got.Code, got.Header())
			}
		}
	}
	if home := w.get(t, "/").Body.String(); !strings.Contains(home, `href="/connexion"`) || !strings.Contains(home, "Vous êtes un particulier") {
		t.Error("the home page does not lead professionals and citizens on")
	}
	if back := w.get(t, "/?state="+strings.Repeat("a", 64)); back.Code != http.StatusSeeOther || back.Header().Get("Location") != "/deconnexion" {
		t.Errorf("back from ProConnect after signing out: %d %v", back.Code, back.Header())
	}
	if robots := w.get(t, "/robots.txt").Body.String(); !strings.Contains(robots, "Disallow: /v/\nDisallow: /mails/\n") {
		t.Errorf("robots.txt: %s", robots)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	w := newWindow(t)
	if w.get(t, "/healthz").Code != http.StatusOK || w.get(t, "/readyz").Code != http.StatusOK {
		t.Error("a server that is well says it is not")
	}
	w.site.Ready = func(context.Context) error { return errors.New("the database does not answer") }
	if got := w.get(t, "/readyz"); got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Body.String(), "database") {
		t.Errorf("not ready: %d %s", got.Code, got.Body)
	}
	if w.get(t, "/healthz").Code != http.StatusOK {
		t.Error("a server that waits for its database is restarted for it")
	}
}
