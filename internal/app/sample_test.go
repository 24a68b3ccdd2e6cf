package app_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/journal/draw"
	"mandat/internal/journal/verify"
	"mandat/internal/tsa"
)

// An auditor orders a sample on the page, bound to a secret; witnesses and an authority make the draw; it is looked at, an entry leads into a case; and who has an export of the
// journal, and no word of ours, draws the same.
func TestSample_OfTheWholeProgram(t *testing.T) {
	t.Parallel()
	authority, err := tsa.New(time.Now)
	must(t, err)
	stamps := httptest.NewServer(authority.Handler())
	t.Cleanup(stamps.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(ca, authority.PEM(), 0o600))
	site := apptest.Start(t, func(o *apptest.Options) {
		o.KeepEvery, o.Settings = 20*time.Millisecond, []string{watched(t, newObserver(t, "un"), newObserver(t, "deux")), "TIMESTAMP_URL=" + stamps.URL, "TIMESTAMP_CA_FILE=" + ca}
	})
	sofia := site.Visit(t, site.Sofia)
	page := func(path string, words ...string) string {
		t.Helper()
		a := sofia.Get(path)
		for _, word := range words {
			if a.Status != http.StatusOK || !strings.Contains(a.Body, word) {
				t.Fatalf("%s: %d, without %q: %s", path, a.Status, word, a.Body)
			}
		}
		return a.Body
	}
	post := func(path string, want int, pairs ...string) apptest.Answer {
		t.Helper()
		a := sofia.Post(path, pairs...)
		if a.Status != want {
			t.Fatalf("%s: %d, want %d: %s", path, a.Status, want, a.Body)
		}
		return a
	}
	site.Sign(t, fresh(site, site.Jeanne), fixture.Angela(), fixture.Tax)
	site.Sign(t, fresh(site, site.Jeanne), fixture.Citizen(2), fixture.Tax)
	must(t, site.App.CatchUp(t.Context()))
	page("/audit/echantillons", "Aucun échantillon", "Commander")
	share := draw.Share(strings.Repeat("ab", 32))
	const order = "/audit/echantillons"
	post(order, http.StatusUnprocessableEntity, "acte", "mandate.signed", "nombre", "501", "motif", "routine")
	post(order, http.StatusUnprocessableEntity, "acte", "mandate.signed", "nombre", "5", "motif", "")
	post(order, http.StatusUnprocessableEntity, "acte", "mandate.signed", "nombre", "5", "motif", "routine", "empreinte", "secret")
	one := post(order, http.StatusSeeOther, "acte", "mandate.signed", "demarche", fixture.Tax, "nombre", "5", "motif", "routine", "empreinte", share.Sum()).At.Path
	post(order, http.StatusConflict, "acte", "mandate.signed", "nombre", "5", "motif", "routine")
	post(one+"/secret", http.StatusConflict, "secret", string(share))
	grow := func() {
		t.Helper()
		site.Sign(t, fresh(site, site.Jeanne), fixture.Citizen(3), fixture.Housing)
		must(t, site.App.CatchUp(t.Context()))
	}
	for begun := time.Now(); !strings.Contains(page(one), "Il ne manque que le secret"); grow() {
		if time.Since(begun) > time.Minute {
			t.Fatalf("nothing to draw from: %s", page(one))
		}
		must(t, site.App.Stamp(t.Context()))
	}
	page(one, "Notez-le", "Point de contrôle")
	place := regexp.MustCompile(`--order ([0-9]+)`).FindStringSubmatch(page(one))[1]
	post(one+"/secret", http.StatusUnprocessableEntity, "secret", strings.Repeat("ac", 32))
	post(one+"/secret", http.StatusSeeOther, "secret", strings.ToUpper(string(share)))
	body := page(one, "ont signé le mandat", "0 sur 2", "Rien à signaler")
	places := regexp.MustCompile(`id="rang-([0-9]+)"`).FindAllStringSubmatch(body, -1)
	if len(places) != 2 {
		t.Fatalf("%v", places)
	}
	post(one+"/ecritures", http.StatusSeeOther, "rang", places[0][1], "suite", "nothing")
	post(one+"/ecritures", http.StatusConflict, "rang", places[0][1], "suite", "case")
	post(one+"/ecritures", http.StatusNotFound, "rang", place, "suite", "case")
	post(one+"/ecritures", http.StatusSeeOther, "rang", places[1][1], "suite", "case")
	page(one, "2 sur 2", "Un dossier est ouvert", "examinée par")
	page("/audit/echantillons", "Examiné", "2 sur 2")
	page("/audit/dossiers", "2026-0001")

	must(t, site.App.CatchUp(t.Context()))
	policy := policyOf(t, site)
	files := export(t, site, policy)
	_, err = verify.Log(t.Context(), verify.Options{Policy: policy, Export: files, Authority: authority.Roots()})
	must(t, err)
	r, err := verify.NewReader(files, policy)
	must(t, err)
	defer r.Close()
	authorities, err := draw.ParseAuthorities(authority.PEM())
	must(t, err)
	index, err := strconv.ParseInt(place, 10, 64)
	must(t, err)
	d, err := draw.Recompute(t.Context(), r, draw.Trust{Policy: policy, Authorities: authorities}, index, "")
	if err != nil || !d.Said || len(d.Differences) > 0 || d.Stated.Population != 2 {
		t.Errorf("%+v, %v", d, err)
	}
	var read int
	site.Row(t, `select count(*) from journal_entry where action = 'journal.searched' and person_id = $1 and body like '%"sample"%'`, []any{site.Sofia.Person}, &read)
	if read != 1 {
		t.Errorf("%d readings of the entries that were drawn", read)
	}
}
