package mandate

import (
	"strings"
	"testing"
	"time"

	"mandat/internal/consent"
	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// A message says of a power what the recap says of it, in its words, with its case and its days; and one power never takes more than one message.
func TestInShort(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, time.December, 3, 12, 0, 0, 0, time.UTC)
	p := terms.Power{Name: procedure.Text{"fr": "Timbre fiscal", "en": "Tax stamp"}, Case: "2026-117/B", EndsAt: day.AddDate(0, 1, 0)}
	for lang, days := range map[string]string{"fr": ", dossier « 2026-117/B », du jeudi 3 décembre 2026, jusqu’au dimanche 3 janvier 2027", "en": ", file “2026-117/B”, from Thursday 3 December 2026, until Sunday 3 January 2027"} {
		recap, err := terms.WordsOf(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, level := range procedure.Levels() {
			p.Level = level
			got, err := inShort(p, terms.Frozen{StartsAt: day}, lang)
			if want := p.Name.In(lang) + " (" + recap.Levels[level] + ")" + days; err != nil || strings.ReplaceAll(got, "\u00a0", " ") != want || recap.Levels[level] == "" {
				t.Errorf("%s, %s: %q, %v", lang, level, got, err)
			}
			if len([]rune(got)) > consent.PartUnits {
				t.Errorf("%s, %s: %d signs", lang, level, len([]rune(got)))
			}
		}
	}
	if _, err := inShort(p, terms.Frozen{}, "xx"); err == nil {
		t.Error("said in a language of which there are no words")
	}
}
