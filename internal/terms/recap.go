package terms

import (
	"fmt"
	"html"
	"strings"

	"mandat/internal/evidence"
	"mandat/internal/prose"
)

// template names this state of the recap's words. Change it with every change of them.
const template = "recap-2026-12-1"

// Recap is what the citizen is shown and what is read to them before they agree: exactly these bytes are on the page, and kept. The first is in the language of
// the agreement.
func Recap(f Frozen) []evidence.Text {
	lang := "fr"
	if f.Agreement != nil && f.Agreement.Lang == "en" {
		lang = "en"
	}
	return []evidence.Text{{Lang: lang, Form: evidence.Plain, Template: template, MediaType: "text/html; charset=utf-8", Bytes: []byte(plain(f, lang))}}
}

func plain(f Frozen, lang string) string {
	var b strings.Builder
	say := func(fr, en string, args ...any) {
		text := fr
		if lang == "en" {
			text = en
		}
		for i, a := range args {
			if s, ok := a.(string); ok {
				args[i] = html.EscapeString(s)
			}
		}
		fmt.Fprintf(&b, "<p>"+text+"</p>\n", args...)
	}
	say("Vous donnez mandat à %s.", "You give a mandate to %s.", f.Organisation.Name)
	for _, p := range f.Procedures {
		say("%s, avec %s, jusqu’au %s.", "%s, with %s, until %s.", p.Name.In(lang), p.Body.In(lang), prose.DateTime(lang, p.EndsAt))
	}
	return b.String()
}
