package charter

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"mandat/internal/prose"
	"mandat/web"
)

// Kind says what a block of the text is.
type Kind string

// The kinds of blocks. The text begins with its Title.
const (
	Title     Kind = "title"     // Text
	Heading   Kind = "heading"   // Text
	Paragraph Kind = "paragraph" // Text
	List      Kind = "list"      // Items
)

// Block is a piece of the text, in plain words without any mark-up.
type Block struct {
	Kind  Kind
	Text  string
	Items []string
}

// Sum is the SHA-256 of the text of this program: of web/charter/fr.txt followed by web/charter/en.txt, byte for byte.
func Sum() []byte {
	h := sha256.New()
	for _, lang := range []string{"fr", "en"} {
		_, _ = h.Write([]byte(source(lang))) // a hash takes everything
	}
	return h.Sum(nil)
}

// source is a file of the text. It is part of the program.
func source(lang string) string {
	b, err := fs.ReadFile(web.Files, "charter/"+lang+".txt")
	if err != nil {
		panic(err) // it is compiled in, and a test reads it
	}
	return string(b)
}

// Text returns the charter in a language, "en" or else French, with the spaces of French punctuation.
func Text(lang string) ([]Block, error) {
	if lang != "en" {
		lang = "fr"
	}
	blocks, err := parse(source(lang))
	if err != nil {
		return nil, fmt.Errorf("charter in %s: %w", lang, err)
	}
	for i := range blocks {
		b := &blocks[i]
		b.Text = prose.Spaces(lang, b.Text)
		for j := range b.Items {
			b.Items[j] = prose.Spaces(lang, b.Items[j])
		}
	}
	return blocks, nil
}

// parse reads the form of the files: blocks between empty lines. "# " begins the title, "## " a heading, "- " an item of a list;
// anything else is a paragraph. A line that continues a block is joined to it.
func parse(source string) ([]Block, error) {
	var out []Block
	for part := range strings.SplitSeq(source, "\n\n") {
		part = strings.TrimSpace(part)
		switch {
		case part == "":
		case strings.HasPrefix(part, "# "):
			out = append(out, Block{Kind: Title, Text: joined(part[2:])})
		case strings.HasPrefix(part, "## "):
			out = append(out, Block{Kind: Heading, Text: joined(part[3:])})
		case strings.HasPrefix(part, "- "):
			b := Block{Kind: List}
			for item := range strings.SplitSeq(part[2:], "\n- ") {
				b.Items = append(b.Items, joined(item))
			}
			out = append(out, b)
		default:
			out = append(out, Block{Kind: Paragraph, Text: joined(part)})
		}
	}
	if len(out) == 0 || out[0].Kind != Title {
		return nil, errors.New("it does not begin with its title")
	}
	return out, nil
}

func joined(s string) string { return strings.Join(strings.Fields(s), " ") }
