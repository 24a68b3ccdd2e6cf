package attestation

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mandat/internal/citizen"
	"mandat/internal/paper"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// everyLanguage is French, and those in which documents can be read beside it.
func everyLanguage() []string {
	out := []string{"fr"}
	for _, t := range Translations() {
		out = append(out, t.Tag)
	}
	return out
}

// framing are phrases that only put others together.
var framing = []string{"comma", "power", "power_is", "power_warned", "birth_country", "present_named", "given_to_is"}

var sentenceEnd = regexp.MustCompile(`[.!?؟](\s|$)`)

// Each language has the phrases of the French with the same places, and in each no sentence less.
func TestPhrases_SentenceBySentenceAsInFrench(t *testing.T) {
	t.Parallel()
	french := allPhrases()["fr"].Phrases
	for _, lang := range everyLanguage() {
		p := allPhrases()[lang]
		if diff := cmp.Diff(slices.Sorted(maps.Keys(french)), slices.Sorted(maps.Keys(p.Phrases))); diff != "" {
			t.Errorf("%s: other phrases (-French +%s):\n%s", lang, lang, diff)
		}
		for key, text := range p.Phrases {
			want, got := place.FindAllString(french[key], -1), place.FindAllString(text, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) || strings.Count(text, "{") != len(got) {
				t.Errorf("%s, %s: places for %v, and in French for %v", lang, key, got, want)
			}
			if strings.TrimSpace(text) == "" || strings.ContainsAny(text, "<>\u202a\u202b\u202d\u202e") || lang != "fr" && text == french[key] && !slices.Contains(framing, key) {
				t.Errorf("%s, %s: %q", lang, key, text)
			}
			if want, got := len(sentenceEnd.FindAllString(french[key], -1)), len(sentenceEnd.FindAllString(text, -1)); got < want {
				t.Errorf("%s, %s: %d sentences, and %d in French", lang, key, got, want)
			}
		}
		for _, level := range procedure.Levels() {
			if p.Levels[level] == "" {
				t.Errorf("%s has no words for the level %s", lang, level)
			}
		}
	}
	there, err := os.ReadDir("words")
	if err != nil || len(there) != len(terms.RecapLanguages) {
		t.Errorf("%d files for %d languages, %v", len(there), len(terms.RecapLanguages), err)
	}
}

// Who reads in a language of the recap finds the level in the very words in which they agreed; and is told that nobody checked the translation.
func TestTranslations_SpeakAsTheRecap(t *testing.T) {
	t.Parallel()
	for _, into := range Translations() {
		w, err := terms.WordsOf(into.Tag)
		if err != nil {
			t.Fatal(err)
		}
		if into.Name != w.Name || into.RightToLeft != w.RightToLeft || into.Dir() != w.Dir() || into.Notice[0] == "" || into.Notice[1] == "" || into.Notice[0] == into.Notice[1] {
			t.Errorf("%+v", into)
		}
		if into.Tag == "en" {
			continue // the sealed English document has its own, shorter ones
		}
		x := full(t, Given, into.Tag, 10)
		got := wordsOf(compose(Given, x, "", nil))
		for _, level := range procedure.Levels() {
			if !strings.Contains(got, w.Levels[level]) {
				t.Errorf("%s: the level %s is not said as in the recap", into.Tag, level)
			}
		}
		for _, p := range x.powers {
			if warning := w.Warning(p.warning); warning != "" && !strings.Contains(got, warning) {
				t.Errorf("%s: not warned as in the recap: %s", into.Tag, warning)
			}
		}
	}
}

// A place that no value was given for would be empty: of all that a document can say, nothing is.
func TestCompose_FillsEveryPlace(t *testing.T) {
	t.Parallel()
	for _, lang := range everyLanguage() {
		for _, kind := range kinds {
			x := full(t, kind, lang, 10)
			x.beside = lang != "fr"
			x.citizen.BornTown, x.citizen.BornCountry, x.drawn = "Essaouira", "Maroc", true
			got := wordsOf(compose(kind, x, "Compte rendu", someReport))
			if strings.ContainsAny(got, "{}") || strings.Contains(got, string(paper.Isolated)+"\ue003") || strings.Contains(got, string(paper.LeftToRight)+"\ue003") {
				t.Errorf("%s, %s: a place is empty:\n%s", lang, kind, got)
			}
		}
	}
}

// On a page names, dates and numbers are isolated; official names that the State gives in French alone are marked French; the sealed document has no marks at all.
func TestCompose_IsolatesValuesInAnotherScript(t *testing.T) {
	t.Parallel()
	x := someSubject(t, Given, "ar")
	x.beside = true
	x.citizen.GivenName = "Ana <b>"
	var page strings.Builder
	for _, b := range compose(Given, x, "", nil) {
		for _, text := range append(append([]string{b.Text, b.Word}, b.Items...), slices.Concat(pairsOf(b.Rows)...)...) {
			page.WriteString(string(b.Marked(text)) + "\n")
		}
	}
	for _, says := range []string{"<bdi>Ana &lt;b&gt; MARTIN (DUBOIS)</bdi>، تاريخ الميلاد: <bdi>24 أغسطس 1962</bdi>", "<bdi>السبت 21 نوفمبر 2026، الساعة 15:05</bdi>", `<bdi dir="ltr">lune-pomme-sapin-tasse</bdi>`,
		`<bdi dir="ltr">21750001600019</bdi>`, `<bdi dir="ltr">+33` + "\u00a0", `<bdi lang="fr" dir="ltr">Déclaration de revenus</bdi> (<bdi lang="fr" dir="ltr">impots.gouv.fr</bdi>)`,
		`<bdi>1 place de la Mairie, 75001` + "\u00a0" + `Paris</bdi>`, "بالأيام: <bdi>31</bdi>", "<bdi>CCAS de démonstration</bdi> في <bdi>الاثنين 21 سبتمبر 2026</bdi>", `<bdi dir="ltr">accueil@exemple.invalid</bdi>`} {
		if !strings.Contains(page.String(), says) {
			t.Errorf("does not say %q:\n%s", says, page.String())
		}
	}
	for _, lang := range Languages {
		if got := wordsOf(compose(Given, someSubject(t, Given, lang), "", nil)); strings.ContainsAny(got, "\ue000\ue001\ue002\ue003") {
			t.Errorf("%s: marks in what is set as a PDF: %q", lang, got)
		}
	}
}

func pairsOf(rows [][2]string) [][]string {
	var out [][]string
	for _, r := range rows {
		out = append(out, r[:])
	}
	return out
}

// In French and English a birth date is written as everywhere else; in every language it is told what is not known of it.
func TestCompose_BirthDates(t *testing.T) {
	t.Parallel()
	for _, lang := range everyLanguage() {
		seen := map[string]bool{}
		for _, date := range []string{"1962-08-24", "1962-02-01", "1964-05-00", "1964-00-00", "", "1964"} {
			for _, born := range []citizen.Identity{{}, {BornTown: "Essaouira"}, {BornTown: "Essaouira", BornCountry: "Maroc"}, {BornCountry: "Maroc"}} {
				x := subject{lang: lang}
				x.citizen = born
				x.citizen.Birthdate = date
				got := x.birth()
				if want := x.citizen.BirthdateText(lang); slices.Contains(Languages, lang) && got != want {
					t.Errorf("%s: %q, elsewhere %q", lang, got, want)
				}
				if seen[got] {
					t.Errorf("%s: %q twice", lang, got)
				}
				seen[got] = true
			}
		}
	}
}
