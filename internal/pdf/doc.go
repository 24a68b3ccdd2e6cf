// Package pdf makes the documents that Mandat hands to people, and seals them.
//
// A [Document] is a list of blocks (heading, paragraph, list, table of facts,
// QR code, small print). Each call cuts its block into strips: a strip is one
// line across the page that is never split. [Document.Bytes] then
//
//  1. deals the strips out to pages (flow.go),
//  2. paints each page, giving every piece of text the mark of the structure
//     element it belongs to (paint.go),
//  3. writes the structure tree, the fonts reduced to the glyphs used, the
//     metadata and the cross-reference table (assemble.go, file.go).
//
// The result is a tagged PDF 1.7: a screen reader finds headings, lists and
// row headers in order, whatever page they fall on; page furniture is marked
// as artifact. No claim of conformity with PDF/A or PDF/UA is made, because
// no validator for them is part of our tests.
//
// A [Sealer] appends a PAdES baseline B-B signature (ETSI EN 319 142-1) as an
// incremental update: the bytes it was given stay as they were, and the seal
// covers all of them.
//
// Everything is deterministic: the same calls with the same time give the
// same bytes. Text is set in Atkinson Hyperlegible Next, which has the Latin
// letters of Europe; a character it lacks is an [UnprintableError], never an
// empty box.
package pdf
