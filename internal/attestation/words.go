package attestation

import (
	"fmt"
	"time"

	"mandat/internal/mandate"
	"mandat/internal/prose"
)

// template names this state of the words. Change it with every change of french.go or english.go; documents already
// issued keep theirs.
const template = "2026-11-2"

// Kind says what a block is.
type Kind string

// The kinds of blocks. The first block of a document is its heading of level 1.
const (
	Heading   Kind = "heading"   // Level, Text
	Paragraph Kind = "paragraph" // Text
	List      Kind = "list"      // Items
	Facts     Kind = "facts"     // Rows: what it is, then the value
	QR        Kind = "qr"        // Text is the address, Alt says what it is
	Note      Kind = "note"      // Text, in small print
)

// Block is a piece of a document.
type Block struct {
	Kind  Kind        `json:"kind"`
	Level int         `json:"level,omitempty"`
	Text  string      `json:"text,omitempty"`
	Alt   string      `json:"alt,omitempty"`
	Items []string    `json:"items,omitempty"`
	Rows  [][2]string `json:"rows,omitempty"`
}

func heading(level int, text string) Block { return Block{Kind: Heading, Level: level, Text: text} }
func paragraph(text string) Block          { return Block{Kind: Paragraph, Text: text} }
func list(items ...string) Block           { return Block{Kind: List, Items: items} }
func facts(rows ...[2]string) Block        { return Block{Kind: Facts, Rows: rows} }
func note(text string) Block               { return Block{Kind: Note, Text: text} }

// subject is what a document is about, ready to be read in its language.
type subject struct {
	terms                                    mandate.FrozenTerms
	name, birth, body, address               string
	procedures                               []string
	days                                     string
	signed, ends                             string
	agreed, identified, protection, informed string
	issued                                   string
	service                                  Settings
	status                                   string
}

// compose puts frozen terms into words.
func compose(lang string, t mandate.FrozenTerms, s Settings, status string, now time.Time) []Block {
	long := func(t time.Time) string { return prose.DateTime(lang, t) }
	short := func(t time.Time) string { return prose.ShortTime(lang, t) }
	o := t.Organisation
	x := subject{terms: t, name: t.Citizen.FullName(), birth: t.Citizen.BirthdateText(lang), body: o.Name,
		address: fmt.Sprintf("%s, %s\u00a0%s", o.Address, o.Postcode, o.City), days: days(lang, t.Days),
		signed: long(t.SignedAt), ends: long(t.EndsAt), agreed: short(t.SignedAt), identified: short(t.IdentifiedAt), protection: short(t.NoProtection),
		informed: short(t.Informed), issued: short(now), service: s, status: status}
	for _, p := range t.Procedures {
		x.procedures = append(x.procedures, power(lang, p))
	}
	if lang == "en" {
		return x.english()
	}
	return typographic(x.french())
}

// power says what is permitted, with whom, and what to beware of.
func power(lang string, p mandate.FrozenPower) string {
	text := fmt.Sprintf("%s (%s)", p.Name.In(lang), p.Body.In(lang))
	if w := p.Warning.In(lang); w != "" {
		text += ". " + w
	}
	return text
}

func days(lang string, n int) string {
	word := map[string]string{"fr": "jour", "en": "day"}[lang]
	if n > 1 {
		word += "s"
	}
	return fmt.Sprintf("%d\u00a0%s", n, word)
}

// typographic puts unbreakable spaces where French has them. The address in a code is no text.
func typographic(words []Block) []Block {
	fr := func(text string) string { return prose.Spaces("fr", text) }
	for i := range words {
		b := &words[i]
		b.Alt = fr(b.Alt)
		if b.Kind != QR {
			b.Text = fr(b.Text)
		}
		for j := range b.Items {
			b.Items[j] = fr(b.Items[j])
		}
		for j := range b.Rows {
			b.Rows[j] = [2]string{fr(b.Rows[j][0]), fr(b.Rows[j][1])}
		}
	}
	return words
}
