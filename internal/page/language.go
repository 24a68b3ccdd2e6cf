package page

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"mandat/internal/prose"
)

// languages are those the pages exist in. The first is the default.
var languages = []Language{{Tag: "fr", Name: "Français"}, {Tag: "en", Name: "English"}}

const languageCookie = "lang"

// texts are the texts of one language.
type texts struct {
	localizer *i18n.Localizer
	phrases   map[string]phrase // those without plurals
}

// loadTexts reads locales/<language>/<area>.json: flat objects from key to text, each key beginning with its area.
func loadTexts(files fs.FS) (map[string]*texts, error) {
	bundle := i18n.NewBundle(language.French)
	read := map[string]i18n.UnmarshalFunc{"json": json.Unmarshal}
	out := map[string]*texts{}
	for _, l := range languages {
		t := &texts{phrases: map[string]phrase{}}
		names, err := fs.Glob(files, "locales/"+l.Tag+"/*.json")
		if err != nil {
			return nil, fmt.Errorf("load texts: %w", err)
		}
		for _, name := range names {
			b, err := fs.ReadFile(files, name)
			if err != nil {
				return nil, fmt.Errorf("load texts: %w", err)
			}
			area := strings.TrimSuffix(path.Base(name), ".json")
			messages, err := i18n.ParseMessageFileBytes(b, area+"."+l.Tag+".json", read)
			if err != nil {
				return nil, fmt.Errorf("load texts: %s: %w", name, err)
			}
			for _, m := range messages.Messages {
				if words, ok := cut(prose.Spaces(l.Tag, m.Other)); ok && m.One == "" {
					t.phrases[m.ID] = words
					continue
				}
				if err := bundle.AddMessages(messages.Tag, m); err != nil {
					return nil, fmt.Errorf("load texts: %s: %s: %w", name, m.ID, err)
				}
			}
		}
		t.localizer = i18n.NewLocalizer(bundle, l.Tag)
		out[l.Tag] = t
	}
	return out, nil
}

// Text returns the text of a key in a language. args are names and values in turn; the value named Count chooses the plural.
func (p *Pages) Text(lang, key string, args ...any) (string, error) {
	if len(args) == 0 {
		return p.text(lang, key, nil)
	}
	data, err := pairs(args)
	if err != nil {
		return "", fmt.Errorf("text %s: %w", key, err)
	}
	return p.text(lang, key, data)
}

func (p *Pages) text(lang, key string, data map[string]any) (string, error) {
	t, ok := p.texts[lang]
	if !ok {
		return "", fmt.Errorf("text %s: no language %q", key, lang)
	}
	if words, ok := t.phrases[key]; ok {
		out, err := words.say(data)
		if err != nil {
			return "", fmt.Errorf("text %s: %w", key, err)
		}
		return out, nil
	}
	config := &i18n.LocalizeConfig{MessageID: key, TemplateData: data}
	if n, ok := data["Count"]; ok {
		config.PluralCount = n
	}
	out, err := t.localizer.Localize(config)
	if err != nil {
		return "", fmt.Errorf("text %s: %w", key, err)
	}
	return prose.Spaces(lang, out), nil
}

func pairs(args []any) (map[string]any, error) {
	out := make(map[string]any, len(args)/2)
	for i := 0; i < len(args); i += 2 {
		name, ok := args[i].(string)
		if !ok || i+1 == len(args) {
			return nil, fmt.Errorf("values must come as name and value")
		}
		out[name] = args[i+1]
	}
	return out, nil
}

// Lang returns the language in which this request's pages are written: "fr" or "en".
func Lang(r *http.Request) string {
	if lang := stateOf(r.Context()).lang; lang != "" {
		return lang
	}
	return languages[0].Tag
}

// chooseLanguage takes the language from ?lang= (and keeps it in a cookie), from that cookie, or from the browser's wishes.
func (p *Pages) chooseLanguage(w http.ResponseWriter, r *http.Request, secure bool) string {
	if (r.Method == http.MethodGet || r.Method == http.MethodPost) && strings.Contains(r.URL.RawQuery, "lang=") {
		if asked := r.URL.Query().Get("lang"); supported(asked) {
			http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: asked, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode}) //nolint:gosec // Secure wherever the site is
			return asked
		}
	}
	if c, err := r.Cookie(languageCookie); err == nil && supported(c.Value) {
		return c.Value
	}
	if wish := r.Header.Get("Accept-Language"); wish != "" && len(wish) < 200 {
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err == nil {
			_, i, sure := p.matcher.Match(tags...)
			if sure > language.No {
				return languages[i].Tag
			}
		}
	}
	return languages[0].Tag
}

// AsksLanguage reports whether a form was sent to see its page in another language (Common.LanguageForm): nothing else is done with it.
func AsksLanguage(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Query().Has("lang")
}

func supported(tag string) bool {
	for _, l := range languages {
		if l.Tag == tag {
			return true
		}
	}
	return false
}

// languageLinks leads to this page in each language. Its own path stays out of the page: it may hold a secret.
func languageLinks(r *http.Request, c *Common) []Language {
	here, query := &url.URL{}, url.Values{}
	if at, err := url.Parse(placeOf(r, c.Here)); err == nil {
		here, query = at, at.Query()
	}
	if len(c.KeepQuery) > 0 {
		asked := r.URL.Query()
		for _, name := range c.KeepQuery {
			if v := cmp.Or(asked.Get(name), c.Form.Value(name)); v != "" {
				query.Set(name, v)
			}
		}
	}
	out := make([]Language, len(languages))
	for i, l := range languages {
		query.Set("lang", l.Tag)
		out[i] = Language{Tag: l.Tag, Name: l.Name, Href: here.EscapedPath() + "?" + query.Encode(), Current: l.Tag == c.Lang}
	}
	return out
}

// placeOf is where a GET shows the page that answers this request: "" for the request's own address. What answers a POST to an address that no GET has is the page
// named, or else the nearest above.
func placeOf(r *http.Request, named string) string {
	s := stateOf(r.Context())
	pattern, posted := strings.CutPrefix(s.pattern, http.MethodPost+" ")
	if !posted || s.router == nil || s.router.shows(pattern) {
		return ""
	}
	if named != "" {
		return Placed(r.Context(), named)
	}
	return above(r.Context(), s.router, r.URL.EscapedPath(), pattern)
}
