package pdf

import (
	"errors"
	"fmt"
	"image/color"
	"slices"

	"github.com/boombuler/barcode/qr"
)

const codeGutter = 14.0

// code is a QR code as the bars of its rows, in modules from the top left.
type code struct {
	side int
	bars []bar
}

// bar is a run of dark modules.
type bar struct{ x, y, length int }

// figure is a code with its place in the structure.
type figure struct {
	code    *code
	element *element
}

// QR adds a QR code of url (a Figure with alt as its replacement text) and
// what is said of it: some texts, then the address itself for those who have
// nothing to scan it with, then one line in bold, "" for none. The code bears
// a loss of 15 % (level M).
func (d *Document) QR(url, alt string, texts []string, last string) error {
	if alt == "" {
		return errors.New("pdf: QR code without replacement text")
	}
	if url == "" {
		return errors.New("pdf: QR code without an address")
	}
	c, err := encodeQR(url)
	if err != nil {
		return fmt.Errorf("pdf: QR code: %w", err)
	}
	if _, err := d.regular.shape(url); err != nil {
		return fmt.Errorf("pdf: QR code: %w", err)
	}
	d.lead()
	el := d.root.child("Figure")
	el.alt = alt
	s := strip{gap: max(4, d.layout.body.before), height: d.layout.code, figure: &figure{c, el}}
	x := 0.0
	if !d.layout.stacked {
		x = d.layout.code + codeGutter
	}
	said := d.said(x, append(slices.Clone(texts), url), last)
	if d.layout.stacked {
		s.keep = true
		d.strips = append(append(d.strips, s), said...)
		return nil
	}
	d.strips = append(d.strips, beside(s, said))
	return nil
}

// said sets what is said of a code between x and the right margin.
func (d *Document) said(x float64, texts []string, last string) []strip {
	var out []strip
	st, width := d.layout.besideCode, d.layout.width()-x
	for _, text := range texts {
		out = append(out, column(st, x, width, d.root.child("P"), d.required(d.regular, "code", text), d.regular)...)
	}
	if last != "" {
		out = append(out, column(st, x, width, d.root.child("P"), d.required(d.bold, "code", last), d.bold)...)
	}
	return out
}

// beside puts the lines said of a code at its right, at half its height, in the one strip that they make together.
func beside(s strip, said []strip) strip {
	height := 0.0
	for i, line := range said {
		if i > 0 {
			height += line.gap
		}
		height += line.height
	}
	s.height = max(s.height, height)
	drop := (s.height - height) / 2
	for i, line := range said {
		if i > 0 {
			drop += line.gap
		}
		for _, r := range line.runs {
			r.drop += drop
			s.runs = append(s.runs, r)
		}
		drop += line.height
	}
	return s
}

func encodeQR(url string) (*code, error) {
	img, err := qr.Encode(url, qr.M, qr.Auto)
	if err != nil {
		return nil, err
	}
	c := &code{side: img.Bounds().Dx()}
	for y := range c.side {
		length := 0
		for x := range c.side + 1 {
			if x < c.side && color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y < 128 {
				length++
			} else if length > 0 {
				c.bars = append(c.bars, bar{x - length, y, length})
				length = 0
			}
		}
	}
	return c, nil
}
