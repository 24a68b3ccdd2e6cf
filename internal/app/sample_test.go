package app_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/journal/draw"
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
	post(one+"/secret", http.StatusConflict, "secret", string(share))
	for begun := time.Now(); strings.Contains(page(one, "Donné par"), "Ce qui est attendu"); time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			t.Fatalf("not drawn: %s", page(one))
		}
		must(t, site.App.Do(t.Context(), "draw-samples"))
	}
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
	dir := t.TempDir()
	must(t, os.CopyFS(filepath.Join(dir, "export"), export(t, site, policy)))
	trusted := filepath.Join(dir, "policy")
	must(t, os.WriteFile(trusted, []byte(site.App.Policy()), 0o600))
	mandat := func(args ...string) (string, error) {
		out, err := exec.CommandContext(t.Context(), apptest.Program(t), append([]string{"journal", "sample"}, args...)...).CombinedOutput()
		return string(out), err
	}
	again := func(order string) (string, error) {
		return mandat("--policy", trusted, "--authority", ca, "--site", site.URL, "--order", order, filepath.Join(dir, "export"))
	}
	if out, err := again(place); err != nil || !strings.Contains(out, "agrees with entry") || !strings.Contains(out, "drawn: "+places[0][1]+" "+places[1][1]+"\n") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := again(places[0][1]); err == nil || !strings.Contains(out, "no order of a sample") {
		t.Errorf("another entry: %v: %s", err, out)
	}
	digest, err := mandat("share", filepath.Join(dir, "share"))
	must(t, err)
	kept, err := os.ReadFile(filepath.Join(dir, "share"))
	must(t, err)
	if draw.Share(strings.TrimSpace(string(kept))).Sum() != strings.TrimSpace(digest) {
		t.Errorf("the digest %s is not of the secret", digest)
	}
	if _, err := mandat("share", filepath.Join(dir, "share")); err == nil {
		t.Error("a secret that is there was replaced")
	}
	var read int
	site.Row(t, `select count(*) from journal_entry where action = 'journal.searched' and person_id = $1 and body like '%"sample"%'`, []any{site.Sofia.Person}, &read)
	if read != 1 {
		t.Errorf("%d readings of the entries that were drawn", read)
	}
}
