package spreadsheet_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"mandat/internal/spreadsheet"
)

// each hands out rows one by one.
func each(rows [][]string) func() ([]string, bool) {
	n := -1
	return func() ([]string, bool) {
		n++
		if n >= len(rows) {
			return nil, false
		}
		return rows[n], true
	}
}

func write(t testing.TB, format string, rows [][]string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := spreadsheet.Write(&b, format, each(rows)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// formulas are cells that some program takes for a formula when they stand in a CSV file.
var formulas = []string{"=1+1", "+33 1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\"=1", "' =1", "“=1", "＝1", "－1", "|cmd", "%0A=1", "−1", "=cmd|' /C calc'!A0", "\x00=1", "  \" @x"}

func TestCSV_HasNoFormula(t *testing.T) {
	t.Parallel()
	rows := [][]string{{"Nom", "Prénoms"}}
	for _, f := range formulas {
		rows = append(rows, []string{f, "x"})
	}
	rows = append(rows, []string{"D'ARC", "Jean-Pierre"}, []string{"a;b", "l'un \"dit\""}, []string{"", "1962-08-24"})
	file := write(t, spreadsheet.CSV, rows)
	text, marked := strings.CutPrefix(string(file), "\ufeff")
	if !marked || !strings.HasPrefix(text, "Nom;Prénoms\r\n") || strings.Count(text, "\r\n") != len(rows) || strings.Count(text, "\n") != len(rows) {
		t.Errorf("begins %q, %d lines", text[:20], strings.Count(text, "\r\n"))
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = ';'
	got, err := r.ReadAll()
	if err != nil || len(got) != len(rows) {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for n, f := range formulas {
		if cell := got[n+1][0]; !strings.HasPrefix(cell, "'") || !strings.HasSuffix(cell, strings.TrimLeft(f, "\t\r\n\x00")) {
			t.Errorf("%q stands there as %q", f, cell)
		}
	}
	if diff := cmp.Diff(rows[len(formulas)+1:], got[len(formulas)+1:]); diff != "" {
		t.Errorf("plain cells (-want +got):\n%s", diff)
	}
}

// A program that splits at commas, tabs or bars finds no formula either, whatever is quoted for it or not; what is none stays as it is.
func TestCSV_HasNoFormulaBehindASeparator(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"DUBOIS,=1+1,":                        "DUBOIS,'=1+1,",
		"DUBOIS ,@SUM(1)":                     "DUBOIS ,'@SUM(1)",
		"DUBOIS, , =1":                        "DUBOIS, ,' =1",
		"A,B;+1":                              "A,B;'+1",
		"A|=1":                                "A|'=1",
		"A,\"=1":                              "A,'\"=1",
		"A\t=1":                               "A =1",
		"=1,=2":                               "'=1,'=2",
		"DUBOIS, Jean":                        "DUBOIS, Jean",
		"Jean-Pierre, dit l'un, 12 - 14, a=b": "Jean-Pierre, dit l'un, 12 - 14, a=b",
		",":                                   ",",
	} {
		text := strings.TrimPrefix(string(write(t, spreadsheet.CSV, [][]string{{cell, "x"}})), "\ufeff")
		r := csv.NewReader(strings.NewReader(text))
		r.Comma = ';'
		if got, err := r.Read(); err != nil || len(got) != 2 || got[0] != want {
			t.Errorf("%q stands there as %q, not %q: %v", cell, got, want, err)
		}
	}
}

// A workbook is read by a program that nobody here wrote: every cell is text, and says what was put into it.
func TestXLSX_IsText(t *testing.T) {
	t.Parallel()
	long := make([]string, 30)
	for n := range long {
		long[n] = strconv.Itoa(n)
	}
	rows := [][]string{{"Nom", "Né le"}, {"<DUBOIS & fils>", "1962-08-24"}, {" bord ", "Éloïse 𝒜"}, {"", "après un vide"}, long, {"00123", "TRUE", "1E5"}}
	for _, f := range formulas {
		rows = append(rows, []string{f, "x"})
	}
	for range 5000 {
		rows = append(rows, []string{"LE GŒUR", "x"})
	}
	book, err := excelize.OpenReader(bytes.NewReader(write(t, spreadsheet.XLSX, rows)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	name := book.GetSheetList()
	if !slices.Equal(name, []string{"Mandats"}) {
		t.Fatal(name)
	}
	got, err := book.GetRows("Mandats")
	if err != nil || len(got) != len(rows) {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for n, row := range rows {
		for m, want := range row {
			want = strings.Map(func(r rune) rune {
				if r < ' ' {
					return ' '
				}
				return r
			}, want)
			if got[n][m] != want {
				t.Fatalf("row %d: %q stands there as %q", n, want, got[n][m])
			}
			if n > 40 {
				continue
			}
			at, _ := excelize.CoordinatesToCellName(m+1, n+1)
			kind, err := book.GetCellType("Mandats", at)
			formula, _ := book.GetCellFormula("Mandats", at)
			if err != nil || kind != excelize.CellTypeInlineString || formula != "" {
				t.Errorf("%s is %v, %q, %v", at, kind, formula, err)
			}
		}
	}
}

// broken takes some bytes and then no more.
type broken struct{ left int }

var errGone = errors.New("the browser has gone")

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errGone
	}
	return len(p), nil
}

func TestWrite_SaysThatNobodyReads(t *testing.T) {
	t.Parallel()
	rows := [][]string{{strings.Repeat("ab", 20_000)}, {"x"}}
	for _, format := range []string{spreadsheet.CSV, spreadsheet.XLSX} {
		for _, left := range []int{0, 2, 100} {
			if err := spreadsheet.Write(&broken{left}, format, each(rows)); !errors.Is(err, errGone) {
				t.Errorf("%s after %d bytes: %v", format, left, err)
			}
		}
	}
}

// Whatever stands in a cell, both files can be read, have one row, and no program takes the cell for a formula.
func FuzzWrite(f *testing.F) {
	for _, s := range append(formulas, "\xff", "\ufffe", "\U0010ffff", "]]>", "_x0041_", "\u2028=", "é;\"") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(write(t, spreadsheet.CSV, [][]string{{cell, "x"}}), []byte("\ufeff"))))
		r.Comma = ';'
		rows, err := r.ReadAll()
		if err != nil || len(rows) != 1 || len(rows[0]) != 2 {
			t.Fatalf("%q: %q, %v", cell, rows, err)
		}
		first := strings.TrimLeft(rows[0][0], " \"“\u00a0\u200b")
		if strings.IndexAny(first, "=+-@") == 0 {
			t.Errorf("%q stands there as %q", cell, rows[0][0])
		}
		book, err := excelize.OpenReader(bytes.NewReader(write(t, spreadsheet.XLSX, [][]string{{cell, "x"}})))
		if err != nil {
			t.Fatalf("%q: %v", cell, err)
		}
		got, err := book.GetRows("Mandats")
		if err != nil || len(got) != 1 || len(got[0]) != 2 || got[0][1] != "x" {
			t.Errorf("%q: %q, %v", cell, got, err)
		}
		_ = book.Close()
	})
}
