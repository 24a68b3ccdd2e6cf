package page

import (
	"fmt"
	"html/template"
	"io/fs"
	"strings"
	"sync"
)

const partials = "templates/partial/"

// sheet is a page in a language: a set of templates of its own, of the layout, the partials and the page. It is parsed when somebody
// first asks for it: a server has well over a hundred of them, most of which it is not asked for in weeks, and all of them together
// weigh more than everything else that it keeps.
type sheet struct {
	parsed func() (*template.Template, error)
}

// readSheets reads the pages of a language, and parses what they share.
func (p *Pages) readSheets(files fs.FS, lang string) (map[string]*sheet, error) {
	shared := template.New("").Funcs(p.funcs(lang)).Option("missingkey=error")
	if err := p.parseShared(shared, files, lang); err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	names, err := fs.Glob(files, "templates/*/*.html")
	if err != nil {
		return nil, fmt.Errorf("find templates: %w", err)
	}
	out := map[string]*sheet{}
	for _, name := range names {
		if strings.HasPrefix(name, partials) {
			continue
		}
		source, err := p.readFile(files, name, lang)
		if err != nil {
			return nil, fmt.Errorf("read templates: %w", err)
		}
		out[strings.TrimPrefix(name, "templates/")] = &sheet{parsed: sync.OnceValues(func() (*template.Template, error) {
			set, err := shared.Clone()
			if err != nil {
				return nil, err
			}
			_, err = set.New(name).Parse(source)
			return set, err
		})}
	}
	return out, nil
}

func (p *Pages) parseShared(set *template.Template, files fs.FS, lang string) error {
	names, err := fs.Glob(files, partials+"*.html")
	if err != nil {
		return err
	}
	for _, name := range append(names, "templates/layout.html") {
		source, err := p.readFile(files, name, lang)
		if err != nil {
			return err
		}
		if _, err := set.New(name).Parse(source); err != nil {
			return err
		}
	}
	return nil
}
