package paper

import (
	"html/template"
	"strings"
)

// Mark says how a value stands in a text of another script: a page isolates it, so that neither's direction reaches the other. Marks are characters of a private
// area, which no value keeps. Only texts that are shown as pages have them (Block.Marked), never those of a PDF.
type Mark rune

// The marks.
const (
	Isolated    Mark = '\ue000' // in the direction of its own letters
	LeftToRight Mark = '\ue001' // a number or an address, from left to right
	French      Mark = '\ue002' // in French, whatever the language around it
	shut        Mark = '\ue003'
)

var opens = map[Mark]string{Isolated: `<bdi>`, LeftToRight: `<bdi dir="ltr">`, French: `<bdi lang="fr" dir="ltr">`}

// Around puts the mark around a value, whose own marks, if it had any, it loses.
func (m Mark) Around(value string) string {
	return string(m) + strings.Map(func(r rune) rune {
		if r >= rune(Isolated) && r <= rune(shut) {
			return -1
		}
		return r
	}, value) + string(shut)
}

// Marked writes a text of the block as HTML, each marked value as the element bdi.
func (Block) Marked(text string) template.HTML {
	var out strings.Builder
	open := false
	for text != "" {
		at := strings.IndexFunc(text, func(r rune) bool { return r >= rune(Isolated) && r <= rune(shut) })
		if at < 0 {
			break
		}
		out.WriteString(template.HTMLEscapeString(text[:at]))
		mark := Mark([]rune(text[at : at+len(string(shut))])[0])
		if open {
			out.WriteString(`</bdi>`)
		}
		out.WriteString(opens[mark])
		open = mark != shut
		text = text[at+len(string(shut)):]
	}
	out.WriteString(template.HTMLEscapeString(text))
	if open {
		out.WriteString(`</bdi>`)
	}
	return template.HTML(out.String()) //nolint:gosec // escaped piece by piece
}
