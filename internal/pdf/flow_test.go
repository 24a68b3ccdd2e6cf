package pdf

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// textHeight is that of a page in these tests.
const textHeight = 700.0

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
		pages := paginate(strips, textHeight)
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
		d.Paragraph("Texte.")
		for _, p := range paginate(d.strips, d.layout.height()) {
			if last := p[len(p)-1]; last.runs[0].element.tag == "H2" {
				t.Errorf("after %d paragraphs the heading ends its page", n)
			}
		}
	}
}

func TestCodeStaysWithTheTextBefore(t *testing.T) {
	t.Parallel()
	for n := range 40 {
		d := New("fr", "Essai", noon)
		for range n {
			d.Paragraph("Texte.")
		}
		d.Paragraph("Vérifiez :")
		if err := d.QR(sampleURL, "Code", nil, ""); err != nil {
			t.Fatal(err)
		}
		pages := paginate(d.strips, d.layout.height())
		if last := pages[len(pages)-1]; len(last) < 2 {
			t.Errorf("after %d paragraphs the code is alone on its page", n)
		}
	}
}

func TestTableIsRuledOnEveryPage(t *testing.T) {
	t.Parallel()
	d := New("fr", "Essai", noon)
	d.Pairs(slices.Repeat([][2]string{{"Fait", "valeur"}}, 70))
	pages := paginate(d.strips, d.layout.height())
	painters, err := d.paint()
	if err != nil || len(pages) < 2 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for i, p := range painters {
		if n := bytes.Count(p.out.Bytes(), []byte("/Artifact BMC")); n != len(pages[i])+1 {
			t.Errorf("page %d: %d rules for %d rows", i+1, n, len(pages[i]))
		}
	}
}
