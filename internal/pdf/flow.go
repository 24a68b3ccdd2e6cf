package pdf

// strip is a line across the page that is never split.
type strip struct {
	gap       float64 // space above, dropped at the top of a page
	height    float64
	keep      bool // on the same page as the next strip
	ruleAbove bool
	ruleAtTop bool // above, when it begins a page
	ruleBelow bool
	runs      []run
	figure    *figure
}

// run is a piece of text on a strip.
type run struct {
	x, drop float64 // from the left margin; from the top of the strip to the baseline
	size    float64
	face    *face
	glyphs  []glyph
	element *element
}

// placed is a strip with the distance of its top from the top of the text.
type placed struct {
	strip
	top float64
}

// paginate deals strips out to pages of a height. Strips that keep together move to the
// next page together, unless they are more than a page.
func paginate(strips []strip, most float64) [][]placed {
	pages := [][]placed{nil}
	y := 0.0
	for len(strips) > 0 {
		n, height := chain(strips)
		if height > most {
			n, height = 1, strips[0].gap+strips[0].height
		}
		last := len(pages) - 1
		if len(pages[last]) > 0 && y+height > most {
			pages = append(pages, nil)
			last, y = last+1, 0
		}
		for _, s := range strips[:n] {
			if len(pages[last]) > 0 {
				y += s.gap
			}
			pages[last] = append(pages[last], placed{s, y})
			y += s.height
		}
		strips = strips[n:]
	}
	return pages
}

// chain measures the strips at the front that keep together.
func chain(strips []strip) (n int, height float64) {
	for n < len(strips) {
		height += strips[n].gap + strips[n].height
		n++
		if !strips[n-1].keep {
			break
		}
	}
	return n, height
}
