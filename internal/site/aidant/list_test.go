package aidant

import (
	"encoding/csv"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"mandat/internal/caseload"
	"mandat/internal/fixture"
	"mandat/internal/session"
	"mandat/internal/sitetest"
)

// found follows a search that was posted to the page of what it finds.
func (b *browser) found(t *testing.T, fields ...string) sitetest.Answer {
	t.Helper()
	a := b.Want(b.Post("/mandats", fields...), 303, "/mandats")
	at, _, _ := strings.Cut(a.Location, "#")
	for n := 1; n < len(fields); n += 2 {
		if fields[n-1] == "recherche" && fields[n] != "" && strings.Contains(strings.ToLower(at), strings.ToLower(fields[n])) {
			t.Errorf("what was typed stands in the address %s", at)
		}
	}
	return b.Get(at)
}

// link finds the address of the first link whose text begins so.
func link(t *testing.T, body, text string) string {
	t.Helper()
	m := regexp.MustCompile(`href="([^"#]*)[^"]*"[^>]*>` + regexp.QuoteMeta(text)).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no link %q", text)
	}
	return html.UnescapeString(m[1])
}

// Pages of the list, and of a search, are links that lead on and back, also in the other language; the search is forgotten with the session.
func TestList_HasPages(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	for n := range caseload.PageLength + 2 {
		c.Sign(t, c.Jeanne, fixture.Citizen(n), fixture.Tax)
	}
	c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Housing)
	b := c.jeanne(t)
	lines := func(a sitetest.Answer, want int) {
		t.Helper()
		if n := strings.Count(a.Body, "fr-list__title"); n != want {
			t.Errorf("%d mandates on the page instead of %d", n, want)
		}
	}
	for what, first := range map[string]sitetest.Answer{"list": b.Get("/mandats"), "search": b.found(t, "recherche", "camille"), "filter": b.found(t, "demarche", "theme:argent", "suivi", "moi", "fin", "31/12/2999")} {
		b.Want(first, 200, "page 1 sur 2", "Page suivante")
		b.Without(first, "Page précédente")
		lines(first, caseload.PageLength)
		second := b.Want(b.Get(link(t, first.Body, "Page suivante")), 200, "page 2 sur 2", "Page précédente")
		b.Without(second, "Page suivante")
		lines(second, map[string]int{"list": 3, "search": 2, "filter": 2}[what])
		lines(b.Get(link(t, second.Body, "Page précédente")), caseload.PageLength)
		english := b.Want(b.Get("/mandats"+link(t, second.Body, "English")), 200, "page 2 of 2")
		lines(english, map[string]int{"list": 3, "search": 2, "filter": 2}[what])
		b.Want(b.Get("/mandats"+link(t, english.Body, "Français")), 200, "page 2 sur 2")
	}
	b.Want(b.Get("/mandats?page=99"), 303, "/mandats?page=2")
	b.Want(b.Get("/mandats?onglet=ended&page=99"), 303, "/mandats?onglet=ended")
	for _, bad := range []string{"page=0", "page=-1", "page=x", "page=99999999999999999999", "onglet=x", "demarche=x", "demarche=theme:x", "suivi=x", "suivi=00000000-0000-0000-0000-000000000000", "fin=yesterday", "fin=1899-12-31"} {
		b.Want(b.Get("/mandats?"+bad), 400, "Cette page de la liste n’existe pas")
	}
	search := b.Post("/mandats", "recherche", "dubois").Location
	search, _, _ = strings.Cut(search, "#")
	b.Want(b.Get(search), 200, "Angela Claire Louise DUBOIS", `value="dubois"`)
	for who, other := range map[string]*browser{"a colleague": c.visit(t, c.Paul, session.Aidant, c.Clock.Now()), "a later session": c.jeanne(t)} {
		a := other.Want(other.Get(search), 200, "Cherchez de nouveau")
		if strings.Contains(a.Body, `value="dubois"`) {
			t.Errorf("%s is told what was typed", who)
		}
	}
}

