package mandate

import (
	"mandat/internal/procedure"
	"mandat/internal/prose"
	"mandat/internal/terms"
)

// inShort says of one power all that the citizen agrees to, in the few words of a message.
func inShort(p terms.Power, f terms.Frozen, lang string) string {
	words := map[string][5]string{
		"fr": {" (consulter seulement)", " (consulter et faire, sans signer ni payer)", ", dossier ", ", du ", ", jusqu’au "},
		"en": {" (look only)", " (look and do, without signing or paying)", ", file ", ", from ", ", until "},
	}[lang]
	text := p.Name.In(lang) + words[1]
	if p.Level == procedure.See {
		text = p.Name.In(lang) + words[0]
	}
	if p.Case != "" {
		text += words[2] + p.Case
	}
	if !f.StartsAt.IsZero() {
		text += words[3] + prose.Date(lang, f.StartsAt)
	}
	return text + words[4] + prose.Date(lang, p.EndsAt)
}
