package procedure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"time"
)

// The formats of a file. The first one, of version 2026-11-1, says no more of a procedure than its names, body and warning.
const (
	firstFormat = 1
	format      = 2
)

// longest is the most days that any power may last.
const longest = 365

// file is a catalogue as it is written.
type file struct {
	Format   int       `json:"format"`
	Version  string    `json:"version"`
	Licence  string    `json:"licence"`
	Inferred []string  `json:"inferred"` // members that are our reading, of no official source
	Themes   []Theme   `json:"themes"`
	Retired  []Retired `json:"retired"`
}

// parse reads a version. It refuses what is incomplete, doubled or unknown, and says the key of the culprit.
func parse(data []byte) (*Catalogue, error) {
	f := file{Format: firstFormat}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("catalogue: more than one value")
	}
	if f.Format < firstFormat || f.Format > format || numbers(f.Version) == nil {
		return nil, fmt.Errorf("catalogue: format %d or version %q is unknown", f.Format, f.Version)
	}
	c := &Catalogue{version: f.Version, themes: f.Themes, retired: f.Retired, file: data, byKey: map[string]Procedure{}, byTheme: map[string]Theme{}}
	for i := range c.themes {
		if err := c.takeTheme(&c.themes[i], f.Format); err != nil {
			return nil, err
		}
	}
	return c, c.checkRetired()
}

func (c *Catalogue) takeTheme(t *Theme, format int) error {
	if _, double := c.byTheme[t.Key]; double || t.Key == "" || t.Label == "" || !whole(t.Name) || len(t.Procedures) == 0 {
		return fmt.Errorf("catalogue: theme %q is incomplete or stands twice", t.Key)
	}
	for i := range t.Procedures {
		p := &t.Procedures[i]
		p.Theme = t.Key
		if format == firstFormat {
			p.readSafely()
		}
		if _, double := c.byKey[p.Key]; double || p.Key == "" {
			return fmt.Errorf("catalogue: procedure %q stands twice or has no key", p.Key)
		}
		if fault := p.fault(format); fault != "" {
			return fmt.Errorf("catalogue: procedure %q: %s", p.Key, fault)
		}
		c.byKey[p.Key] = *p
	}
	c.byTheme[t.Key] = *t
	return nil
}

// readSafely gives a procedure of the first format, which is silent on them, the readings that grant least and ask most:
// nothing is signed or paid, FranceConnect itself must have identified, and bank details need their consent. FranceConnect
// opened every one of them then, and every mandate could last a year.
func (p *Procedure) readSafely() {
	p.Reach, p.Levels, p.Identity, p.MaxDays, p.BankDetails = Direct, []Level{See, Act}, FranceConnect, longest, true
}

// fault says what is wrong with a procedure; "" is nothing.
func (p *Procedure) fault(format int) string {
	switch {
	case !whole(p.Name):
		return "name is missing in French or English"
	case p.Body["fr"] == "":
		return "body is missing"
	case p.Warning != nil && !whole(p.Warning):
		return "warning is missing in French or English"
	case format != firstFormat && !isSite(p.Site):
		return "site is missing or no https address"
	case !slices.Contains(Reaches(), p.Reach):
		return fmt.Sprintf("franceconnect %q is unknown", p.Reach)
	case !rising(p.Levels):
		return fmt.Sprintf("levels %q are none, unknown or not rising", p.Levels)
	case !slices.Contains(Assurances(), p.Identity):
		return fmt.Sprintf("identity %q is unknown", p.Identity)
	case p.MaxDays < 1 || p.MaxDays > longest:
		return fmt.Sprintf("max_days %d is not within 1 to %d", p.MaxDays, longest)
	}
	return ""
}

func (c *Catalogue) checkRetired() error {
	seen := map[string]bool{}
	for _, r := range c.retired {
		_, still := c.byKey[r.Key]
		_, theme := c.byTheme[r.Theme]
		if _, err := time.Parse(time.DateOnly, r.Since); err != nil || still || !theme || r.Key == "" || seen[r.Key] {
			return fmt.Errorf("catalogue: retired procedure %q still stands, stands twice, or has no theme or day", r.Key)
		}
		seen[r.Key] = true
	}
	return nil
}

// whole tells whether a text is there in both languages that every page has.
func whole(t Text) bool { return t["fr"] != "" && t["en"] != "" }

func isSite(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil
}

// rising tells whether levels are known ones, each above the one before.
func rising(levels []Level) bool {
	last := -1
	for _, l := range levels {
		at := slices.Index(Levels(), l)
		if at <= last {
			return false
		}
		last = at
	}
	return last >= 0
}
