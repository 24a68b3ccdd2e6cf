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

// Theme is a part of the catalogue to choose from.
type Theme struct {
	Key, Name  string
	Chosen     int
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
	chosen := l.chosen(form)
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
		x := Theme{Key: t.Key, Name: t.Name.In(lang)}
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
		if len(x.Procedures) > 0 {
			out = append(out, x)
		}
	}
	return out
}

// chosen reads the form: nil for every procedure. A choice of nothing, or of what is not in the catalogue, is a mistake.
func (l Limiting) chosen(form *page.Form) []string {
	if form.Ticked("every") {
		return nil
	}
	out := slices.Compact(slices.Sorted(slices.Values(form.Values("procedures"))))
	for _, key := range out {
		if _, ok := l.Catalogue.Find(key); !ok {
			out = nil
		}
	}
	if len(out) == 0 {
		form.Fail("procedures", "referent.procedures.wrong")
	}
	return out
}

// Procedures says procedures in words of a language, in the order of their keys.
func Procedures(c *procedure.Catalogue, lang string, keys []string) []string {
	var out []string
	for _, key := range keys {
		if p, ok := c.Find(key); ok {
			out = append(out, p.Name.In(lang))
		}
	}
	return out
}
