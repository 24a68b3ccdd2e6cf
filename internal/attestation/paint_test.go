package attestation

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/prose"
)

// The document says everything that its words say, is sound and sealed, and its code leads to the public address.
func TestPaint_SaysAndSealsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.Sign(t, w.Jeanne, fixture.Angela(), fixture.Tax, fixture.Housing, overIndebtedness)
	for _, lang := range Languages {
		d := w.issue(t, w.Jeanne, m.ID, lang)
		name := file(t, "attestation.pdf", d.Bytes)
		run(t, "qpdf", "--check", name)
		if verdict := run(t, "pdfsig", "-nocert", name); !strings.Contains(verdict, "Signature is Valid") || !strings.Contains(verdict, "Total document signed") {
			t.Errorf("%s: pdfsig says:\n%s", lang, verdict)
		}
		want := []string{m.Terms.Citizen.FullName(), m.Terms.Citizen.BirthdateText(lang), prose.DateTime(lang, m.SignedAt), prose.DateTime(lang, m.EndsAt), prose.ShortTime(lang, m.IdentifiedAt),
			m.Terms.Organisation.Name, m.Terms.Organisation.SIRET, m.Terms.Organisation.Phone, "1 place de la Mairie, 75001 Paris", service.Phone, service.Email, service.Address, d.StatusURL}
		for _, p := range m.Terms.Procedures {
			want = append(want, p.Name.In(lang), p.Body.In(lang), p.Warning.In(lang))
		}
		text := textOf(t, d)
		for _, s := range want {
			if !says(text, s) {
				t.Errorf("%s: the document does not say %q", lang, s)
			}
		}
		if got := codeOf(t, name); got != d.StatusURL {
			t.Errorf("%s: the code says %q", lang, got)
		}
		w.wantStanding(t, "the address in the code", d.tokenIn(t))
	}
}

// codeOf reads the one code of a document from its pages as they look.
func codeOf(t *testing.T, document string) string {
	t.Helper()
	pages := filepath.Join(t.TempDir(), "page")
	run(t, "pdftoppm", "-r", "150", "-png", document, pages)
	files, err := filepath.Glob(pages + "*.png")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, page := range files {
		// zbarimg ends with 4 when a page has no code.
		out, err := exec.Command("zbarimg", "--nodbus", "-q", "--raw", page).Output()
		if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 4) {
			t.Fatalf("zbarimg: %v; run: apt-get install zbar-tools", err)
		}
		found = append(found, strings.Fields(string(out))...)
	}
	return strings.Join(found, " ")
}

// The code for the page says the address, drawn as the page draws it.
func TestNewCode(t *testing.T) {
	t.Parallel()
	address := service.BaseURL + "/v/" + newToken()
	code, err := NewCode(address)
	if err != nil || code.Address != address {
		t.Fatal(code.Address, err)
	}
	const scale = 4
	img := image.NewGray(image.Rect(0, 0, code.Side*scale, code.Side*scale))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	bars := regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(code.Path, -1)
	for _, bar := range bars {
		x, y, length := number(bar[1]), number(bar[2]), number(bar[3])
		for px := range length * scale {
			for py := range scale {
				img.Set(x*scale+px, y*scale+py, color.Gray{})
			}
		}
	}
	name := filepath.Join(t.TempDir(), "code.png")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(run(t, "zbarimg", "--nodbus", "-q", "--raw", name)); got != address {
		t.Errorf("the code says %q", got)
	}
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
