package pdf

import (
	"math/rand/v2"
	"testing"
)

// Strips of random heights and ties: none is lost, none leaves the page, none
// overlaps, and what keeps together and fits on a page is on one page.
func TestPaginate(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		strips := make([]strip, 1+chance.IntN(300))
		for i := range strips {
			strips[i] = strip{gap: float64(chance.IntN(20)), height: float64(1 + chance.IntN(60)), keep: chance.IntN(3) > 0}
		}
		pages := paginate(strips)
		var flat []strip
		page := map[int]int{}
		for n, p := range pages {
			bottom := 0.0
			for _, s := range p {
				if s.top < bottom || s.top+s.height > textHeight {
					t.Fatalf("strip from %.1f to %.1f after %.1f", s.top, s.top+s.height, bottom)
				}
				bottom = s.top + s.height
				page[len(flat)] = n
				flat = append(flat, s.strip)
			}
		}
		if len(flat) != len(strips) {
			t.Fatalf("%d strips of %d", len(flat), len(strips))
		}
		checkTies(t, strips, page)
	}
}

func checkTies(t *testing.T, strips []strip, page map[int]int) {
	t.Helper()
	for i := 0; i < len(strips); {
		n, height := chain(strips[i:])
		if height <= textHeight && page[i] != page[i+n-1] {
			t.Fatalf("strips %d to %d are on pages %d and %d", i, i+n-1, page[i], page[i+n-1])
		}
		i += n
	}
}

func TestHeadingStaysWithItsText(t *testing.T) {
	t.Parallel()
	for n := range 60 {
		d := New("fr", "Essai", noon)
		d.Heading(1, "Titre")
		for range n {
			d.Paragraph("Texte.")
		}
		d.Heading(2, "Suite")
		d.List([]string{"un", "deux"})
		for _, p := range paginate(d.strips) {
			if last := p[len(p)-1]; last.runs[0].element.tag == "H2" {
				t.Errorf("after %d paragraphs the heading ends its page", n)
			}
		}
	}
}
