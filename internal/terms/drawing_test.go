package terms_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"mandat/internal/evidence"
	"mandat/internal/terms"
)

func TestDraw_IsKeptAsAPictureAndNamedByTheTerms(t *testing.T) {
	t.Parallel()
	a := terms.Agreement{Lang: "fr", Form: evidence.Plain, Reading: "self"}
	if a.Signature() != nil || (*terms.Agreement)(nil).Signature() != nil {
		t.Error("a signature that nobody drew")
	}
	if err := a.Draw("M0 0L600 200M10 20L10 20"); err != nil {
		t.Fatal(err)
	}
	kept := a.Signature()
	if len(kept) != 1 || kept[0].Shown().SHA256 != a.Drawn || !strings.Contains(string(kept[0].Bytes), `<path d="M0 0L600 200M10 20L10 20"`) || a.Check() != nil {
		t.Errorf("%+v, %v", kept, a.Check())
	}
	sealed, err := json.Marshal(a)
	if err != nil || !strings.Contains(string(sealed), a.Drawn) || strings.Contains(string(sealed), "Drawing") {
		t.Errorf("%s, %v", sealed, err)
	}
	for what, change := range map[string]func(*terms.Agreement){
		"another digest": func(a *terms.Agreement) { a.Drawn = strings.Repeat("0", 64) },
		"no digest":      func(a *terms.Agreement) { a.Drawn = "" },
		"no picture":     func(a *terms.Agreement) { a.Drawing = nil },
		"other bytes":    func(a *terms.Agreement) { a.Drawing = []byte("<svg onload='x'/>") },
	} {
		other := a
		change(&other)
		if err := other.Check(); !errors.Is(err, terms.ErrDrawing) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestDraw_RefusesWhatNoPageOfOursMakes(t *testing.T) {
	t.Parallel()
	long := "M0 0" + strings.Repeat("L600 200L100 100", terms.MaxDrawing/16)
	if len(long) <= terms.MaxDrawing-20 || len(long) > terms.MaxDrawing+20 {
		t.Fatal(len(long))
	}
	for what, path := range map[string]string{
		"nothing": "", "a tap": "M10 20L10 20", "too small": "M10 20L39 30", "one point": "M100 100", "no stroke": "MM0 0L100 100", "begins with a line": "L0 0L100 100",
		"outside": "M0 0L601 100", "below": "M0 0L100 201", "negative": "M-1 0L100 100", "a fraction": "M0.5 0L100 100", "a zero more": "M00 0L100 100", "a sign": "M+1 0L100 100",
		"a blank more": "M0  0L100 100", "a comma": "M0,0L100,100", "three numbers": "M0 0 0L100 100", "a curve": "M0 0C1 1 2 2 100 100", "small letters": "m0 0l100 100", "ends early": "M0 0L100",
		"markup": `M0 0L100 100"/><script>`, "a line more": "M0 0L100 100\n", "a picture": "data:image/png;base64,AAAA", "too large": long + "L100 100L100 100L100 100", "a number too large": "M0 0L99999999999999999999 1",
	} {
		a := terms.Agreement{Lang: "fr", Form: evidence.Plain, Reading: "self"}
		if err := a.Draw(path); !errors.Is(err, terms.ErrDrawing) || a.Drawn != "" || a.Drawing != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzDraw(f *testing.F) {
	f.Add("M0 0L600 200M10 20L10 20")
	f.Add("M0 0L601 200")
	f.Add(`M0 0L100 100"`)
	f.Fuzz(func(t *testing.T, path string) {
		a := terms.Agreement{Lang: "fr", Form: evidence.Plain, Reading: "self"}
		if a.Draw(path) != nil {
			return
		}
		if strings.Trim(path, "ML 0123456789") != "" || len(path) > terms.MaxDrawing || a.Check() != nil {
			t.Errorf("taken: %q", path)
		}
	})
}
