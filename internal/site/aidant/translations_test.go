package aidant

import (
	"regexp"
	"strings"
	"testing"

	"mandat/internal/attestation"
	"mandat/internal/evidence"
	"mandat/internal/fixture"
	"mandat/internal/mandate"
)

// readIn is a mandate whose recap Angela read in a language.
func (c *counter) readIn(t *testing.T, lang string) mandate.Mandate {
	t.Helper()
	id := c.Draft(t, c.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing)
	d, err := c.Drafts.Find(t.Context(), c.Jeanne, id)
	if err != nil {
		t.Fatal(err)
	}
	a := fixture.Agreed()
	if lang != "fr" {
		a.How.Lang, a.How.Form = lang, evidence.Translation
	}
	if lang == "en" {
		a.How.Form = evidence.Plain
	}
	a.Version, a.Shown = d.Version, c.Shown(t, d, a.How)
	m, err := c.Mandates.Sign(t.Context(), c.Jeanne, id, a)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var offered = regexp.MustCompile(`traduction=([a-z]+)" hreflang="([a-z]+)" lang="([a-z]+)"><bdi dir="(ltr|rtl)">([^<]+)</bdi>`)

// A paper can be read in every language of the recap, once; the one in which the citizen read theirs comes first.
func TestPapers_OfferTheLanguageOfTheRecapFirst(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	for _, lang := range []string{"ar", "uk", "fr"} {
		path := "/mandats/" + c.readIn(t, lang).ID.String() + "/attestation"
		a := b.Get(path)
		links := offered.FindAllStringSubmatch(a.Body, -1)
		if len(links) != len(attestation.Translations()) || lang != "fr" && links[0][1] != lang || strings.Contains(a.Body, "où le récapitulatif a été lu") != (lang != "fr") {
			t.Errorf("read in %s, offered %v", lang, links)
		}
		seen := map[string]bool{}
		for _, l := range links {
			if l[1] != l[2] || l[1] != l[3] || (l[4] == "rtl") != (l[1] == "ar") || seen[l[1]] {
				t.Errorf("read in %s: %v", lang, l)
			}
			seen[l[1]] = true
		}
	}
}

// Beside the French each language stands in its own direction, with names, dates and the control word isolated from it, and says first that nobody checked it and that the
// French binds; so it does on paper.
func TestPapers_BesideTheFrenchInEachLanguage(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.readIn(t, "ar")
	if err := c.Mandates.End(t.Context(), c.Jeanne, m.ID, "completed"); err != nil {
		t.Fatal(err)
	}
	b := c.jeanne(t)
	for _, into := range attestation.Translations() {
		for _, kind := range []string{"/attestation", "/attestation-de-fin"} {
			a := b.Want(b.Get("/mandats/"+m.ID.String()+kind+"?traduction="+into.Tag), 200, `<div lang="`+into.Tag+`" dir="`+into.Dir()+`"><p>`+into.Notice[1]+`</p></div>`, `<div lang="fr"><p>`+into.Notice[0]+`</p></div>`,
				"<bdi>"+angela.FullName()+"</bdi>")
			sheet := a.Body[strings.Index(a.Body, "<article"):strings.Index(a.Body, "</article>")]
			if !strings.Contains(sheet, into.Notice[1]) || strings.Index(sheet, into.Notice[1]) > strings.Index(sheet, "fr-sheet__title") || strings.Contains(sheet, "fr-no-print") || strings.ContainsAny(sheet, "\ue000\ue001\ue002\ue003{}") {
				t.Errorf("%s %s: the notice is not first, or not printed", into.Tag, kind)
			}
			if kind == "/attestation" && strings.Count(sheet, `<strong>`) != 2 || kind == "/attestation" && !regexp.MustCompile(`<strong>[^<]+<bdi dir="ltr">[a-z]+-[a-z]+-[a-z]+-[a-z]+</bdi></strong>`).MatchString(sheet) {
				t.Errorf("%s: the control word is not isolated", into.Tag)
			}
			if into.Tag != "en" && !strings.Contains(sheet, `<bdi lang="fr" dir="ltr">Déclaration de revenus</bdi>`) {
				t.Errorf("%s %s: the name of a procedure is not marked as French", into.Tag, kind)
			}
		}
	}
}

// Who reads a translation keeps it in large print and back, and when the page around it changes its language.
func TestPapers_KeepTheTranslation(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	b := c.jeanne(t)
	path := "/mandats/" + c.readIn(t, "uk").ID.String() + "/attestation"
	b.Want(b.Get(path+"?traduction=uk"), 200, `href="`+path+`?taille=grande&amp;traduction=uk"`, `lang=en&amp;traduction=uk"`)
	b.Want(b.Get(path+"?taille=grande&traduction=uk"), 200, `href="`+path+`?traduction=uk"`, "fr-sheet--wide fr-sheet--large", "Посвідка про доручення", `lang=en&amp;taille=grande&amp;traduction=uk"`)
}
