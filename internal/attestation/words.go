package attestation

import (
	"fmt"
	"strings"
	"time"

	"mandat/internal/citizen"
	"mandat/internal/mandate"
)

// template names this state of the words. Change it with every change of french.go or english.go; documents already
// issued keep theirs.
const template = "2026-11-1"

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
	terms                                          mandate.FrozenTerms
	name, birth, body, address                     string
	procedures                                     []string
	days                                           string
	signed, ends, identified, protection, informed string
	issued                                         string
	service                                        Settings
	status                                         string
}

// compose puts frozen terms into words.
func compose(lang string, t mandate.FrozenTerms, s Settings, status string, now time.Time) []Block {
	at := func(t time.Time) string { return instant(lang, t) }
	o := t.Organisation
	x := subject{terms: t, name: t.Citizen.FullName(), birth: t.Citizen.BirthdateText(lang), body: o.Name,
		address: fmt.Sprintf("%s, %s %s", o.Address, o.Postcode, o.City), days: days(lang, t.Days),
		signed: at(t.SignedAt), ends: at(t.EndsAt), identified: at(t.IdentifiedAt), protection: at(t.NoProtection), informed: at(t.Informed),
		issued: at(now), service: s, status: status}
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

var frenchMonths = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}

// instant writes a time to the second, as the clocks of Paris show it.
func instant(lang string, t time.Time) string {
	t = t.In(citizen.Paris)
	if lang == "en" {
		return t.Format("2\u00a0January\u00a02006 at 15:04:05") + ", Paris time"
	}
	day := fmt.Sprint(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return fmt.Sprintf("%s\u00a0%s\u00a0%d à %d\u00a0h\u00a0%02d\u00a0min\u00a0%02d\u00a0s, heure de Paris", day, frenchMonths[t.Month()-1], t.Year(), t.Hour(), t.Minute(), t.Second())
}

func days(lang string, n int) string {
	word := map[string]string{"fr": "jour", "en": "day"}[lang]
	if n > 1 {
		word += "s"
	}
	return fmt.Sprintf("%d\u00a0%s", n, word)
}

// spaces are those of French that must not break.
var spaces = strings.NewReplacer(" :", "\u00a0:", " ;", "\u00a0;", " ?", "\u00a0?", " !", "\u00a0!", "« ", "«\u00a0", " »", "\u00a0»")

// typographic puts unbreakable spaces where French has them.
func typographic(words []Block) []Block {
	for i := range words {
		b := &words[i]
		b.Alt = spaces.Replace(b.Alt)
		if b.Kind != QR {
			b.Text = spaces.Replace(b.Text)
		}
		for j := range b.Items {
			b.Items[j] = spaces.Replace(b.Items[j])
		}
		for j := range b.Rows {
			b.Rows[j] = [2]string{spaces.Replace(b.Rows[j][0]), spaces.Replace(b.Rows[j][1])}
		}
	}
	return words
}
