// Package spreadsheet writes tables of text for spreadsheet programs, as CSV or as XLSX (ECMA-376, the transitional form that every program reads).
//
// Whatever a cell says, it is text: no program takes it for a formula. XLSX says so of each cell. CSV cannot, and programs take a field for a formula
// that begins with one of = + - @ or with some blank characters; such a field gets an apostrophe before it (OWASP, "CSV Injection"), which programs
// show or hide and never run, and so does what follows a comma in it: some programs split at commas, too. The rows are written as they come: a long table is never whole in memory.
package spreadsheet

import (
	"encoding/csv"
	"io"
	"strings"
	"unicode"
)

// The formats, which are also the ends of file names.
const (
	CSV  = "csv"
	XLSX = "xlsx"
)

// Type is the media type of a format.
func Type(format string) string {
	if format == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// Write writes rows in a format. The first is the heading; rows is called until it returns false.
func Write(w io.Writer, format string, rows func() ([]string, bool)) error {
	if format == XLSX {
		return writeXLSX(w, rows)
	}
	return writeCSV(w, rows)
}

// writeCSV writes UTF-8 with its mark, semicolons and CRLF, as French programs expect it.
func writeCSV(w io.Writer, rows func() ([]string, bool)) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	for row, more := rows(); more; row, more = rows() {
		safe := make([]string, len(row))
		for n, cell := range row {
			safe[n] = harmless(plain(cell))
		}
		if err := out.Write(safe); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// plain takes from a cell what is no text: control characters, line breaks among them, and what is not UTF-8.
func plain(cell string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		if r == '\ufffe' || r == '\uffff' {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(cell, "\ufffd"))
}

// harmless is a field of which no program takes a part for a formula, also none that splits it at a comma or another separator than ours.
func harmless(cell string) string {
	var b strings.Builder
	for cell != "" {
		if isFormula(cell) {
			b.WriteByte('\'')
		}
		end := strings.IndexAny(cell, ",;|")
		if end < 0 {
			end = len(cell) - 1
		}
		b.WriteString(cell[:end+1])
		cell = cell[end+1:]
	}
	return b.String()
}

// isFormula reports whether some program takes a text for a formula, also one that takes blanks, quotation marks and what cannot be seen away first, or reads
// full-width signs as their narrow ones.
func isFormula(text string) bool {
	first := strings.TrimLeftFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Zs) || strings.ContainsRune("\"'`“”‘’«»", r)
	})
	return strings.IndexFunc(first, func(r rune) bool { return strings.ContainsRune("=+-@|%＝＋－＠−\t\r", r) }) == 0
}
