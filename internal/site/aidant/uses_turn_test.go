package aidant

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/report"
)

// The page offers each power that stands with its case, takes the one that was chosen, and says on every page for which case a use was.
func TestDeclare_OfOneCase(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	x := fixture.Terms(fixture.Tax, fixture.Tax)
	x.Powers[0].Case, x.Powers[1].Case = "DOSSIER-1", "DOSSIER-2"
	m := c.agree(t, x)
	b, path := c.jeanne(t), usesPath(m.ID)
	offered := b.Want(b.Get(path), 200, "DOSSIER-1", "DOSSIER-2")
	for _, p := range m.Powers {
		if strings.Count(offered.Body, `value="`+fixture.Tax+":"+p.Case+`"`) != 1 {
			t.Errorf("the power for %s is not offered once", p.Case)
		}
	}
	for what, choice := range map[string]string{"every case": fixture.Tax, "another case": fixture.Tax + ":" + strings.Repeat("0", 32), "no case": fixture.Tax + ":x", "in clear": fixture.Tax + ":DOSSIER-1"} {
		if a := b.Post(path, "procedure", choice, "way", "telephone"); a.Status != http.StatusConflict {
			t.Errorf("%s: %d", what, a.Status)
		}
	}
	ref := m.Powers[0].Case
	of, err := c.Mandates.References(m)
	if err != nil {
		t.Fatal(err)
	}
	file, other := of[ref], of[m.Powers[1].Case]
	a := b.Want(b.Post(path, "procedure", fixture.Tax+":"+ref, "way", "telephone"), 303)
	b.Without(b.Want(b.Get(a.Location), 200, "Dossier", file), other)
	b.Want(b.Post(a.Location, "after", "0", "outcome", "done"), 303)
	b.Want(b.Get(path), 200, "dossier "+file)
	c.useOf(t, c.Jeanne, m, fixture.Tax, m.Powers[1].Case)
	b.Want(b.Get("/mandats/"+m.ID.String()), 200, "Utilisation déclarée pour", "Compte rendu pour", "Mandat utilisé pour", "Déclaration de revenus, dossier "+file, "Déclaration de revenus, dossier "+other)
	b.Want(b.Get("/mandats/"+m.ID.String()+"/compte-rendu"), 200, "Seulement pour le dossier", file)
	c.wantRows(t, 2, `select count(*) from report_use where case_ref <> ''`)
	c.Content(t)
}

var besideLink = regexp.MustCompile(`rel="(prev|next)" href="([^"]+)"`)

// links are the links of a page to those beside it.
func links(body string) map[string]string {
	out := map[string]string{}
	for _, m := range besideLink.FindAllStringSubmatch(body, -1) {
		out[m[1]] = m[2]
	}
	return out
}

// The pages of a mandate's uses and of its report are turned by links, in both languages, and an address that no link has leads nowhere.
func TestUses_AreTurned(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	const more = 2
	for range report.PageLength + more {
		c.use(t, c.Jeanne, m, fixture.Tax)
	}
	b := c.jeanne(t)
	for path, item := range map[string]string{usesPath(m.ID): `class="fr-list__item"`, reportPath(m.ID): "Déclaration de revenus ("} {
		first := b.Want(b.Get(path), 200)
		next := links(first.Body)["next"]
		if strings.Count(first.Body, item) != report.PageLength || len(links(first.Body)) != 1 || !strings.Contains(first.Body, fmt.Sprint(report.PageLength+more)) {
			t.Fatalf("%s: %d uses, links %v", path, strings.Count(first.Body, item), links(first.Body))
		}
		second := b.Want(b.Get(next), 200, next[strings.Index(next, "?"):]+"&amp;lang=en")
		beside := links(second.Body)
		if strings.Count(second.Body, item) != more || len(beside) != 1 || beside["prev"] == "" {
			t.Fatalf("%s: %d uses, links %v", next, strings.Count(second.Body, item), beside)
		}
		if back := b.Want(b.Get(beside["prev"]), 200); strings.Count(back.Body, item) != report.PageLength || links(back.Body)["next"] != next {
			t.Errorf("%s: turned back, another page: %v", beside["prev"], links(back.Body))
		}
		for _, wrong := range []string{"?apres=x", "?apres=" + uuid.Nil.String()} {
			b.Want(b.Get(path+wrong), 400, "Cette page n’existe pas", path)
		}
	}
	b.Want(b.Get(usesPath(m.ID)+"?avant=1"), 400, "Cette page n’existe pas")
	b.Want(b.Get(usesPath(m.ID)+"?avant="+uuid.NewString()), 404)
	b.Want(b.Get(reportPath(m.ID)+"?apres="+uuid.NewString()), 400, "Cette page n’existe pas")
	whole := b.Want(b.Get(reportPath(m.ID)), 200, "Page 1 sur 2", "imprimer en entier", "compte-rendu.pdf")
	b.Without(whole, "Ce qui n’a jamais été utilisé")
	b.Want(b.Get(links(whole.Body)["next"]), 200, "Page 2 sur 2", "Ce qui n’a jamais été utilisé", "26. ")
	sum := shownSum.FindStringSubmatch(whole.Body)[1]
	b.Want(b.Post(reportPath(m.ID), "shown", sum), 303)
	// Who may declare nothing, or of a mandate that is over, is told that nothing is to be done.
	over := c.Sign(t, c.Jeanne, fixture.Citizen(1), fixture.Tax)
	b.Want(b.Post("/mandats/"+over.ID.String()+"/fin", "reason", "citizen"), 303)
	b.Without(b.Want(b.Get(usesPath(over.ID)), 200, "Ce mandat n’a pas encore été utilisé", "Il n’y a rien à écrire"), "déclarez-le ci-dessous")
}
