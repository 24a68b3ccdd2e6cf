// Package paper is the words of a document for people, before it is set as a PDF or shown as a page: a list of blocks. Package
// attestation makes documents of them; whoever has something to say in one (an account of what was done) gives it as blocks.
package paper

import (
	"slices"

	"mandat/internal/prose"
)

// Kind says what a block is.
type Kind string

// The kinds of blocks. The first block of a document is its heading of level 1.
const (
	Heading   Kind = "heading"   // Level, Text
	Paragraph Kind = "paragraph" // Text
	List      Kind = "list"      // Items
	Facts     Kind = "facts"     // Rows: what it is, then the value; Small for small print
	QR        Kind = "qr"        // Text is the address, Alt says what it is; Items are said beside it, and Word last
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
	Small bool        `json:"small,omitempty"`
	Word  string      `json:"word,omitempty"`
}

// Typographic returns the blocks with unbreakable spaces where the language has them. The address in a code is no text.
func Typographic(lang string, words []Block) []Block {
	fix := func(text string) string { return prose.Spaces(lang, text) }
	out := slices.Clone(words) // some are their writer's
	for i := range out {
		b := &out[i]
		b.Alt, b.Word = fix(b.Alt), fix(b.Word)
		if b.Kind != QR {
			b.Text = fix(b.Text)
		}
		b.Items, b.Rows = slices.Clone(b.Items), slices.Clone(b.Rows)
		for j := range b.Items {
			b.Items[j] = fix(b.Items[j])
		}
		for j := range b.Rows {
			b.Rows[j] = [2]string{fix(b.Rows[j][0]), fix(b.Rows[j][1])}
		}
	}
	return out
}
