// Package web holds what pages are made of: templates, texts in both languages, style sheets and fonts, and the charter. It is read by
// internal/page; README.md says how to add a page.
package web

import "embed"

// Files is templates/, locales/, static/ and charter/.
//
//go:embed templates locales static charter
var Files embed.FS
