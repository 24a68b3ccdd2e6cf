package dossier

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"time"

	"mandat/internal/prose"
)

//go:embed page.html
var pageHTML string

// shown is what the page is made of.
type shown struct {
	*File
	Lang    string
	Contact Contact
	Keeping []Keeping
	Left    int // documents that are not in the bundle
}

// page writes the part of a file that people read: one HTML page that needs nothing else, on any device, printed or read aloud.
func page(lang string, f *File, contact Contact, keeping []Keeping) ([]byte, error) {
	all, err := allTexts()
	if err != nil {
		return nil, err
	}
	t := all[lang]
	html, err := template.New("page").Funcs(template.FuncMap{
		"w":    t.say,
		"word": t.or,
		"day":  func(at time.Time) string { return prose.Spaces(lang, prose.Date(lang, at)) },
		"time": func(at time.Time) string { return prose.Spaces(lang, prose.DateTime(lang, at)) },
		"born": func() string { return f.Citizen.Identity.BirthdateText(lang) },
	}).Parse(pageHTML)
	if err != nil {
		return nil, fmt.Errorf("the page of a file: %w", err)
	}
	s := shown{File: f, Lang: lang, Contact: contact, Keeping: keeping}
	for _, a := range f.Attachments {
		if a.Name == "" {
			s.Left++
		}
	}
	var out bytes.Buffer
	if err := html.Execute(&out, s); err != nil {
		return nil, fmt.Errorf("the page of a file: %w", err)
	}
	return out.Bytes(), nil
}
