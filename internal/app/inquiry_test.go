package app_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/inquiry"
	"mandat/internal/journal"
)

// From an entry's page to a decision: one auditor finds, the organisation's referent replies, another auditor decides, and the aidant does nothing more with the mandate until that is lifted.
// No page names anybody.
func TestInquiry_FromAnEntryToADecision(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Before = withoutJobs(t) })
	m := site.Sign(t, site.Jeanne, fixture.Angela(), fixture.Tax)
	sofia, alma, odile := site.Visit(t, site.Sofia), site.Visit(t, site.Newcomer(t, journal.Auditor, uuid.Nil, "alma")), site.Visit(t, site.Odile)
	page := func(v *apptest.Visitor, path string, words ...string) string {
		t.Helper()
		a := v.Get(path)
		for _, word := range words {
			if a.Status != http.StatusOK || !strings.Contains(a.Body, word) {
				t.Fatalf("%s: %d, without %q: %s", path, a.Status, word, a.Body)
			}
		}
		if strings.Contains(a.Body, "DUBOIS") {
			t.Errorf("%s names the citizen", path)
		}
		return a.Body
	}
	post := func(v *apptest.Visitor, path string, want int, pairs ...string) apptest.Answer {
		t.Helper()
		a := v.Post(path, pairs...)
		if a.Status != want {
			t.Fatalf("%s: %d, want %d: %s", path, a.Status, want, a.Body)
		}
		return a
	}
	const words = "Le mandat a été signé un dimanche, à trois heures du matin."
	var index int64
	must(t, site.App.CatchUp(t.Context()))
	site.Row(t, `select l.index from journal_leaf l join journal_entry e on e.id = l.entry_id where e.mandate_id = $1 and e.action = 'mandate.signed'`, []any{m.ID}, &index)
	page(sofia, "/audit/journal/"+strconv.FormatInt(index, 10), "/audit/dossiers?rang="+strconv.FormatInt(index, 10))
	page(sofia, "/audit/dossiers?rang="+strconv.FormatInt(index, 10), "Ouvrir un dossier avec cette écriture")
	q := post(sofia, "/audit/dossiers", http.StatusSeeOther, "rang", strconv.FormatInt(index, 10)).At.Path
	page(sofia, q, "Dossier n°", "Faire un constat")
	post(sofia, q+"/constats", http.StatusUnprocessableEntity, "gravite", "grave", "constat", words)
	post(sofia, q+"/constats", http.StatusSeeOther, "gravite", "grave", "structure", m.Organisation.String(), "mandat", m.ID.String(), "constat", words)
	finding := regexp.MustCompile(`value="([0-9a-f-]{36}) mandate"`).FindStringSubmatch(page(sofia, q, "Suspendre tout de suite", "peut encore répondre"))
	if finding == nil {
		t.Fatal("no finding to suspend for")
	}
	code := site.Visit(t, site.Jeanne).MustCode(m.Citizen, fixture.Tax)
	post(sofia, q+"/mesures", http.StatusSeeOther, "mesure", finding[1]+" mandate", "raison_mesure", words)
	if a, err := site.Redeem(t.Context(), code); err != nil || a.Status == http.StatusOK {
		t.Errorf("a code of before gives a token: %d, %v", a.Status, err)
	}
	used := func() bool {
		_, err := site.Visit(t, site.Jeanne).Code(t.Context(), m.Citizen, fixture.Tax)
		return err == nil
	}
	if used() {
		t.Error("the suspended mandate was used")
	}
	if a := site.Visit(t, site.Jeanne).Get("/mandats/" + m.ID.String()); !strings.Contains(a.Body, "Ce mandat est suspendu") || !strings.Contains(a.Body, "Mettre fin") {
		t.Errorf("its page does not say that it is suspended, or how it is ended: %d", a.Status)
	}
	post(alma, q+"/decision", http.StatusConflict, "decision", "warning", "motifs", words)
	page(odile, "/referent/constats", "Constat grave", words, "Répondre")
	reply := "/referent/constats/" + finding[1]
	page(odile, reply, "Votre réponse")
	post(odile, reply, http.StatusUnprocessableEntity, "reponse", "non")
	post(odile, reply, http.StatusSeeOther, "reponse", "La personne avait appelé en urgence, ce dimanche.")
	post(odile, reply, http.StatusConflict, "reponse", "La personne avait appelé en urgence, ce dimanche.")
	post(sofia, q+"/decision", http.StatusConflict, "decision", "warning", "motifs", words)
	page(alma, q, "La personne avait appelé en urgence")
	post(alma, q+"/decision", http.StatusSeeOther, "decision", inquiry.Suspension, "suspendre", finding[1]+" mandate", "motifs", words)
	if used() {
		t.Error("it was used after the decision")
	}
	page(odile, "/referent/constats", "Suspension")
	measure := regexp.MustCompile(`id="field-levee" name="levee"><option value="([0-9a-f-]{36})"`).FindStringSubmatch(page(sofia, q, "Lever une suspension"))
	if measure == nil {
		t.Fatal("nothing to lift")
	}
	if strings.Contains(page(alma, q, "Mandat"), `id="field-levee"`) {
		t.Error("who decided is offered to lift it")
	}
	post(alma, q+"/levees", http.StatusConflict, "levee", measure[1], "raison_levee", words)
	post(sofia, q+"/levees", http.StatusSeeOther, "levee", measure[1], "raison_levee", words)
	if !used() {
		t.Error("it cannot be used once the suspension was lifted")
	}
	post(alma, q+"/cloture", http.StatusSeeOther)
	page(alma, q, "Clos")
}