// Whoever calls is found by name and birth date in every tab, in one's own organisation alone.
func TestList_FindsPeople(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	c.Sign(t, c.Jeanne, fixture.Citizen(1), fixture.Tax)
	b, elsewhere := c.jeanne(t), c.visit(t, c.Ines, session.Aidant, c.Clock.Now())
	c.Sign(t, c.Ines, fixture.Citizen(2), fixture.Tax)
	for _, words := range []string{"dub", "Angela DUBOIS", "dubois 24/08/1962"} {
		a := b.Want(b.found(t, "recherche", words), 200, "Un mandat", "/mandats/"+m.ID.String(), "24 août 1962", "établi par jeanne Fictif", "En cours (1)")
		b.Without(a, "FICTIF")
	}
	wrong := b.Want(b.Post("/mandats", "recherche", "d", "fin", "demain", "onglet", "ended"), 422, "Écrivez au moins deux lettres", "Écrivez un jour", `value="demain"`, `name="onglet" value="ended"`)
	b.Without(wrong, "DUBOIS")
	b.Want(b.Post("/mandats", "recherche", strings.Repeat("é", 101)), 422)
	b.Want(b.found(t, "recherche", "personne"), 200, "Aucun mandat en cours", "Vérifiez l’orthographe")
	b.Without(elsewhere.Want(elsewhere.found(t, "recherche", "dubois"), 200, "Aucun mandat en cours"), "DUBOIS")
	if err := c.Mandates.End(t.Context(), c.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	a := b.Want(b.found(t, "recherche", "dubois"), 200, "Ce que vous cherchez est sous un autre onglet", "Terminés (1)")
	b.Want(b.Get(link(t, a.Body, "Terminés (1)")), 200, "Angela Claire Louise DUBOIS", "Terminé le")
	b.Want(b.found(t), 200, "FICTIF-1")
	b.Want(b.Get("/mandats?onglet=scheduled"), 200, "Aucun mandat à venir", "sous les autres onglets")
}

// What takes the list away asks for a fresh factor, and for the format; what was chosen is still chosen after the factor was given.
func TestExport(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	who := fixture.Angela()
	who.GivenName, who.FamilyName = "=cmd|' /C calc'!A0", "DUBOIS; \"X\""
	c.Sign(t, c.Jeanne, who, fixture.Tax, fixture.Housing)
	c.Sign(t, c.Jeanne, fixture.Citizen(1), fixture.Tax)
	c.Sign(t, c.Ines, fixture.Citizen(2), fixture.Tax)
	b, old := c.jeanne(t), c.visit(t, c.Jeanne, session.Aidant, c.Clock.Now().Add(-16*time.Minute))
	list := b.found(t, "recherche", "dubois")
	export := link(t, list.Body, "Emporter cette liste")
	b.Want(b.Get(export), 200, "Le fichier aura un mandat", "Rien d’autre que ce que votre recherche", "données personnelles")
	b.Want(b.Post(export), 422, "Choisissez le format")
	a := b.Want(b.Post(export, "format", "csv"), 200)
	if got := a.Header.Get("Content-Disposition"); !regexp.MustCompile(`^attachment; filename="mandats-\d{4}-\d\d-\d\d\.csv"$`).MatchString(got) || a.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("%q, %q", got, a.Header.Get("Content-Type"))
	}
	text, marked := strings.CutPrefix(a.Body, "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || !marked || len(rows) != 2 || rows[0][3] != "Date de naissance" || rows[1][0] != "'=cmd|' /C calc'!A0" || rows[1][1] != "DUBOIS; \"X\"" || rows[1][3] != "1962-08-24" || rows[0][5] != "Établi le" || rows[1][4] != "En cours" || rows[1][9] != "2" || rows[1][10] != "jeanne Fictif" {
		t.Errorf("%q, %v", rows, err)
	}
	if a := b.Want(b.Post("/mandats/export", "format", "xlsx"), 200); !strings.HasPrefix(a.Body, "PK\x03\x04") {
		t.Error("no XLSX")
	}
	c.wantRows(t, 1, `select count(*) from journal_entry where action = 'mandate.exported' and body::jsonb -> 'detail' = '{"mandates": 1, "format": "csv", "tab": "current", "filters": ["words"]}'::jsonb`)
	c.wantRows(t, 1, `select count(*) from journal_entry where action = 'mandate.exported' and body::jsonb -> 'detail' = '{"mandates": 2, "format": "xlsx", "tab": "current", "filters": []}'::jsonb`)
	old.Want(old.Post("/mandats/export?suivi=moi", "format", "csv"), 303, session.ConfirmPath)
	c.wantRows(t, 2, `select count(*) from journal_entry where action = 'mandate.exported'`)
	c.wantRows(t, 1, `select count(*) from session where kept_path = '/mandats/export?suivi=moi' and kept_form is not null`)
	foreign := c.visit(t, c.Paul, session.Aidant, c.Clock.Now())
	foreign.Want(foreign.Post(export, "format", "csv"), 303, "/mandats")
}

// Home says how many mandates of one's own end soon, without a name.
func TestHome_SaysWhatEndsSoon(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	c.Sign(t, c.Paul, fixture.Citizen(1), fixture.Tax)
	c.Clock.Advance(2 * 24 * time.Hour)
	b := c.jeanne(t)
	a := b.Want(b.Get("/espace"), 200, "Un mandat que vous suivez prend bientôt fin", "Trouver une personne")
	b.Without(a, "DUBOIS", "FICTIF")
	shown := b.Want(b.Get(link(t, a.Body, "Voir lesquels")), 200, "DUBOIS", "Fin proche (1)")
	b.Without(shown, "FICTIF")
}
