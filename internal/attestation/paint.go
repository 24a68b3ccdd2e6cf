package attestation

import (
	"fmt"
	"time"

	"mandat/internal/pdf"
)

// paint sets words as a PDF and seals it. It takes some milliseconds of processor: never call it inside a transaction.
func (p *Press) paint(lang string, words []Block, now time.Time) ([]byte, error) {
	d := pdf.New(lang, words[0].Text, now)
	for _, b := range words {
		switch b.Kind {
		case Heading:
			d.Heading(b.Level, b.Text)
		case Paragraph:
			d.Paragraph(b.Text)
		case List:
			d.List(b.Items)
		case Facts:
			d.Pairs(b.Rows)
		case QR:
			if err := d.QR(b.Text, b.Alt, b.Items, ""); err != nil {
				return nil, fmt.Errorf("set document: %w", err)
			}
		case Note:
			d.Note(b.Text)
		}
	}
	data, err := d.Bytes()
	if err != nil {
		return nil, fmt.Errorf("set document: %w", err)
	}
	sealed, err := p.sealer.Seal(data, words[0].Text, now)
	if err != nil {
		return nil, fmt.Errorf("seal document: %w", err)
	}
	return sealed, nil
}
