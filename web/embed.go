// Package web holds what pages are made of: templates, texts in both languages, style sheets and fonts, and the charter. It is read by
// internal/page; README.md says how to add a page.
package web

import "embed"

// Files is templates/, locales/, static/, charter/ and mail/.
//
//go:embed templates locales static charter mail
var Files embed.FS
