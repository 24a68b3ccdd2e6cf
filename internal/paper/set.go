package paper

import "mandat/internal/pdf"

// Set adds blocks to a document, in their order.
func Set(d *pdf.Document, words []Block) error {
	for _, b := range words {
		switch b.Kind {
		case Heading:
			d.Heading(b.Level, b.Text)
		case Paragraph:
			d.Paragraph(b.Text)
		case List:
			d.List(b.Items)
		case Facts:
			if b.Small {
				d.SmallPairs(b.Rows)
			} else {
				d.Pairs(b.Rows)
			}
		case QR:
			if err := d.QR(b.Text, b.Alt, b.Items, b.Word); err != nil {
				return err
			}
		case Note:
			d.Note(b.Text)
		}
	}
	return nil
}
