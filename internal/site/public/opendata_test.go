package public

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mandat/internal/page"
	"mandat/internal/page/pagetest"
	"mandat/internal/statistics"
)

// published puts two months into the tables, behind the program's back.
func (w *window) published(t *testing.T) {
	t.Helper()
	_, err := w.Connect(t, w.Superuser).Exec(t.Context(), `set session_replication_role = replica;
		insert into statistics_edition (month, published_at, lines, sha256) values ('2026-09-01', '2026-10-06 00:10Z', 3, sha256('a')), ('2026-10-01', '2026-11-06 00:10Z', 3, sha256('b'));
		insert into statistics_line (month, action, department, theme, acts) values ('2026-09-01', 'mandate.signed', '35', 'argent', 1234), ('2026-09-01', 'mandate.signed', 'total', 'argent', 1300), ('2026-09-01', 'power.used', '2A', 'total', 10),
			('2026-10-01', 'power.used', '35', 'argent', 4321), ('2026-10-01', 'power.used', 'total', 'argent', 5432), ('2026-10-01', 'power.used', 'total', 'total', 6543)`)
	if err != nil {
		t.Fatal(err)
	}
}

// data serves the pages of open data.
func data(t *testing.T) *window {
	t.Helper()
	w := newWindow(t)
	pages := pagetest.Pages(t)
	r := page.NewRouter(page.RouterOptions{Pages: pages, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	(&Figures{Pages: pages, Statistics: statistics.New(w.DB, w.Journal, w.Clock), Catalogue: w.Catalogue}).Mount(r)
	w.handler = r.Start()
	return w
}

// The page says what there is, in both languages, before the first month and after; and what a missing line means.
func TestData_Page(t *testing.T) {
	t.Parallel()
	w := data(t)
	if got := w.get(t, "/donnees"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "Aucun mois n’est encore publié.") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	w.published(t)
	for lang, words := range map[string][]string{"fr": {"septembre 2026", "octobre 2026", "Licence Ouverte 2.0", "ne veut donc pas dire zéro", "moins de 10 personnes", "moins de 3 aidants", "5\u00a0432"}, "en": {"September 2026", "October 2026", "Licence Ouverte 2.0", "does not mean zero", "fewer than 3 aidants", "5,432"}} {
		got := w.get(t, "/donnees?lang="+lang)
		tells(t, "the newest month's themes of all departments", got.Body.String(), "4321", "4\u00a0321", "4,321", "6\u00a0543", "6,543")
		for _, word := range words {
			if !strings.Contains(got.Body.String(), word) {
				t.Errorf("%s: %q is not there", lang, word)
			}
		}
	}
}

// Both files have every published number, the oldest first; each is what the schema says.
func TestData_Files(t *testing.T) {
	t.Parallel()
	w := data(t)
	if got := w.get(t, "/donnees/actes.csv"); got.Code != http.StatusOK || got.Body.String() != "mois,departement,theme,acte,nombre\n" {
		t.Errorf("nothing: %d %s", got.Code, got.Body)
	}
	w.published(t)
	got := w.get(t, "/donnees/actes.csv")
	rows, err := csv.NewReader(got.Body).ReadAll()
	want := [][]string{{"mois", "departement", "theme", "acte", "nombre"}, {"2026-09", "35", "argent", "mandat_signe", "1234"}, {"2026-09", "total", "argent", "mandat_signe", "1300"}, {"2026-09", "2A", "total", "connexion", "10"},
		{"2026-10", "35", "argent", "connexion", "4321"}, {"2026-10", "total", "argent", "connexion", "5432"}, {"2026-10", "total", "total", "connexion", "6543"}}
	if err != nil || !slices.EqualFunc(rows, want, slices.Equal) || got.Header().Get("Content-Type") != "text/csv; charset=utf-8" || got.Header().Get("Cache-Control") != "public, max-age=3600" || got.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%v, %v, %v", rows, err, got.Header())
	}
	var file openFile
	if err := json.Unmarshal(w.get(t, "/donnees/actes.json").Body.Bytes(), &file); err != nil || len(file.Lines) != 6 || file.Lines[2] != (openFigures{"2026-09", "2A", "total", "connexion", 10}) || len(file.Months) != 2 || file.Months[1].Published != "2026-11-06" || file.Licence != licence {
		t.Errorf("%+v, %v", file, err)
	}
	var schema struct {
		Fields []struct {
			Name        string
			Constraints struct {
				Pattern string
				Enum    []string
			}
		}
		PrimaryKey []string
	}
	if err := json.Unmarshal(w.get(t, "/donnees/schema.json").Body.Bytes(), &schema); err != nil || len(schema.PrimaryKey) != 4 {
		t.Fatal(err)
	}
	for i, f := range schema.Fields {
		if f.Name != rows[0][i] {
			t.Errorf("column %d is %s", i, f.Name)
		}
		for _, row := range rows[1:] {
			if c := f.Constraints; c.Enum != nil && !slices.Contains(c.Enum, row[i]) || !regexp.MustCompile(c.Pattern).MatchString(row[i]) {
				t.Errorf("%s is %q", f.Name, row[i])
			}
		}
	}
	if len(schema.Fields) != len(rows[0]) {
		t.Error("the schema has other columns")
	}
}

// Who has the file is sent none, for nothing; who takes it again and again waits; a new month is another file.
func TestData_IsKept(t *testing.T) {
	t.Parallel()
	w := data(t)
	first := w.get(t, "/donnees/actes.csv")
	again := func(tag string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/donnees/actes.csv", nil)
		r.Header.Set("If-None-Match", tag)
		out := httptest.NewRecorder()
		w.handler.ServeHTTP(out, r)
		return out
	}
	for range 40 {
		if got := again(first.Header().Get("ETag")); got.Code != http.StatusNotModified || got.Body.Len() > 0 {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
	}
	w.published(t)
	if got := again(first.Header().Get("ETag")); got.Code != http.StatusOK || got.Header().Get("ETag") == first.Header().Get("ETag") || !strings.Contains(got.Body.String(), "1234") {
		t.Errorf("a new month: %d %v", got.Code, got.Header())
	}
	if got := w.get(t, "/donnees/actes.json"); got.Header().Get("ETag") == w.get(t, "/donnees/actes.csv").Header().Get("ETag") {
		t.Error("two files have one tag")
	}
	if _, err := w.Connect(t, w.Superuser).Exec(t.Context(), `delete from statistics_line`); err != nil {
		t.Fatal(err)
	}
	for range 16 {
		if got := w.get(t, "/donnees/actes.csv"); !strings.Contains(got.Body.String(), "1234") {
			t.Fatalf("the same months are read again, by everybody who asks: %s", got.Body)
		}
	}
	if got := w.get(t, "/donnees/actes.json"); got.Code != http.StatusTooManyRequests || got.Header().Get("Retry-After") == "" || got.Header().Get("Cache-Control") != "no-store" || got.Header().Get("ETag") != "" {
		t.Errorf("the twenty-first: %d %v", got.Code, got.Header())
	}
}
