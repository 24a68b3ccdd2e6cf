package pdf

// Lengths are in points (1/72 inch). Every sheet is A4.
const (
	mm          = 72 / 25.4
	sheetWidth  = 210 * mm
	sheetHeight = 297 * mm
)

// style is how a block of text is set.
type style struct {
	size    float64
	leading float64 // from one baseline to the next
	before  float64 // space above the block, dropped at the top of a page
}

// baseline is the distance from the top of a line to its baseline.
func (s style) baseline() float64 { return (s.leading-s.size)/2 + 0.8*s.size }

// Layout is how a document is set: its margins and the sizes of its letters. No letter is smaller than 8.5 points in Normal, 9
// in Sheet and Dense, 18 in Large.
type Layout struct {
	side, top  float64 // margins
	foot       float64 // below the text
	footerLine float64 // of the page number, above the edge
	headings   [3]style
	body, item style
	small      style // of small print and of small tables
	footer     style
	headShare  float64 // of the width, for what a row of a table is about; 0 sets it above its value
	rowPadding float64
	columns    int     // of lists
	ink        float64 // of rules: 0 is black
	code       float64 // side of a QR code; what is said of it stands beside it, or below in a stacked layout
	besideCode style
	stacked    bool
}

func (l *Layout) width() float64  { return sheetWidth - 2*l.side }
func (l *Layout) height() float64 { return sheetHeight - l.top - l.foot }

// Normal is for a text of some pages, with room around it, and enough at the sides to punch and file it.
func Normal() Layout {
	return Layout{side: 20 * mm, top: 18 * mm, foot: 21 * mm, footerLine: 12 * mm,
		headings: [3]style{{size: 21, leading: 26, before: 22}, {size: 14, leading: 18, before: 15}, {size: 11.5, leading: 16, before: 13}},
		body:     style{size: 10.5, leading: 15, before: 8}, item: style{size: 10.5, leading: 15, before: 2.5},
		small: style{size: 8.5, leading: 12, before: 8}, footer: style{size: 8.5, leading: 12},
		headShare: 0.34, rowPadding: 4, columns: 1, ink: 0.6, code: 30 * mm, besideCode: style{size: 8.5, leading: 12, before: 4}}
}

// Sheet is for a text that is to stand on one page.
func Sheet() Layout {
	return Layout{side: 15 * mm, top: 9 * mm, foot: 11 * mm, footerLine: 5.5 * mm,
		headings: [3]style{{size: 16, leading: 19, before: 8}, {size: 11.5, leading: 13.5, before: 6}, {size: 10, leading: 12, before: 5}},
		body:     style{size: 10, leading: 11.7, before: 3}, item: style{size: 10, leading: 11.7, before: 1},
		small: style{size: 9, leading: 10.4, before: 3}, footer: style{size: 9, leading: 11},
		headShare: 0.18, rowPadding: 1.2, columns: 1, ink: 0.6, code: 22 * mm, besideCode: style{size: 10, leading: 11.7, before: 2}}
}

// Dense is Sheet with letters of nine points, and lists in so many columns.
func Dense(columns int) Layout {
	l := Sheet()
	text := style{size: 9, leading: 10.2, before: 2.2}
	l.side, l.top, l.foot, l.footerLine = 14*mm, 8*mm, 10*mm, 5*mm
	l.columns, l.rowPadding = columns, 0.8
	l.body, l.small, l.besideCode = text, text, style{size: 9, leading: 10.2, before: 1.5}
	l.item = style{size: 9, leading: 10.2, before: 0.6}
	l.headings[0], l.headings[1] = style{size: 15, leading: 17, before: 6}, style{size: 10.5, leading: 12, before: 5}
	return l
}

// Large is for who reads with difficulty: letters of 18 points or more with a third of that between the lines, black on white, one thing below the other, as many
// pages as it needs. What it needs is for letters: the space around them tells blocks apart and no more, for who turns pages loses the place.
func Large() Layout {
	return Layout{side: 16 * mm, top: 13 * mm, foot: 19 * mm, footerLine: 9 * mm,
		headings: [3]style{{size: 28, leading: 34, before: 22}, {size: 23, leading: 28, before: 17}, {size: 20, leading: 25, before: 14}},
		body:     style{size: 18, leading: 24, before: 9}, item: style{size: 18, leading: 24, before: 5},
		small: style{size: 18, leading: 24, before: 9}, footer: style{size: 18, leading: 24},
		rowPadding: 4, columns: 1, code: 40 * mm, besideCode: style{size: 18, leading: 24, before: 7}, stacked: true}
}
