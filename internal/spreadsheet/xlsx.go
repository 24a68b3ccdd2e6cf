package spreadsheet

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"io"
	"strconv"
)

// parts are the parts of a workbook with one sheet, but for the sheet: ECMA-376 part 1, sections 18.2 and 18.8, and part 2 (packages).
var parts = []struct{ name, content string }{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" ` +
		`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
		`<sheets><sheet name="Mandats" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" ` +
		`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" ` +
		`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`},
	// Style 1 is text (format 49), so that a cell stays text when somebody edits it.
	{"xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="1"><font/></fonts><fills count="2"><fill><patternFill patternType="none"/></fill>` +
		`<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>` +
		`<cellXfs count="2"><xf/><xf numFmtId="49" applyNumberFormat="1"/></cellXfs></styleSheet>`},
}

// writeXLSX writes a workbook whose cells are all text, held in the cells themselves (inlineStr): the rows are compressed as they come.
func writeXLSX(w io.Writer, rows func() ([]string, bool)) error {
	archive := zip.NewWriter(w)
	for _, p := range parts {
		f, err := archive.Create(p.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(f, xml.Header+p.content); err != nil {
			return err
		}
	}
	f, err := archive.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return err
	}
	sheet := bufio.NewWriter(f) // it keeps the first error for Flush
	_, _ = sheet.WriteString(xml.Header + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	number := 0
	for row, more := rows(); more; row, more = rows() {
		number++
		writeRow(sheet, number, row)
	}
	_, _ = sheet.WriteString(`</sheetData></worksheet>`)
	if err := sheet.Flush(); err != nil {
		return err
	}
	return archive.Close()
}

func writeRow(w *bufio.Writer, number int, row []string) {
	_, _ = w.WriteString(`<row r="` + strconv.Itoa(number) + `">`)
	for n, cell := range row {
		_, _ = w.WriteString(`<c r="` + column(n) + strconv.Itoa(number) + `" s="1" t="inlineStr"><is><t xml:space="preserve">`)
		_ = xml.EscapeText(w, []byte(plain(cell)))
		_, _ = w.WriteString(`</t></is></c>`)
	}
	_, _ = w.WriteString(`</row>`)
}

// column is the letters of the n-th column, from 0: A, B … Z, AA.
func column(n int) string {
	if n < 26 {
		return string("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[n])
	}
	return column(n/26-1) + column(n%26)
}
