// Package procedure holds the catalogue of procedures that a mandate can give, as data.
//
// A power names one procedure. Themes only bundle them for the eye, and for FranceConnect, which knows ten perimeters and
// calls them by its own labels (rep_scope). The catalogue has a version, which a mandate freezes; a procedure's key never
// changes its meaning and is never used again for another.
package procedure

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed catalogue.json
var catalogue []byte

// Text is the same words in several languages, by ISO 639-1 code. French is always there.
type Text map[string]string

// In returns the text in a language, else in French.
func (t Text) In(lang string) string {
	if s, ok := t[lang]; ok {
		return s
	}
	return t["fr"]
}

// Theme is one of the ten bundles. Key is the short key of the reference implementation ("argent"), Label FranceConnect's
// perimeter, compared as an exact string.
type Theme struct {
	Key        string      `json:"key"`
	Label      string      `json:"label"`
	Name       Text        `json:"name"`
	Procedures []Procedure `json:"procedures"`
}

// Procedure is one thing that can be done for a citizen. Body is who it is done with; Warning, when there is one, is shown
// before it is granted and before it is used.
type Procedure struct {
	Key     string `json:"key"`
	Theme   string `json:"-"`
	Name    Text   `json:"name"`
	Body    Text   `json:"body"`
	Warning Text   `json:"warning"`
}

// Catalogue is the list of themes and procedures of one version.
type Catalogue struct {
	version string
	themes  []Theme
	byKey   map[string]Procedure
	byTheme map[string]Theme
}

// Load reads the catalogue that the program carries.
func Load() (*Catalogue, error) { return parse(catalogue) }

func parse(data []byte) (*Catalogue, error) {
	var file struct {
		Version string  `json:"version"`
		Themes  []Theme `json:"themes"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	c := &Catalogue{version: file.Version, themes: file.Themes, byKey: map[string]Procedure{}, byTheme: map[string]Theme{}}
	for i, theme := range c.themes {
		for j := range theme.Procedures {
			p := &c.themes[i].Procedures[j]
			p.Theme = theme.Key
			if _, double := c.byKey[p.Key]; double || p.Key == "" || p.Name["fr"] == "" || p.Name["en"] == "" {
				return nil, fmt.Errorf("catalogue: procedure %q is incomplete or stands twice", p.Key)
			}
			c.byKey[p.Key] = *p
		}
		if _, double := c.byTheme[theme.Key]; double || theme.Label == "" || len(theme.Procedures) == 0 {
			return nil, fmt.Errorf("catalogue: theme %q is incomplete or stands twice", theme.Key)
		}
		c.byTheme[theme.Key] = c.themes[i]
	}
	return c, nil
}

// Version names this state of the catalogue.
func (c *Catalogue) Version() string { return c.version }

// Themes returns the ten themes in the order of service-public.fr.
func (c *Catalogue) Themes() []Theme { return c.themes }

// Theme finds a theme by its key.
func (c *Catalogue) Theme(key string) (Theme, bool) {
	t, ok := c.byTheme[key]
	return t, ok
}

// Perimeter finds a theme by what FranceConnect may send as rep_scope: its own label, or the short key.
func (c *Catalogue) Perimeter(value string) (Theme, bool) {
	for _, t := range c.themes {
		if value == t.Label || value == t.Key {
			return t, true
		}
	}
	return Theme{}, false
}

// Find finds a procedure by its key.
func (c *Catalogue) Find(key string) (Procedure, bool) {
	p, ok := c.byKey[key]
	return p, ok
}
