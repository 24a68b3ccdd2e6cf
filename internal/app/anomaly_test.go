package app_test

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"mandat/internal/anomaly"
	"mandat/internal/apptest"
	"mandat/internal/draft"
	"mandat/internal/fixture"
	"mandat/internal/inquiry"
	"mandat/internal/notify"
	"mandat/internal/org"
)

// Steps are refused to an aidant; an auditor reads why that is an alert, looks at its entries, closes it as a false alarm, tries another threshold and puts it in force.
func TestAnomaly_FromTheAlertToAnotherRule(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	minor := fixture.Angela()
	minor.Birthdate = site.Clock.Now().AddDate(-10, 0, 0).Format(time.DateOnly)
	for range 5 {
		d, err := site.Drafts.Start(t.Context(), site.Jeanne, fixture.Terms(fixture.Tax))
		must(t, err)
		if err := site.Drafts.Identify(t.Context(), site.Jeanne, d.ID, minor, site.Clock.Now()); !errors.Is(err, draft.ErrMinor) {
			t.Fatal(err)
		}
	}
	sofia := site.Visit(t, site.Sofia)
	register := anomaly.New(site.DB, site.OpenAuditor(t), site.Journal, site.Keys, site.Clock)
	page := func(path string, words ...string) string {
		t.Helper()
		a := sofia.Get(path)
		a.Body = strings.ReplaceAll(a.Body, "\u00a0", " ")
		for _, word := range words {
			if a.Status != http.StatusOK || !strings.Contains(a.Body, word) {
				t.Fatalf("%s: %d, without %q: %s", path, a.Status, word, a.Body)
			}
		}
		return a.Body
	}
	post := func(path string, want int, pairs ...string) {
		t.Helper()
		if a := sofia.Post(path, pairs...); a.Status != want {
			t.Fatalf("%s: %d, want %d: %s", path, a.Status, want, a.Body)
		}
	}
	var list string
	for begun := time.Now(); !strings.Contains(list, "5 étapes ont été refusées") && time.Since(begun) < 20*time.Second; time.Sleep(100 * time.Millisecond) {
		must(t, register.Watch(t.Context()))
		list = page("/audit/alertes", "Alertes")
	}
	one := regexp.MustCompile(`/audit/alertes/[0-9a-f-]{36}`).FindString(list)
	body := page(one, "Refus répétés", "La règle le signale à partir de 5", "Fausse alerte")
	if n := len(regexp.MustCompile(`href="/audit/journal/[0-9]+"`).FindAllString(body, -1)); n != 5 {
		t.Errorf("%d entries", n)
	}
	page(regexp.MustCompile(`/audit/journal/[0-9]+`).FindString(body), "refus")
	page(strings.ReplaceAll(regexp.MustCompile(`/audit/journal\?[^"]+`).FindString(body), "&amp;", "&"), "refus")
	q, err := inquiry.New(site.DB, site.Journal, site.Keys, site.Directory, site.Mandates, site.Clock, notify.Queue).Open(t.Context(), site.Sofia, 0)
	must(t, err)
	page(one, "Mettre dans ce dossier", q.Name())
	post(one, http.StatusSeeOther, "dossier", q.ID.String())
	page(one, "Dans un dossier", "/audit/dossiers/"+q.ID.String())
	post(one, http.StatusConflict, "dossier", q.ID.String())
	post(one, http.StatusUnprocessableEntity, "raison", "Une formation, le jour même.")
	post(one, http.StatusUnprocessableEntity, "motif", "mistaken", "raison", "court")
	post(one, http.StatusSeeOther, "motif", "mistaken", "raison", "Une formation, le jour même.")
	page(one, "L’alerte est close", "Une formation, le jour même.", "Fausse alerte")
	post(one, http.StatusConflict, "motif", "practice", "raison", "Une formation, le jour même.")
	page("/audit/alertes?etat=closes&regle=refused_steps", one, "100 %")

	rule := "/audit/regles/refused_steps"
	page("/audit/regles", rule, "En service")
	today := site.Clock.Now().Format(time.DateOnly)
	page(rule, "Essayer sur le passé", "version 1")
	post(rule+"/essai", http.StatusUnprocessableEntity, "refusals", "6", "minutes", "60", "du", today, "au", "")
	post(rule+"/essai", http.StatusUnprocessableEntity, "refusals", "600", "minutes", "60", "du", today, "au", today)
	post(rule+"/essai", http.StatusSeeOther, "refusals", "6", "minutes", "60", "du", today, "au", today)
	for begun := time.Now(); !strings.Contains(page(rule), "Alertes trouvées : 0") && time.Since(begun) < 20*time.Second; time.Sleep(100 * time.Millisecond) {
		continue
	}
	page(rule, "Connues et plus trouvées – Fausse alerte")
	post(rule, http.StatusUnprocessableEntity, "version", "1", "refusals", "5", "minutes", "60", "enabled", "on")
	post(rule, http.StatusSeeOther, "version", "1", "refusals", "6", "minutes", "60", "enabled", "on")
	page(rule, "La règle a changé", "version 2", "version 1")
	post(rule, http.StatusConflict, "version", "1", "refusals", "7", "minutes", "60", "enabled", "on")
	site.Clock.Advance(org.FactorLife + time.Minute)
	post(rule, http.StatusSeeOther, "version", "2", "refusals", "8", "minutes", "60", "enabled", "on") // to the second factor
	if all, err := register.History(t.Context(), site.Sofia, "refused_steps"); err != nil || len(all) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
	must(t, site.App.CatchUp(t.Context()))
	page("/audit/journal?acte=anomaly", "a clos l’alerte", "a mis en vigueur la version 2", "a essayé la règle", "Le programme a signalé")
}
