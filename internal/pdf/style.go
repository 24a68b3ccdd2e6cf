package pdf

// Lengths are in points (1/72 inch). The sheet is A4 with 20 mm at the sides,
// enough to punch and file it.
const (
	mm          = 72 / 25.4
	sheetWidth  = 210 * mm
	sheetHeight = 297 * mm
	sideMargin  = 20 * mm
	topMargin   = 18 * mm
	footMargin  = 21 * mm // below the text
	footerLine  = 12 * mm // of the page number, above the edge
	textWidth   = sheetWidth - 2*sideMargin
	textHeight  = sheetHeight - topMargin - footMargin
)

// style is how a block of text is set.
type style struct {
	size    float64
	leading float64 // from one baseline to the next
	before  float64 // space above the block, dropped at the top of a page
}

// baseline is the distance from the top of a line to its baseline.
func (s style) baseline() float64 { return (s.leading-s.size)/2 + 0.8*s.size }

var (
	headingStyles = [3]style{
		{size: 21, leading: 26, before: 22},
		{size: 14, leading: 18, before: 15},
		{size: 11.5, leading: 16, before: 13},
	}
	bodyStyle   = style{size: 10.5, leading: 15, before: 8}
	itemStyle   = style{size: 10.5, leading: 15, before: 2.5}
	noteStyle   = style{size: 8.5, leading: 12, before: 8}
	footerStyle = style{size: 8.5, leading: 12}
)
