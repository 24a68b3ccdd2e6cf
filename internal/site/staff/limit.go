package staff

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/session"
)

// Limiting is the page on which the procedures of an organisation, or of somebody there, are chosen.
type Limiting struct {
	Acts
	Pages     *page.Pages
	Catalogue *procedure.Catalogue
}

// LimitPage is referent/procedures.html.
type LimitPage struct {
	page.Common
	Whose        string // "person" or "organisation"
	Name         string // of either
	Action, Back string
	Within       []string // what may be chosen; nil is every procedure
	Themes       []Theme
}

// Theme is a part of the catalogue to choose from, or of what was chosen. Whole is chosen beside its procedures, and stands for all of them.
type Theme struct {
	Key, Name  string
	Chosen, Of int // how many of its procedures are chosen, and how many may be
	Whole      bool
	Procedures []ProcedureChoice
}

// ProcedureChoice is a procedure to tick.
type ProcedureChoice struct {
	Key, Name, Body string
	Chosen          bool
}

// Show shows the form, filled in with what is allowed now; nil is every procedure.
func (l Limiting) Show(w http.ResponseWriter, r *http.Request, at *session.Session, p *LimitPage, now []string) error {
	values := url.Values{"procedures": now}
	if now == nil {
		values.Set("every", "on")
	}
	return l.Begin(w, r, at, p.Action, values, func(form *page.Form, status int) error { return l.render(w, r, p, form, status) })
}

// Do has what was chosen saved, nil for every procedure, and leads back.
func (l Limiting) Do(w http.ResponseWriter, r *http.Request, at *session.Session, p *LimitPage, save func(procedures []string) error) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	chosen := l.chosen(form, p.Within)
	if form.Failed() {
		return l.render(w, r, p, form, http.StatusUnprocessableEntity)
	}
	switch err := save(chosen); {
	case errors.Is(err, org.ErrFactorTooOld):
		return l.Later(w, r, p.Action, form)
	case err != nil:
		return l.Refusal(err)
	}
	return l.Finish(w, r, at, p.Back, "referent.procedures.changed")
}

func (l Limiting) render(w http.ResponseWriter, r *http.Request, p *LimitPage, form *page.Form, status int) error {
	p.Title, p.Form, p.Themes = "referent.procedures.title", form, l.Themes(page.Lang(r), form, p.Within)
	return l.Pages.Render(w, r, status, "referent/procedures.html", p)
}

// Themes are the procedures that may be chosen, as ticked in the form. Those outside within are left out; nil is every one.
func (l Limiting) Themes(lang string, form *page.Form, within []string) []Theme {
	var out []Theme
	for _, t := range l.Catalogue.Themes() {
		x := Theme{Key: t.Key, Name: t.Name.In(lang), Whole: form.Has("themes", t.Key)}
		for _, p := range t.Procedures {
			if within != nil && !slices.Contains(within, p.Key) {
				continue
			}
			c := ProcedureChoice{p.Key, p.Name.In(lang), p.Body.In(lang), form.Has("procedures", p.Key)}
			if c.Chosen {
				x.Chosen++
			}
			x.Procedures = append(x.Procedures, c)
		}
		if x.Of = len(x.Procedures); x.Of > 0 {
			out = append(out, x)
		}
	}
	return out
}

// chosen reads the form: nil for every procedure. A whole theme is each of its procedures within. A choice of nothing, or of what is not in
// the catalogue, is a mistake.
func (l Limiting) chosen(form *page.Form, within []string) []string {
	if form.Ticked("every") {
		return nil
	}
	out := l.Ticked(form, within)
	if len(out) == 0 {
		form.Fail("procedures", "referent.procedures.wrong")
	}
	return out
}

// Ticked are the procedures that were ticked, one by one or by whole themes within; none when one of them is not in the catalogue.
func (l Limiting) Ticked(form *page.Form, within []string) []string {
	out := slices.Clone(form.Values("procedures"))
	for _, key := range form.Values("themes") {
		theme, _ := l.Catalogue.Theme(key)
		for _, p := range theme.Procedures {
			if within == nil || slices.Contains(within, p.Key) {
				out = append(out, p.Key)
			}
		}
	}
	out = slices.Compact(slices.Sorted(slices.Values(out)))
	for _, key := range out {
		if _, ok := l.Catalogue.Find(key); !ok {
			return nil
		}
	}
	return out
}

// Allowed says procedures in words of a language, by theme, in the order of the catalogue; none are none. One that was chosen before it was
// retired stands at the end of its theme.
func Allowed(c *procedure.Catalogue, lang string, keys []string) []Theme {
	var out []Theme
	for _, t := range c.Themes() {
		x := Theme{Key: t.Key, Name: t.Name.In(lang), Of: len(t.Procedures)}
		for _, p := range t.Procedures {
			if slices.Contains(keys, p.Key) {
				x.Procedures = append(x.Procedures, ProcedureChoice{p.Key, p.Name.In(lang), p.Body.In(lang), true})
			}
		}
		x.Chosen = len(x.Procedures)
		for _, key := range keys {
			p, known := procedure.Find(key)
			if _, there := c.Find(key); known && !there && p.Theme == t.Key {
				x.Procedures = append(x.Procedures, ProcedureChoice{p.Key, p.Name.In(lang), p.Body.In(lang), true})
			}
		}
		if len(x.Procedures) > 0 {
			out = append(out, x)
		}
	}
	return out
}
