package page

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"mandat/internal/prose"
)

// Options says what pages need to know of the site.
type Options struct {
	SignOutOrigins []string // origins to which signing out redirects the browser
}

// Pages renders templates. All of them are parsed when it is loaded.
type Pages struct {
	options Options
	texts   map[string]*texts
	matcher language.Matcher
	static  *assets
	sets    map[string]map[string]*template.Template // language, name of the page
}

// Load reads templates/, locales/ and static/ (see web/README.md). Each page is a set of its own: layout, partials and
// the page, once in each language.
func Load(files fs.FS, o Options) (*Pages, error) {
	p := &Pages{options: o, sets: map[string]map[string]*template.Template{}}
	var err error
	if p.texts, err = loadTexts(files); err != nil {
		return nil, err
	}
	if p.static, err = loadStatic(files); err != nil {
		return nil, err
	}
	tags := make([]language.Tag, len(languages))
	for i, l := range languages {
		tags[i] = language.MustParse(l.Tag)
	}
	p.matcher = language.NewMatcher(tags)
	for _, l := range languages {
		if p.sets[l.Tag], err = p.parse(files, l.Tag); err != nil {
			return nil, err
		}
	}
	return p, nil
}

const partials = "templates/partial/"

func (p *Pages) parse(files fs.FS, lang string) (map[string]*template.Template, error) {
	base := template.New("").Funcs(p.funcs(lang)).Option("missingkey=error")
	names, err := fs.Glob(files, "templates/*/*.html")
	if err == nil {
		err = p.parseFile(base, files, "templates/layout.html", lang)
	}
	for _, name := range names {
		if err == nil && strings.HasPrefix(name, partials) {
			err = p.parseFile(base, files, name, lang)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	out := map[string]*template.Template{}
	for _, name := range names {
		if strings.HasPrefix(name, partials) {
			continue
		}
		set, err := base.Clone()
		if err == nil {
			err = p.parseFile(set, files, name, lang)
		}
		if err != nil {
			return nil, fmt.Errorf("parse templates: %w", err)
		}
		out[strings.TrimPrefix(name, "templates/")] = set
	}
	return out, nil
}

// funcs are the functions of templates, bound to a language.
func (p *Pages) funcs(lang string) template.FuncMap {
	return template.FuncMap{
		"t":        func(key string, args ...any) (string, error) { return p.Text(lang, key, args...) },
		"tmap":     func(key string, args map[string]any) (string, error) { return p.text(lang, key, args) },
		"date":     func(t time.Time) string { return prose.Date(lang, t) },
		"datetime": func(t time.Time) string { return prose.DateTime(lang, t) },
		"clock":    func(t time.Time) string { return prose.Clock(lang, t) },
		"machine":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"asset":    p.static.url,
		"args":     func(args ...any) (map[string]any, error) { return pairs(args) },
	}
}

// Names lists the pages ("aidant/home.html").
func (p *Pages) Names() []string {
	var out []string
	for name := range p.sets[languages[0].Tag] {
		out = append(out, name)
	}
	return out
}

// usualPage is more bytes than most pages have.
const usualPage = 12 << 10

// Render writes a page: its template is executed into a buffer first, so that nobody ever gets half of one.
func (p *Pages) Render(w http.ResponseWriter, r *http.Request, status int, name string, data Page) error {
	c := data.common()
	c.Lang, c.SignedIn, c.Base = Lang(r), whoOf(r.Context()), Base(r.Context())
	c.Languages = languageLinks(r, c.Lang, c.KeepQuery)
	set, ok := p.sets[c.Lang][name]
	if !ok {
		return fmt.Errorf("render %s: no such page", name)
	}
	b := bytes.NewBuffer(make([]byte, 0, usualPage))
	if err := set.ExecuteTemplate(b, "layout", data); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy(c, p.options.SignOutOrigins))
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", c.Lang)
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	if c.NoIndex {
		h.Set("X-Robots-Tag", "noindex, nofollow")
	}
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // an error here is a browser that has gone
	return nil
}
