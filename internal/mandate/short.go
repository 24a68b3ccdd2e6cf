package mandate

import (
	"fmt"

	"mandat/internal/prose"
	"mandat/internal/terms"
)

// inShort says of one power all that the citizen agrees to, in the few words of a message: how far it goes in those of the recap, which is what they
// would read on the spot.
func inShort(p terms.Power, f terms.Frozen, lang string) (string, error) {
	recap, err := terms.WordsOf(lang)
	if err != nil {
		return "", fmt.Errorf("say a mandate in short: %w", err)
	}
	words := map[string][3]string{
		"fr": {", dossier «\u00a0%s\u00a0»", ", du ", ", jusqu’au "}, // what an aidant typed stands in quotation marks, and is none of our words
		"en": {", file “%s”", ", from ", ", until "},
	}[lang]
	text := p.Name.In(lang) + " (" + recap.Levels[p.Level] + ")"
	if p.Case != "" {
		text += fmt.Sprintf(words[0], p.Case)
	}
	if !f.StartsAt.IsZero() {
		text += words[1] + prose.Date(lang, f.StartsAt)
	}
	return text + words[2] + prose.Date(lang, p.EndsAt), nil
}
