package attestation

import (
	"fmt"
	"strings"
	"time"

	"mandat/internal/paper"
	"mandat/internal/prose"
)

// template names this state of the words. Change it with every change of what french… and english… say; documents already
// issued keep theirs.
const template = "2026-11-6"

// The kinds of blocks, for who writes one.
const (
	Heading   = paper.Heading
	Paragraph = paper.Paragraph
	List      = paper.List
	Facts     = paper.Facts
	QR        = paper.QR
	Note      = paper.Note
)

// Block is a piece of a document.
type Block = paper.Block

func heading(level int, text string) Block { return Block{Kind: Heading, Level: level, Text: text} }
func paragraph(text string) Block          { return Block{Kind: Paragraph, Text: text} }
func list(items ...string) Block           { return Block{Kind: List, Items: items} }
func facts(rows ...[2]string) Block        { return Block{Kind: Facts, Rows: rows} }
func small(rows ...[2]string) Block        { return Block{Kind: Facts, Rows: rows, Small: true} }
func note(text string) Block               { return Block{Kind: Note, Text: text} }

// subject is what a document is about, and what its pages are to say it with.
type subject struct {
	agreed
	lang    string
	service Settings
	status  string // public address
	word    string // control word
	now     time.Time
}

// writer is a language's words for each kind of document.
type writer interface {
	given() []Block
	ended() []Block
	report(title string, body []Block) []Block
}

// compose puts a document into words. title and body are those of a report.
func compose(kind Kind, x subject, title string, body []Block) []Block {
	var w writer = french{x}
	if x.lang == "en" {
		w = english{x}
	}
	var words []Block
	switch kind {
	case Given:
		words = w.given()
	case Ended:
		words = w.ended()
	case Report:
		words = w.report(title, body)
	}
	return paper.Typographic(x.lang, words)
}

func (x subject) long(t time.Time) string  { return prose.DateTime(x.lang, t) }
func (x subject) short(t time.Time) string { return prose.ShortTime(x.lang, t) }

func (x subject) address() string {
	return fmt.Sprintf("%s, %s\u00a0%s", x.organisation.Address, x.organisation.Postcode, x.organisation.City)
}

// withBody names a procedure and who runs it.
func (x subject) withBody(p granted) string {
	return fmt.Sprintf("%s (%s)", p.name.In(x.lang), p.body.In(x.lang))
}

// control is the line with the control word, "" without one.
func (x subject) control(label string) string {
	if x.word == "" {
		return ""
	}
	return label + x.word
}

// listed says what each power permits, in the words of its language for a level, a case and an end.
func (x subject) listed(colon string, says func(granted) []string) Block {
	var items []string
	for _, p := range x.powers {
		item := x.withBody(p)
		if what := says(p); what != nil {
			item += colon + strings.Join(what, ", ")
		}
		items = append(items, item)
	}
	return list(items...)
}

// warned says of each power what to beware of.
func (x subject) warned(b Block) Block {
	for i, p := range x.powers {
		if w := p.warning.In(x.lang); w != "" {
			b.Items[i] += ". " + w
		}
	}
	return b
}

func days(lang string, n int) string {
	word := map[string]string{"fr": "jour", "en": "day"}[lang]
	if n > 1 {
		word += "s"
	}
	return fmt.Sprintf("%d\u00a0%s", n, word)
}
