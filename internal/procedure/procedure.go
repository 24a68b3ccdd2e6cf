// Package procedure holds the catalogue of procedures that a mandate can give, as data, and the words that say how far a
// power goes (Level) and how surely a citizen must be known (Assurance).
//
// A power names one procedure. Themes only bundle them for the eye, and for FranceConnect, which knows ten perimeters and
// calls them by its own labels (rep_scope). The catalogue has a version, which a mandate freezes: every version that was
// in use stays, one file each. A procedure's key never changes its meaning and is never used again for another; one that
// is no more is listed as retired. docs/catalogue.md says what each member means, and which of them are our reading.
package procedure

import "slices"

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
// before it is granted and before it is used. Theme is the key of its theme.
type Procedure struct {
	Key         string    `json:"key"`
	Theme       string    `json:"-"`
	Name        Text      `json:"name"`
	Body        Text      `json:"body"`
	Site        string    `json:"site"`          // where it is done, an https URL; "" in version 2026-11-1, which names none
	Reach       Reach     `json:"franceconnect"` // whether FranceConnect opens that site to us
	Levels      []Level   `json:"levels"`        // those that make sense for it, rising; never empty
	Identity    Assurance `json:"identity"`      // the least assurance with which a mandate may name it
	MaxDays     int       `json:"max_days"`      // the most days that a power for it may last, 1 to 365
	BankDetails bool      `json:"bank_details"`  // whether the citizen's bank details can be given or changed there
	Warning     Text      `json:"warning,omitempty"`
}

// Offers tells whether a level is one of those that make sense for this procedure.
func (p Procedure) Offers(l Level) bool { return slices.Contains(p.Levels, l) }

// Retired is a procedure that newer mandates cannot name any more: its key stays taken.
type Retired struct {
	Key   string `json:"key"`
	Theme string `json:"theme"`
	Since string `json:"since"` // the day, as 2027-01-31
}

// Catalogue is the list of themes and procedures of one version. It is shared: nobody changes what it returns.
type Catalogue struct {
	version string
	themes  []Theme
	retired []Retired
	byKey   map[string]Procedure
	byTheme map[string]Theme
	file    []byte
}

// Version names this state of the catalogue: year, month, and number within the month.
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

// Retired returns the procedures of older versions that this one does not hold any more.
func (c *Catalogue) Retired() []Retired { return c.retired }

// File returns the exact bytes of the file that this version is read from, JSON in UTF-8.
func (c *Catalogue) File() []byte { return c.file }
