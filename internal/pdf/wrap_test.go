package pdf

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func testFace(t testing.TB) *face {
	t.Helper()
	f, err := parseFace(regularTTF)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func wrapped(t testing.TB, s string, width float64) []string {
	t.Helper()
	gs, err := testFace(t).shape(s)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, line := range wrap(gs, 10, width) {
		var b strings.Builder
		for _, g := range line {
			b.WriteRune(g.char)
		}
		if w := measure(line, 10); w > width && len(line) > 1 {
			t.Errorf("line %q is %.1f wide, more than %.1f", b.String(), w, width)
		}
		lines = append(lines, b.String())
	}
	return lines
}

func TestLinesBreakWhereFrenchAllows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		width float64
		want  []string
	}{
		{"un deux", 500, []string{"un deux"}},
		{"un deux trois", 40, []string{"un deux ", "trois"}},
		{"un\ndeux", 500, []string{"un", "deux"}},
		{"un\n\ndeux", 500, []string{"un", "", "deux"}},
		{"la fin : oui", 26, []string{"la ", "fin : ", "oui"}},
		{"dit « oui »", 40, []string{"dit ", "« oui »"}},
		{"tel 01 23 45", 50, []string{"tel ", "01 23 45"}},
		{"prix 12 €", 32, []string{"prix ", "12 €"}},
		{"Jean-Pierre", 40, []string{"Jean-", "Pierre"}},
		{"le 26-11-2026", 58, []string{"le ", "26-11-2026"}},
		{"a\u00A0b c", 14, []string{"a\u00A0b ", "c"}},
		{"https://example.org/abcdefgh", 110, []string{"https://example.org/", "abcdefgh"}},
		{"WWWWWWWWWW", 30, []string{"WWW", "WWW", "WWW", "W"}},
		{"W", 1, []string{"W"}},
	} {
		if diff := cmp.Diff(c.want, wrapped(t, c.text, c.width)); diff != "" {
			t.Errorf("%q in %v (-want +got):\n%s", c.text, c.width, diff)
		}
	}
}

// Whatever the text, no character is lost and no line is too wide.
func FuzzWrap(f *testing.F) {
	f.Add("un « deux » : trois-quatre", 60)
	f.Add(strings.Repeat("x", 300), 17)
	f.Add("a\nb  c\td", 5)
	f.Fuzz(func(t *testing.T, s string, width int) {
		gs, err := testFace(t).shape(s)
		if err != nil || width < 1 || width > 1000 {
			return
		}
		var all, want strings.Builder
		for _, g := range gs {
			if g.char != '\n' {
				want.WriteRune(g.char)
			}
		}
		for _, line := range wrapped(t, s, float64(width)) {
			all.WriteString(line)
		}
		if all.String() != want.String() {
			t.Errorf("got %q, want %q", all.String(), want.String())
		}
	})
}
