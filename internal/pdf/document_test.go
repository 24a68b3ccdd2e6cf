package pdf

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pdfcpu/pdfcpu/pkg/api"
)

// What four programs that nobody here wrote read in an attestation.

func TestReadersAcceptTheDocument(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 40, 300} {
		name := keep(t, bytesOf(t, attestation(t, n)))
		mustRead(t, "qpdf", "--check", name)
		if err := api.ValidateFile(name, nil); err != nil {
			t.Errorf("%d powers: pdfcpu: %v", n, err)
		}
		mustRead(t, "pdftotext", name, "-")
	}
}

func TestDocumentTellsAboutItself(t *testing.T) {
	t.Parallel()
	data := bytesOf(t, attestation(t, 40))
	info := mustRead(t, "pdfinfo", "-isodates", keep(t, data))
	for _, want := range []string{"Title:           Attestation de mandat\n", "CreationDate:    2026-11-26T12:00:00Z\n",
		"Tagged:          yes\n", "Pages:           3\n", "(A4)", "Metadata Stream: yes\n"} {
		if !strings.Contains(info, want) {
			t.Errorf("pdfinfo lacks %q:\n%s", want, info)
		}
	}
	for _, want := range []string{"/Lang (fr)", "/DisplayDocTitle true", "/Marked true", "/ParentTree"} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("the file lacks %s", want)
		}
	}
	if meta := mustRead(t, "pdfinfo", "-meta", keep(t, data)); !strings.Contains(meta, ">Attestation de mandat<") || strings.Contains(meta, "aid:part") {
		t.Errorf("metadata:\n%s", meta)
	}
}

func TestStructureIsInReadingOrder(t *testing.T) {
	t.Parallel()
	d := New("en", "Sample", noon)
	d.Heading(1, "Proof of mandate")
	d.Paragraph("It stands.")
	d.Pairs([][2]string{{"Name", "Éloïse"}, {"Until", ""}})
	d.List([]string{"one", "two"})
	if err := d.QR(sampleURL, "Code to check", nil, ""); err != nil {
		t.Fatal(err)
	}
	d.Note("Small print.")
	got := mustRead(t, "pdfinfo", "-struct-text", keep(t, bytesOf(t, d)))
	got = regexp.MustCompile(`(?m) \(block\)| \[.*\]|^ +/(BBox|Placement).*\n|^ +""\n`).ReplaceAllString(got, "")
	want := `Document
  H1
    "Proof of mandate"
  P
    "It stands."
  Table
    TR
      TH:
         /Scope /Row
        "Name"
      TD
        "Éloïse"
    TR
      TH:
         /Scope /Row
        "Until"
      TD
  L:
     /ListNumbering /Disc
    LI
      Lbl
        "•"
      LBody
        "one"
    LI
      Lbl
        "•"
      LBody
        "two"
  Figure:
  P
    "` + sampleURL + `"
  P
    "Small print."
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("structure (-want +got):\n%s", diff)
	}
}

// Every word of a list and a table that run over several pages belongs to its
// own element, and is read once, in order.
func TestPagesDoNotCutTheStructure(t *testing.T) {
	t.Parallel()
	d := New("fr", "Long", noon)
	var rows [][2]string
	var items []string
	for i := range 60 {
		rows = append(rows, [2]string{fmt.Sprintf("Fait %d", i), strings.Repeat(fmt.Sprintf("valeur %d ", i), 1+i%30)})
		items = append(items, strings.Repeat(fmt.Sprintf("pouvoir %d ", i), 1+i%40))
	}
	rows[30][1] = strings.Repeat("valeur sans fin ", 700) // more than a page
	d.Pairs(rows)
	d.List(items)
	name := keep(t, bytesOf(t, d))
	tree := mustRead(t, "pdfinfo", "-struct-text", name)
	texts := elementTexts(tree)
	var want []string
	for _, r := range rows {
		want = append(want, r[0], strings.TrimSpace(r[1]))
	}
	for _, it := range items {
		want = append(want, "•", strings.TrimSpace(it))
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("text of the elements (-want +got):\n%s", diff)
	}
	if n := strings.Count(tree, "TR\n"); n != len(rows) {
		t.Errorf("%d rows, want %d", n, len(rows))
	}
	if err := api.ValidateFile(name, nil); err != nil {
		t.Errorf("pdfcpu: %v", err)
	}
}

// elementTexts joins, for each element in a tree as pdfinfo prints it, the
// pieces of text it has on one or several pages.
func elementTexts(tree string) []string {
	var texts []string
	inside := false
	for line := range strings.Lines(tree) {
		piece, ok := strings.CutPrefix(strings.TrimSpace(line), `"`)
		switch {
		case !ok:
			inside = false
			continue
		case inside:
			texts[len(texts)-1] += strings.TrimSuffix(piece, `"`)
		default:
			texts = append(texts, strings.TrimSuffix(piece, `"`))
		}
		inside = true
	}
	for i, t := range texts {
		texts[i] = strings.TrimSpace(t)
	}
	return texts
}

func TestPageNumbersAreOnEveryPage(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]string{"fr": "Page 2 sur 2", "en": "Page 2 of 2"} {
		d := New(lang, strings.Repeat("Un titre sans fin ", 12), noon)
		for range 60 {
			d.Paragraph("Texte.")
		}
		name := keep(t, bytesOf(t, d))
		if text := mustRead(t, "pdftotext", "-f", "2", "-l", "2", name, "-"); !strings.Contains(text, want) || !strings.Contains(text, "…") {
			t.Errorf("second page in %s:\n%s", lang, text)
		}
		if tree := mustRead(t, "pdfinfo", "-struct-text", name); strings.Contains(tree, "Page") {
			t.Error("the page number is read aloud")
		}
	}
}

func TestCodeIsReadBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := keep(t, bytesOf(t, attestation(t, 3)))
	mustRead(t, "pdftoppm", "-r", "110", "-png", name, dir+"/page")
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("pages: %v, %v", files, err)
	}
	if got := mustRead(t, "zbarimg", "--nodbus", "-q", "--raw", dir+"/"+files[0].Name()); strings.TrimSpace(got) != sampleURL {
		t.Errorf("zbarimg reads %q, want %q", got, sampleURL)
	}
}

func TestSameCallsGiveSameBytes(t *testing.T) {
	t.Parallel()
	d := attestation(t, 40)
	first := bytesOf(t, d)
	if !bytes.Equal(first, bytesOf(t, d)) || !bytes.Equal(first, bytesOf(t, attestation(t, 40))) {
		t.Error("the bytes differ")
	}
	d.Paragraph("Encore.")
	if text := mustRead(t, "pdftotext", keep(t, bytesOf(t, d)), "-"); !strings.Contains(text, "Encore.") {
		t.Error("a block added after Bytes is lost")
	}
}
