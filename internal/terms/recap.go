package terms

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"slices"
	"sync"

	"mandat/internal/evidence"
)

// version names this state of the recap's words. Change it with every change of a file in recap/: what was kept keeps its own.
const version = "recap-2026-12-6"

const mediaType = "text/html; charset=utf-8"

//go:embed recap
var files embed.FS

// Recap is what the citizen is shown and what is read to them before they agree: exactly these bytes are on the page, and kept. The first is in the language and
// form of the agreement; the French in full follows unless it is the first. Terms without an agreement are shown in French.
//
// Names are marked data-unspoken: a voice of the browser does not read them.
func Recap(f Frozen) ([]evidence.Text, error) {
	lang, form := "fr", evidence.Plain
	if f.Agreement != nil {
		lang, form = f.Agreement.Lang, f.Agreement.Form
	}
	w, err := WordsOf(lang)
	switch {
	case errors.Is(err, ErrLanguage):
		return nil, ErrAgreement
	case err != nil:
		return nil, err
	case !slices.Contains(w.Forms(), form):
		return nil, ErrAgreement
	}
	texts := [][2]string{{lang, form}}
	if texts[0] != [2]string{"fr", evidence.Plain} {
		texts = append(texts, [2]string{"fr", evidence.Plain})
	}
	var out []evidence.Text
	for _, x := range texts {
		b, err := write(f, x[0], x[1])
		if err != nil {
			return nil, err
		}
		out = append(out, evidence.Text{Lang: x[0], Form: x[1], Template: version, MediaType: mediaType, Bytes: b})
	}
	return out, nil
}

// told is what the words of a recap are about.
type told struct {
	Frozen
	Name string
}

func write(f Frozen, lang, form string) ([]byte, error) {
	all, err := templates()
	if err != nil {
		return nil, fmt.Errorf("recap: %w", err)
	}
	var b bytes.Buffer
	if all[form+"."+lang].Execute(&b, told{f, f.Citizen.FullName()}) != nil {
		return nil, errors.New("recap: cannot be written") // the template's error would quote what it is about
	}
	return b.Bytes(), nil
}

// templates are parsed when the first recap is written: one for each form and language. All languages have one frame, which their words fill in; an easy version is a file of its own.
var templates = sync.OnceValues(func() (map[string]*template.Template, error) {
	out := map[string]*template.Template{}
	for _, lang := range RecapLanguages {
		w, err := WordsOf(lang)
		if err != nil {
			return nil, err
		}
		for _, form := range w.Forms() {
			file := "plain.html"
			if form == evidence.FALC {
				file = "falc." + lang + ".html"
			}
			t, err := template.New(file).Funcs(w.functions()).ParseFS(files, "recap/"+file)
			if err != nil {
				return nil, err
			}
			out[form+"."+lang] = t
		}
	}
	return out, nil
})

// pictures are the pictograms of the easy recap: outlines in a square of 24, drawn in the colour of the text. They say nothing that the words beside them do not.
var pictures = map[string]string{
	"person": `<circle cx="12" cy="7" r="4"/><path d="M4 21c0-5 3.5-8 8-8s8 3 8 8"/>`,
	"house":  `<path d="M3 11l9-8 9 8"/><path d="M5 10v11h14V10"/><path d="M10 21v-6h4v6"/>`,
	"list":   `<path d="M9 6h11M9 12h11M9 18h11"/><path d="M3 6l1.5 1.5L7 4.5M3 12l1.5 1.5L7 10.500M3 18l1.500 1.500L7 16.500"/>`,
	"date":   `<rect x="3" y="5" width="18" height="16" rx="1"/><path d="M3 10h18M8 3v4M16 3v4"/>`,
	"money":  `<circle cx="12" cy="12" r="9"/><path d="M15.500 8.500a4.500 4.500 0 1 0 0 7M7 11h6M7 13.500h6"/>`,
	"stop":   `<path d="M8 3h8l5 5v8l-5 5H8l-5-5V8z"/><path d="M8 12h8"/>`,
	"hand":   `<path d="M4 13l5 5L20 6"/>`,
}

func picture(name string) (template.HTML, error) {
	p, ok := pictures[name]
	if !ok {
		return "", fmt.Errorf("no pictogram %q", name)
	}
	return template.HTML(`<svg class="fr-picto" viewBox="0 0 24 24" width="40" height="40" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true" focusable="false">` + p + `</svg>`), nil //nolint:gosec // ours
}
