package page

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/text/language"

	"mandat/internal/prose"
)

// Options says what pages need to know of the site.
type Options struct {
	SignOutOrigins []string // origins to which signing out redirects the browser
}

// Pages renders templates.
type Pages struct {
	options Options
	texts   map[string]*texts
	matcher language.Matcher
	static  *assets
	sheets  map[string]map[string]*sheet // language, name of the page
}

// Load reads templates/, locales/ and static/ (see web/README.md). A page that names a text or a file that is not there is an error.
func Load(files fs.FS, o Options) (*Pages, error) {
	p := &Pages{options: o, sheets: map[string]map[string]*sheet{}}
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
		if p.sheets[l.Tag], err = p.readSheets(files, l.Tag); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// For returns the same pages for another site: both share what was read and parsed.
func (p *Pages) For(o Options) *Pages {
	out := *p
	out.options = o
	return &out
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
	for name := range p.sheets[languages[0].Tag] {
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
	c.Languages, c.LanguageTo = languageLinks(r, c), placeOf(r, c.Here)
	sheet, ok := p.sheets[c.Lang][name]
	if !ok {
		return fmt.Errorf("render %s: no such page", name)
	}
	set, err := sheet.parsed()
	if err != nil {
		return fmt.Errorf("render %s: %w", name, err)
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
