package figures

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/xuri/excelize/v2"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/page/pagetest"
	"mandat/internal/sitetest"
	"mandat/internal/statistics"
)

// world is the pages of figures, of which some are there.
type world struct {
	*sitetest.Office
	auditor, referent, administrator *sitetest.Browser
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Office: sitetest.New(t)}
	site := &Site{Pages: w.Pages, Statistics: statistics.New(w.DB, w.Journal, w.Clock), Catalogue: w.Catalogue, Sealer: sitetest.Sealer(t), Clock: w.Clock}
	w.Serve(t, site.Mount)
	fresh := w.Clock.Now()
	w.auditor = w.Visit(t, w.Newcomer(t, journal.Auditor, uuid.Nil, "sofia"), fresh)
	w.referent = w.Visit(t, w.Referent(t, w.Here, "odile"), fresh)
	w.administrator = w.Visit(t, w.Administrator(t, "adele"), fresh)
	return w
}

// count says that so many acts were done on a day.
func (w *world) count(t testing.TB, organisation uuid.UUID, day, procedure, action string, acts int) {
	t.Helper()
	conn := w.Connect(t, w.Superuser)
	for _, sql := range []string{
		`insert into statistics_day as s (organisation_id, day, procedure, action, acts) values ($1, $2::text::date, $3, $4, $5) on conflict (organisation_id, day, procedure, action) do update set acts = s.acts + excluded.acts`,
		`insert into statistics_month as s (organisation_id, month, procedure, action, acts) values ($1, date_trunc('month', $2::text::date), $3, $4, $5) on conflict (organisation_id, month, procedure, action) do update set acts = s.acts + excluded.acts`} {
		for _, id := range []uuid.UUID{organisation, uuid.Nil} {
			for _, key := range []string{"", procedure} {
				if _, err := conn.Exec(t.Context(), sql, id, day, key, action, acts); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func (w *world) fill(t testing.TB) {
	t.Helper()
	w.count(t, w.Here, "2026-03-30", fixture.Tax, "mandate.signed", 1234)
	w.count(t, w.Here, "2026-04-02", "argent-surendettement", "power.used", 40)
	w.count(t, w.Elsewhere, "2026-04-02", fixture.Tax, "power.used", 777)
}

const span = "?du=2026-03-01&au=2026-04-30"

// Auditors and administrators see all organisations, referents their own; only auditors are shown the way to the entries. Nobody else sees anything.
func TestBoard_IsForItsAudience(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(t)
	all := []string{"<strong>2\u00a0051 actes</strong>", "Maison France Services", "<title id=\"chart-title\">"}
	a := w.auditor.Want(w.auditor.Get("/audit/tableau"+span), http.StatusOK, append(all, "/audit/journal?acte=comptes&amp;au=2026-04-05&amp;du=2026-03-30", "/audit/journal?acte=power.used&amp;au=2026-04-30&amp;du=2026-03-01", "structure="+w.Elsewhere.String())...)
	w.auditor.Without(a, "jeanne", "Jeanne")
	w.auditor.Want(w.auditor.Get("/audit/tableau"+span+"&structure="+w.Elsewhere.String()), http.StatusOK, `href="/audit/tableau" aria-current`, `name="structure" value="`+w.Elsewhere.String()+`">`)
	w.administrator.Without(w.administrator.Want(w.administrator.Get("/admin/tableau"+span), http.StatusOK, append(all, "/admin/tableau?")...), "/audit/journal")
	for _, path := range []string{span, span + "&structure=" + w.Here.String()} {
		w.referent.Without(w.referent.Want(w.referent.Get("/referent/tableau"+path), http.StatusOK, "<strong>1\u00a0274 actes</strong>"), "777", "2\u00a0051", "/audit/journal", w.Elsewhere.String(), `name="structure"`, `href="/referent/tableau" aria-current`)
	}
	w.referent.Want(w.referent.Get("/referent/tableau"+span+"&structure="+w.Elsewhere.String()), http.StatusNotFound)
	w.referent.Want(w.referent.Post("/referent/tableau", "structure", w.Elsewhere.String(), "format", "csv"), http.StatusNotFound)
	jeanne := w.Visit(t, w.Jeanne, w.Clock.Now())
	for _, path := range []string{"/audit/tableau", "/admin/tableau", "/referent/tableau"} {
		jeanne.Want(jeanne.Get(path+span), http.StatusForbidden)
		jeanne.Want(jeanne.Post(path, "format", "csv"), http.StatusForbidden)
	}
	w.referent.Want(w.referent.Get("/audit/tableau"), http.StatusForbidden)
	w.administrator.Want(w.administrator.Get("/audit/tableau"), http.StatusForbidden)
	w.auditor.Want(w.auditor.Get("/admin/tableau"), http.StatusForbidden)
}

// What is asked for is what is shown, in both languages; what is wrong is said at its field.
func TestBoard_AsksWhatItSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(t)
	for query, words := range map[string][]string{
		"&acte=power.used":                              {"<strong>817 actes</strong>", "Connexion avec un mandat"},
		"&demarche=" + fixture.Tax:                      {"<strong>2\u00a0011 actes</strong>"},
		"&structure=" + w.Elsewhere.String():            {"<strong>777 actes</strong>", "Chiffres de "},
		"&acte=power.used&structure=" + w.Here.String(): {"<strong>40 actes</strong>"},
		"&pas=month":                                    {"mars 2026", "avril 2026", ">03/26<", ">1\u00a0234<", "<summary>Les chiffres, mois par mois<"},
		"&pas=day":                                      {"30 mars 2026", "<summary>Les chiffres, jour par jour<"},
		"&pas=week":                                     {"30 mars 2026 – 5 avril 2026", "<summary>Les chiffres, semaine par semaine<"},
		"&lang=en":                                      {"<strong>2,051 acts</strong>", "Acts in figures", "<summary>The figures, week by week<"},
	} {
		w.auditor.Want(w.auditor.Get("/audit/tableau"+span+query), http.StatusOK, words...)
	}
	w.auditor.Want(w.auditor.Get("/audit/tableau?du=2020-01-01&au=2020-02-01"), http.StatusOK, "Aucun acte compté sur cette période")
	w.auditor.Want(w.auditor.Get("/audit/tableau?du=2016-05-01&au=2026-04-30&pas=day"), http.StatusOK, "mars 2026")
	for query, word := range map[string]string{"du=2026-04-02&au=2026-04-01": "error-au", "du=2001-04-02&au=2026-04-01": "error-au", "du=demain": "error-du", "structure=x": "error-structure", "acte=session.opened": "error-acte"} {
		w.auditor.Want(w.auditor.Get("/audit/tableau?"+query), http.StatusUnprocessableEntity, word)
	}
	w.auditor.Want(w.auditor.Get("/audit/tableau?structure="+uuid.NewString()), http.StatusNotFound)
}

// Each file has the figures of the page, and each is an entry; what is refused is none.
func TestTake_IsTheSameAndRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(t)
	entries := func() int {
		return w.Count(t, `select count(*) from journal_entry where action = 'statistics.exported'`)
	}
	ask := []string{"du", "2026-03-01", "au", "2026-04-30", "pas", "month", "format"}
	a := w.auditor.Want(w.auditor.Post("/audit/tableau", append(ask, "csv")...), http.StatusOK)
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.Body, "\ufeff")))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || len(rows) != 1+2+2+2+2 || strings.Join(rows[1], ";") != "Au fil du temps;mars 2026;2026-03-01;1234" || !strings.Contains(a.Header.Get("Content-Disposition"), `"actes-2026-03-01-2026-04-30.csv"`) {
		t.Errorf("%v %v %v", rows, err, a.Header)
	}
	a = w.administrator.Want(w.administrator.Post("/admin/tableau", append(ask, "xlsx")...), http.StatusOK)
	book, err := excelize.OpenReader(strings.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := book.GetRows(book.GetSheetList()[0]); err != nil || len(got) != len(rows) || got[2][3] != "817" {
		t.Errorf("%v, %v", got, err)
	}
	a = w.referent.Want(w.referent.Post("/referent/tableau", append(ask, "pdf", "acte", "power.used")...), http.StatusOK)
	if !strings.HasPrefix(a.Body, "%PDF-") || !bytes.Contains([]byte(a.Body), []byte("/ByteRange")) || strings.Contains(a.Body, "777") && a.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("%.100q", a.Body)
	}
	if text := printed(t, a.Body); !strings.Contains(text, "Maison France Services") || !strings.Contains(text, "40 actes") || strings.Contains(text, "777") {
		t.Errorf("the referent's paper says\n%s", text)
	}
	a = w.auditor.Want(w.auditor.Post("/audit/tableau", append(ask, "pdf")...), http.StatusOK)
	if text := printed(t, a.Body); !strings.Contains(text, "2 051 actes") || !strings.Contains(text, "777") {
		t.Errorf("the auditor's paper says\n%s", text)
	}
	if n := entries(); n != 4 {
		t.Errorf("%d entries of four files", n)
	}
	if n := w.Count(t, `select count(*) from journal_entry where action = 'statistics.exported' and organisation_id = $1 and body::jsonb -> 'detail' = '{"format": "pdf", "from": "2026-03-01", "to": "2026-04-30", "filters": ["action"]}'`, w.Here); n != 1 {
		t.Error("the entry of the referent's file does not say what it was")
	}
	for _, form := range [][]string{{}, {"format", "exe"}, {"format", "csv", "du", "x"}, {"format", "csv", "du", "2026-04-02", "au", "2026-04-01"}, {"format", "csv", "acte", "session.opened"}} {
		w.auditor.Want(w.auditor.Post("/audit/tableau", form...), http.StatusUnprocessableEntity, "fr-error-text")
	}
	if n := entries(); n != 4 {
		t.Errorf("%d entries after refusals", n)
	}
}

// printed is the text of a PDF.
func printed(t testing.TB, document string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "actes.pdf")
	if err := os.WriteFile(name, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("pdftotext", name, "-").Output() //nolint:noctx // in a test
	if err != nil {
		t.Fatalf("pdftotext: %v; run: apt-get install poppler-utils", err)
	}
	return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(string(text))
}

func TestPages_AreCovered(t *testing.T) {
	t.Parallel()
	pagetest.Covered(t, pagetest.Pages(t), "figures", []string{"figures/board.html"})
	if month("fr", time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)) != "août 2026" || month("en", time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)) != "August 2026" {
		t.Error("a month has other words")
	}
}
