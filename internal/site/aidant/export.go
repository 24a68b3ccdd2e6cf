package aidant

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"mandat/internal/caseload"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/prose"
	"mandat/internal/session"
	"mandat/internal/site/staff"
	"mandat/internal/spreadsheet"
)

const exportPath = "/mandats/export"

type exportPage struct {
	page.Common
	Query    string // of the list that is taken away
	Count    int
	Most     int
	TooMany  bool
	Narrowed bool // words or filters are at work
}

// showExport says what the file will hold, and what it asks of who takes it away.
func (s *Site) showExport(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	a, err := s.askedOf(at, r.URL.Query())
	if err != nil {
		return err
	}
	if a.lost {
		return s.goTo(w, r, "/mandats"+a.query())
	}
	var form *page.Form
	if org.Fresh(at.Actor(), s.Clock.Now()) == nil {
		if form, err = s.Sessions.KeptForm(r, exportPath+a.query(), nil); err != nil {
			return err
		}
	}
	return s.renderExport(w, r, at, http.StatusOK, a, form)
}

func (s *Site) renderExport(w http.ResponseWriter, r *http.Request, at *session.Session, status int, a asked, form *page.Form) error {
	a.filter.Page = 0
	listing, err := s.Caseload.List(r.Context(), at.Actor(), a.filter)
	if err != nil {
		return refusal(err)
	}
	n := listing.Counts[a.tab()]
	p := &exportPage{Common: page.Common{Title: "list.export_title", Current: "/mandats", Trail: []page.Link{home, {Href: "/mandats" + a.query(), Text: "list.title"}}, Form: form, KeepQuery: addressed},
		Query: a.query(), Count: n, Most: caseload.MaxExport, TooMany: n > caseload.MaxExport, Narrowed: len(a.filter.Kinds()) > 0}
	return s.Pages.Render(w, r, status, "aidant/export.html", p)
}

// doExport sends the file. The entry is committed before its first byte leaves.
func (s *Site) doExport(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	a, err := s.askedOf(at, r.URL.Query())
	if err != nil {
		return err
	}
	if a.lost {
		return s.goTo(w, r, "/mandats"+a.query())
	}
	a.filter.Page = 0
	format := form.Choice("format", spreadsheet.CSV, spreadsheet.XLSX)
	if format == "" {
		form.Fail("format", "list.export_wrong")
		return s.renderExport(w, r, at, http.StatusUnprocessableEntity, a, form)
	}
	mandates, err := s.Caseload.Export(r.Context(), at.Actor(), a.filter, format)
	if errors.Is(err, org.ErrFactorTooOld) {
		return s.Sessions.SendFormToStepUp(w, r, exportPath+a.query(), form, "format")
	}
	if _, many := errors.AsType[*caseload.TooManyError](err); many {
		return s.renderExport(w, r, at, http.StatusConflict, a, form)
	}
	if err != nil {
		return refusal(err)
	}
	return s.sendTable(w, page.Lang(r), format, mandates)
}

// exportColumns are the headings, after "list.column.".
var exportColumns = []string{"given_names", "birth_name", "usage_name", "birthdate", "state", "signed", "ends", "ended", "procedures", "left", "by"}

// sendTable writes the table as it is sent: an error from there on is a browser that has gone.
func (s *Site) sendTable(w http.ResponseWriter, lang, format string, mandates []caseload.Summary) error {
	heading := make([]string, len(exportColumns))
	states := map[string]string{}
	var err error
	for n, name := range exportColumns {
		if heading[n], err = s.Pages.Text(lang, "list.column."+name); err != nil {
			return err
		}
	}
	for _, name := range caseload.Tabs {
		if states[name], err = s.Pages.Text(lang, "list.state."+name); err != nil {
			return err
		}
	}
	lines, next := s.lines(mandates), -1
	rows := func() ([]string, bool) {
		next++
		if next == 0 {
			return heading, true
		}
		if next > len(lines) {
			return nil, false
		}
		return s.cells(lang, states, lines[next-1]), true
	}
	h := w.Header()
	h.Set("Content-Type", spreadsheet.Type(format))
	h.Set("Content-Disposition", `attachment; filename="mandats-`+s.Clock.Now().In(prose.Paris).Format(time.DateOnly)+`.`+format+`"`)
	_ = spreadsheet.Write(w, format, rows)
	return nil
}

// cells are one line of the table. Dates are those of Paris, as 2026-11-22.
func (s *Site) cells(lang string, states map[string]string, m mandateLine) []string {
	i, day := m.Citizen.Identity, func(t time.Time) string { return t.In(prose.Paris).Format(time.DateOnly) }
	ended := ""
	switch {
	case m.EndedAt != nil:
		ended = day(*m.EndedAt)
	case m.State == caseload.TabEnded:
		ended = day(m.EndsAt)
	}
	left := m.Left
	if m.State == caseload.TabEnded {
		left = 0
	}
	names := make([]string, len(m.Procedures))
	for n, key := range m.Procedures {
		names[n] = key
		if p, ok := s.Catalogue.Find(key); ok {
			names[n] = p.Name.In(lang)
		}
	}
	slices.Sort(names)
	return []string{i.GivenName, i.FamilyName, i.PreferredUsername, i.Birthdate, states[m.State], day(m.SignedAt), day(m.EndsAt), ended, strings.Join(names, ", "), strconv.Itoa(left), m.By}
}
