// Package web holds what pages are made of: templates, texts in both languages, style sheets and fonts. It is read by
// internal/page; README.md says how to add a page.
package web

import "embed"

// Files is templates/, locales/ and static/.
//
//go:embed templates locales static
var Files embed.FS
