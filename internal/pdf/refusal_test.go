package pdf

import (
	"errors"
	"strings"
	"testing"
)

func TestUnprintableTextIsRefused(t *testing.T) {
	t.Parallel()
	for what, add := range map[string]func(*Document, string){
		"heading":     func(d *Document, s string) { d.Heading(1, s) },
		"paragraph":   func(d *Document, s string) { d.Paragraph(s) },
		"note":        func(d *Document, s string) { d.Note(s) },
		"list item 2": func(d *Document, s string) { d.List([]string{"a", s}) },
		"table row 1": func(d *Document, s string) { d.Pairs([][2]string{{"a", s}}) },
		"title":       func(d *Document, s string) { *d = *New("fr", s, noon) },
	} {
		for _, s := range []string{"王", "Иван", "محمد", "😀", "a\u200Bb", "a\u202Eb", "a\x00b", "x\u0301", "\uFFFD"} {
			d := New("fr", "Essai", noon)
			add(d, "Bonjour "+s)
			d.Paragraph("La suite.")
			_, err := d.Bytes()
			var u *UnprintableError
			if !errors.As(err, &u) || !strings.Contains(err.Error(), what) || strings.Contains(err.Error(), "Bonjour") {
				t.Errorf("%s %q: %v", what, s, err)
			}
		}
	}
}

func TestLatinTextOfEuropeIsPrinted(t *testing.T) {
	t.Parallel()
	const all = "ÀÂÄÆÇÉÈÊËÎÏÔÖŒÙÛÜŸàâäæçéèêëîïôöœùûüÿ ’ ‘ “ ” « » … – — • € ° § · ² ½ " +
		"Đđ Łł Øø Åå Ñ ñ ß ẞ Þþ Ðð Šš Žž Čč Ćć Řř Ůů Őő Űű Ğğ İı Şş Șș Țț Ąą Ęę Ħħ Ġġ Ķķ Ļļ Ņņ Āā Ŵŵ Ŷŷ \u00A0 \u202F \u2011 \u02BC"
	d := New("fr", "Essai", noon)
	d.Paragraph(all)
	text := mustRead(t, "pdftotext", keep(t, bytesOf(t, d)), "-")
	for _, r := range "ÉŒœÿ’«»…–€ŁğșțŴ" {
		if !strings.ContainsRune(text, r) {
			t.Errorf("%c is lost:\n%s", r, text)
		}
	}
}

// A name that comes with its accents apart is drawn with them joined.
func TestAccentsAreJoined(t *testing.T) {
	t.Parallel()
	d := New("fr", "Essai", noon)
	d.Paragraph("E\u0301loi\u0308se\tFranc\u0327ois\r\nfin")
	text := mustRead(t, "pdftotext", keep(t, bytesOf(t, d)), "-")
	if !strings.HasPrefix(text, "Éloïse François\nfin\n") {
		t.Errorf("text: %q", text)
	}
}

func TestWrongUseIsRefused(t *testing.T) {
	t.Parallel()
	for want, add := range map[string]func(*Document){
		"document is empty":         func(*Document) {},
		"heading of level 2":        func(d *Document) { d.Heading(2, "a") },
		"heading of level 3":        func(d *Document) { d.Heading(1, "a"); d.Heading(3, "b") },
		"heading of level 0":        func(d *Document) { d.Heading(0, "a") },
		"heading of level 4":        func(d *Document) { d.Heading(1, "a"); d.Heading(2, "a"); d.Heading(3, "a"); d.Heading(4, "a") },
		"heading without text":      func(d *Document) { d.Heading(1, " \n") },
		"paragraph without text":    func(d *Document) { d.Paragraph("") },
		"note without text":         func(d *Document) { d.Note("") },
		"list without items":        func(d *Document) { d.List(nil) },
		"list item 1 without text":  func(d *Document) { d.List([]string{""}) },
		"table without rows":        func(d *Document) { d.Pairs(nil) },
		"table row 1 without text":  func(d *Document) { d.Pairs([][2]string{{"", "a"}}) },
		"title is empty":            func(d *Document) { *d = *New("fr", " ", noon) },
		`language "de" is not`:      func(d *Document) { *d = *New("de", "a", noon) },
		"without replacement text":  func(d *Document) { d.fail(d.QR(sampleURL, "", nil, "")) },
		"QR code without an addres": func(d *Document) { d.fail(d.QR("", "a", nil, "")) },
		"pdf: QR code: ":            func(d *Document) { d.fail(d.QR(strings.Repeat("a", 5000), "a", nil, "")) },
		"QR code: character U+738B": func(d *Document) { d.fail(d.QR("https://王", "a", nil, "")) },
	} {
		d := New("fr", "Essai", noon)
		add(d)
		if _, err := d.Bytes(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
