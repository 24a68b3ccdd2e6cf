package attestation

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	cmpdiff "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"mandat/internal/procedure"
	"mandat/internal/terms"
)

// longest are the procedures of the catalogue that take most room, the longest first.
func longest(t *testing.T, n int) []granted {
	t.Helper()
	c, err := procedure.Load()
	if err != nil {
		t.Fatal(err)
	}
	var all []granted
	for _, theme := range c.Themes() {
		for _, p := range theme.Procedures {
			all = append(all, granted{name: p.Name, body: p.Body, warning: p.Warning})
		}
	}
	long := func(g granted) int { return len(g.name.In("fr") + g.body.In("fr") + g.warning.In("fr")) }
	slices.SortStableFunc(all, func(a, b granted) int { return cmp.Compare(long(b), long(a)) })
	for len(all) < n {
		all = append(all, all...)
	}
	return all[:n]
}

// setFile sets a document, and writes it where other programs can read it.
func setFile(t *testing.T, s Sheet, x subject) string {
	t.Helper()
	data, err := set(s, compose(s.Kind, x, "Compte rendu", someReport), x.now)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "document.pdf", data)
}

// pagesOf counts the pages of a document.
func pagesOf(t *testing.T, name string) int {
	t.Helper()
	for line := range strings.Lines(run(t, "pdfinfo", name)) {
		if n, ok := strings.CutPrefix(line, "Pages:"); ok {
			return number(strings.TrimSpace(n))
		}
	}
	t.Fatal("pdfinfo counts no pages")
	return 0
}

var letterSize = regexp.MustCompile(`/F[12] ([0-9.]+) Tf`)

// sizesOf are the sizes of a document's letters, in points.
func sizesOf(t *testing.T, name string) []float64 {
	t.Helper()
	var out []float64
	for _, m := range letterSize.FindAllStringSubmatch(run(t, "qpdf", "--qdf", "--object-streams=disable", name, "-"), -1) {
		size, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(out, size) {
			out = append(out, size)
		}
	}
	return out
}

// full is a mandate of so many procedures, the longest there are, of which everything is told that can be.
func full(t *testing.T, kind Kind, lang string, n int) subject {
	t.Helper()
	x := someSubject(t, kind, lang)
	x.powers = longest(t, n)
	for i := range x.powers {
		x.powers[i].level = procedure.Levels()[i%4]
	}
	x.powers[0].ref, x.powers[n-1].ends = "AB 12 345 678", x.ends.Add(-48*time.Hour)
	x.begins, x.apart, x.payments = x.signed.Add(24*time.Hour), true, x.signed
	x.identifiedBy, x.consentBy, x.signedWith = "witnessed", "colleague", "passkey"
	x.witness = &terms.Attested{Person: uuid.MustParse("01939b1c-7c5e-7000-8000-000000000001"), At: x.signed.Add(-30 * time.Second)}
	x.reading, x.present = "aloud", []terms.Present{{Role: "interpreter", Name: "Ana SILVA"}, {Role: "relative"}}
	return x
}

// What a citizen takes home is one page with up to ten procedures, whichever they are. Its letters are of ten points, and nine in the small
// print; of nine only when all ten come with a warning and another mandate ends. However many there are, none is smaller.
func TestSet_OnOnePage(t *testing.T) {
	t.Parallel()
	for _, lang := range Languages {
		for _, kind := range kinds {
			for _, c := range []struct {
				n        int
				warnings bool
				pages    int
				text     float64 // what the list is set in; 0 for either
			}{{1, true, 1, 10}, {10, false, 1, 10}, {10, true, 1, 0}, {20, false, 2, 0}, {40, true, 3, 0}} {
				x := full(t, kind, lang, c.n)
				if !c.warnings {
					x.transfers = nil
					for i := range x.powers {
						x.powers[i].warning = nil
					}
				}
				name := setFile(t, Sheet{Kind: kind, Size: Normal, Lang: lang}, x)
				pages, sizes := pagesOf(t, name), sizesOf(t, name)
				if pages > c.pages || slices.Min(sizes) < 9 || c.text > 0 && !slices.Contains(sizes, c.text) {
					t.Errorf("%s %s, %d procedures: %d pages, letters of %v points", kind, lang, c.n, pages, sizes)
				}
			}
		}
	}
}

// In large print no letter is smaller than 18 points, and the words are the same.
func TestSet_InLargePrint(t *testing.T) {
	t.Parallel()
	for _, lang := range Languages {
		for _, kind := range kinds {
			x := full(t, kind, lang, 10)
			large, normal := setFile(t, Sheet{Kind: kind, Size: Large, Lang: lang}, x), setFile(t, Sheet{Kind: kind, Size: Normal, Lang: lang}, x)
			if sizes := sizesOf(t, large); slices.Min(sizes) < 18 {
				t.Errorf("%s %s: letters of %v points", kind, lang, sizes)
			}
			if pages := pagesOf(t, large); pages < 2 || pages > 6 {
				t.Errorf("%s %s: %d pages", kind, lang, pages)
			}
			if diff := cmpdiff.Diff(spoken(t, normal), spoken(t, large)); diff != "" {
				t.Errorf("%s %s: large print says something else (-normal +large):\n%s", kind, lang, diff)
			}
		}
	}
}

// Of a handful of procedures large print is four pages at most, whatever else is told: who turns pages loses the place.
func TestSet_InLargePrintOnFourPages(t *testing.T) {
	t.Parallel()
	for _, lang := range Languages {
		for _, kind := range kinds {
			x := full(t, kind, lang, 6)
			for i := range x.powers {
				x.powers[i].warning = nil
			}
			if pages := pagesOf(t, setFile(t, Sheet{Kind: kind, Size: Large, Lang: lang}, x)); pages > 4 {
				t.Errorf("%s %s: %d pages", kind, lang, pages)
			}
		}
	}
}

// spoken is what a reader that listens hears of a document, in order, without layout.
func spoken(t *testing.T, name string) []string {
	t.Helper()
	var out []string
	inside := false
	for line := range strings.Lines(run(t, "pdfinfo", "-struct-text", name)) {
		piece, ok := strings.CutPrefix(strings.TrimSpace(line), `"`)
		if !ok {
			inside = false
			continue
		}
		if !inside {
			out = append(out, "")
		}
		out[len(out)-1] += squeeze(strings.TrimSuffix(piece, `"`))
		inside = true
	}
	return out
}
