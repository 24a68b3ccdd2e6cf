package app_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/unsealing"
)

// Two auditors, in their own browsers: one finds an entry and asks, the other grants, the first sees the name for an hour, and the citizen's next account says it. No page but that one names anybody.
func TestUnsealing_ByTwo(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, func(o *apptest.Options) { o.Before = withoutJobs(t) })
	m := site.Sign(t, site.Jeanne, fixture.Angela(), fixture.Tax)
	sofia, alma := site.Visit(t, site.Sofia), site.Visit(t, site.Newcomer(t, journal.Auditor, uuid.Nil, "alma"))
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
	page(sofia, "/audit/usagers/"+m.Citizen.String(), "/audit/usagers/"+m.Citizen.String()+"/levee")
	form := "/audit/usagers/" + m.Citizen.String() + "/levee"
	page(sofia, form, "Explication")
	post(sofia, form, http.StatusUnprocessableEntity, "motif", "complaint", "raison", "court")
	post(sofia, form, http.StatusUnprocessableEntity, "raison", "Une réclamation dit que ce mandat n’a pas été signé.")
	to := post(sofia, form, http.StatusSeeOther, "motif", "complaint", "raison", "Une réclamation dit que ce mandat n’a pas été signé.").At.Path
	id := regexp.MustCompile(`[0-9a-f-]{36}$`).FindString(to)
	page(sofia, to, "Un autre auditeur doit décider", "Retirer la demande")
	post(sofia, to+"/nom", http.StatusNotFound)
	post(sofia, to+"/accord", http.StatusConflict)
	page(alma, "/audit/levees", "À décider", id)
	page(alma, to, "Une réclamation dit que", "Accorder pour une heure")
	post(alma, to+"/accord", http.StatusSeeOther)
	post(alma, to+"/accord", http.StatusConflict)
	if a := post(sofia, to+"/nom", http.StatusOK); !strings.Contains(a.Body, "DUBOIS") {
		t.Errorf("the name is not there: %s", a.Body)
	}
	post(alma, to+"/nom", http.StatusNotFound)
	page(sofia, to, "nom regardé 1 fois", "Terminer maintenant")
	if a := site.Visit(t, site.Jeanne).Get("/mandats/" + m.ID.String() + "/compte-rendu"); !strings.Contains(a.Body, "Qui a vu le nom de la personne") {
		t.Errorf("the account does not say it: %d, %s", a.Status, a.Body)
	}
	site.Clock.Advance(unsealing.Lasts + time.Second)
	sofia = site.Visit(t, site.Sofia)
	if body := page(sofia, to, "Terminée"); strings.Contains(body, "/nom") {
		t.Error("the name can be asked for after the hour")
	}
	must(t, site.App.CatchUp(t.Context()))
	page(sofia, "/audit/journal?acte=unsealing", "a vu le nom que la levée", "a accordé la levée")
}
