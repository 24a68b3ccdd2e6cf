package attestation

import (
	"time"

	"mandat/internal/paper"
	"mandat/internal/prose"
)

// template names this state of the words. Change it with every change of words/fr.json, words/en.json or what compose… makes of them; documents already
// issued keep theirs. Translations are made anew each time.
const template = "2026-11-7"

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
	beside  bool // it is a translation, to be read beside the French on a page
	service Settings
	status  string // public address
	word    string // control word
	now     time.Time
}

// compose puts a document into words. title and body are those of a report.
func compose(kind Kind, x subject, title string, body []Block) []Block {
	var words []Block
	switch kind {
	case Given:
		words = x.given()
	case Ended:
		words = x.ended()
	case Report:
		words = x.report(title, body)
	}
	return paper.Typographic(x.lang, words)
}

func (x subject) long(t time.Time) string  { return prose.DateTime(x.lang, t) }
func (x subject) short(t time.Time) string { return prose.ShortTime(x.lang, t) }

func (x subject) address() string {
	return x.organisation.Address + ", " + x.organisation.Postcode + "\u00a0" + x.organisation.City
}

// withBody names a procedure and who runs it.
func (x subject) withBody(p granted) string {
	return x.say("power", "procedure", x.official(p.name), "body", x.official(p.body))
}
