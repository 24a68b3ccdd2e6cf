package pdf

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Document is a text under construction. The first call that cannot be obeyed
// is remembered and returned by [Document.Bytes]; later calls are ignored.
type Document struct {
	layout      Layout
	lang, title string
	at          time.Time
	regular     *face
	bold        *face
	root        *element
	strips      []strip
	level       int // of the last heading
	err         error
}

// New starts an A4 document in lang ("fr" or "en") with a title, shown by
// readers in their window and at the foot of every page. at is written as the
// time of creation, to the second, in UTC.
func New(lang, title string, at time.Time) *Document { return NewIn(Normal(), lang, title, at) }

// NewIn is New in a layout.
func NewIn(layout Layout, lang, title string, at time.Time) *Document {
	title = strings.Join(strings.Fields(title), " ")
	d := &Document{layout: layout, lang: lang, title: title, at: at.UTC(), root: &element{tag: "Document"}}
	if lang != "fr" && lang != "en" {
		d.fail(fmt.Errorf("pdf: language %q is not fr or en", lang))
	}
	var err error
	if d.regular, err = parseFace(regularTTF); err != nil {
		d.fail(fmt.Errorf("pdf: regular font: %w", err))
		return d
	}
	if d.bold, err = parseFace(boldTTF); err != nil {
		d.fail(fmt.Errorf("pdf: bold font: %w", err))
		return d
	}
	if len(d.text(d.regular, "title", title)) == 0 {
		d.fail(errors.New("pdf: the title is empty"))
	}
	return d
}

func (d *Document) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// text shapes s in a face; where names the block in the error.
func (d *Document) text(f *face, where, s string) []glyph {
	if d.err != nil {
		return nil
	}
	gs, err := f.shape(s)
	if err != nil {
		d.fail(fmt.Errorf("pdf: %s: %w", where, err))
	}
	return gs
}

// required is text that may not be empty.
func (d *Document) required(f *face, where, s string) []glyph {
	gs := d.text(f, where, s)
	if len(gs) == 0 {
		d.fail(fmt.Errorf("pdf: %s without text", where))
	}
	return gs
}
