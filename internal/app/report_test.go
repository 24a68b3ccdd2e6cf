package app_test

import (
	"regexp"
	"strings"
	"testing"

	"mandat/internal/apptest"
	"mandat/internal/fixture"
)

// usePath finds the link to a use's account.
var usePath = regexp.MustCompile(`/mandats/[0-9a-f-]{36}/usages/[0-9a-f-]{36}`)

// A real use, through FranceConnect and a public service, waits on the aidant's home page until its account is given, and is told in the report.
func TestReport_OfARealUse(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t)
	jeanne := site.Walker(t, site.Jeanne)
	signed, err := jeanne.DrawUp("test", fixture.Tax)
	must(t, err)
	v := site.Visit(t, site.Jeanne)
	if strings.Contains(v.Get("/espace").Body, "À compléter") {
		t.Error("an account is owed of nothing")
	}
	must(t, jeanne.Use(site.Tax, "dubois", fixture.Tax))
	path := usePath.FindString(v.Get("/espace").Body)
	if !strings.HasPrefix(path, "/mandats/"+signed.String()) {
		t.Fatalf("the use does not wait: %q", path)
	}
	if n := site.Number(t, `select count(*) from report_use u join idp_login l on l.id = u.id and l.state = 'released' and l.person_id = u.person_id`); n != 1 {
		t.Errorf("%d uses have the id of their login", n)
	}
	if a := v.Post(path, "after", "0", "outcome", "done", "typed_site", "impots.exemple", "note", "carte 4970 1000 0000 0154"); a.Status != 422 || !strings.Contains(a.Body, "carte bancaire") {
		t.Errorf("a card: %d", a.Status)
	}
	if a := v.Post(path, "after", "0", "outcome", "done", "typed_site", "impots.exemple", "receipt", "ZZ-RECU-31415", "note", "ZZ-NOTE-27182"); a.Status != 303 {
		t.Errorf("a good account: %d", a.Status)
	}
	if strings.Contains(v.Get("/espace").Body, "À compléter") {
		t.Error("it waits still")
	}
	report := v.Get("/mandats/" + signed.String() + "/compte-rendu").Body
	for _, word := range []string{"Angela", "impots.exemple", "ZZ-RECU-31415", "ZZ-NOTE-27182"} {
		if !strings.Contains(report, word) {
			t.Errorf("the report does not say %s", word)
		}
	}
	content := everyTable(t, site)
	for _, typed := range []string{"impots.exemple", "ZZ-RECU-31415", "ZZ-NOTE-27182"} {
		if strings.Contains(content, typed) || strings.Contains(site.Log.String(), typed) {
			t.Errorf("%s stands in the database or in the log", typed)
		}
	}
}
