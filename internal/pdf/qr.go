package pdf

import (
	"errors"
	"fmt"
	"image/color"

	"github.com/boombuler/barcode/qr"
)

const (
	codeSide   = 30 * mm
	codeGutter = 14.0
)

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

// QR adds a QR code of url (a Figure with alt as its replacement text) and,
// beside it, the address itself for those who have nothing to scan it with.
// The code bears a loss of 15 % (level M).
func (d *Document) QR(url, alt string) error {
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
	address, err := d.regular.shape(url)
	if err != nil {
		return fmt.Errorf("pdf: QR code: %w", err)
	}
	d.lead()
	el := d.root.child("Figure")
	el.alt = alt
	s := strip{gap: 12, height: codeSide, figure: &figure{c, el}}
	d.beside(&s, address)
	d.strips = append(d.strips, s)
	return nil
}

// beside sets the address at the right of a code, at half its height.
func (d *Document) beside(s *strip, address []glyph) {
	x := codeSide + codeGutter
	lines := wrap(address, noteStyle.size, textWidth-x)
	el := d.root.child("P")
	drop := (codeSide-noteStyle.leading*float64(len(lines)))/2 + noteStyle.baseline()
	for _, line := range lines {
		s.runs = append(s.runs, run{x: x, drop: drop, size: noteStyle.size, face: d.regular, glyphs: line, element: el})
		drop += noteStyle.leading
	}
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
