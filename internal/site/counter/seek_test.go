package counter

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"mandat/internal/page"
)

// Whatever the accents, case and punctuation; each word begins one of the procedure's.
func TestFoundBy(t *testing.T) {
	t.Parallel()
	words := fold("Déclarer ses revenus – Direction générale des Finances publiques (DGFiP) · Œuvres d’État")
	for sought, want := range map[string]bool{"": true, "REVENUS": true, "decl rev": true, "déclarer": true, "d’état": true, "etat oeuv": true, "œuvre": true, "dgfip": true, "venus": false, "revenus logement": false, "–": true} {
		if got := foundBy(words, fold(sought)); got != want {
			t.Errorf("%q: %v", sought, got)
		}
	}
}

var (
	shownChoice = regexp.MustCompile(`data-words="([^"]*)">`)
	allChoices  = regexp.MustCompile(`data-words="([^"]*)"`)
)

// Without scripts a search sends the form, which comes back narrowed, with all that was entered, and what is chosen in sight. Nothing is begun.
func TestTerms_Search(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	entered := []string{"procedures", "justice-casier", "warned", "justice-casier", "informed", "on", "days", "31", "no_protection", "on"}
	all := len(allChoices.FindAllString(b.Want(b.Get("/mandats/nouveau"), 200, `name="find"`).Body, -1))
	for how, fields := range map[string][]string{"the button": {"find", "on"}, "enter": nil, "again": {"find", "on", "sought", "impot"}} {
		a := b.Want(b.Post("/mandats/nouveau", append(append(entered, "seek", "IMPOT"), fields...)...), 200, `value="IMPOT"`, `value="justice-casier" checked`, `name="informed" value="on" checked`)
		if len(allChoices.FindAllString(a.Body, -1)) != all {
			t.Errorf("%s: some are not in the page at all", how)
		}
		found := 0
		for _, m := range shownChoice.FindAllStringSubmatch(a.Body, -1) {
			if foundBy(m[1], "impot") {
				found++
			} else if !strings.Contains(m[1], "casier") {
				t.Errorf("%s: %s is shown", how, m[1])
			}
		}
		if found == 0 || found == all || !strings.Contains(a.Body, fmt.Sprintf("Démarches trouvées\u00a0: %d", found)) {
			t.Errorf("%s: %d found", how, found)
		}
	}
	b.Want(b.Post("/mandats/nouveau", append(entered, "seek", "zzz", "find", "on")...), 200, "Aucune démarche trouvée", `value="justice-casier" checked`)
	c.wantRows(t, 0, `select count(*) from mandate_draft`)
	ticked := b.Want(b.Post("/mandats/nouveau", "seek", "impot", "tick", "social"), 200, `value="social-carte-europeenne" checked`)
	b.Without(ticked, `value="argent-impots-declaration" checked`)
	b.Want(b.Post("/mandats/nouveau", append(entered, "seek", "impot", "go", "on")...), 303, "/identite")
}

// What is sought is no field of the terms: nothing of it is kept with them.
func TestSeeks(t *testing.T) {
	t.Parallel()
	for what, x := range map[string]struct {
		form map[string][]string
		want bool
	}{"nothing": {nil, false}, "found already": {map[string][]string{"seek": {"a"}, "sought": {"a"}}, false}, "cleared": {map[string][]string{"sought": {"a"}}, true},
		"going on": {map[string][]string{"seek": {"a"}, "go": {"on"}}, false}} {
		if got := seeks(page.FilledForm(x.form)); got != x.want {
			t.Errorf("%s: %v", what, got)
		}
	}
}
