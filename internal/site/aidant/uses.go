package aidant

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/report"
	"mandat/internal/session"
	"mandat/internal/site/staff"
)

// mountUses adds what is about the uses of mandates and the accounts of them.
func (s *Site) mountUses(r *page.Router) {
	r.Get("/mandats/{mandate}/usages", page.Aidant, s.showUses)
	r.Post("/mandats/{mandate}/usages", page.Aidant, s.doDeclare)
	r.Get("/mandats/{mandate}/usages/{use}", page.Aidant, s.showUse)
	r.Post("/mandats/{mandate}/usages/{use}", page.Aidant, s.doClose)
	r.Get("/mandats/{mandate}/compte-rendu", page.Aidant, s.showReport)
	r.Post("/mandats/{mandate}/compte-rendu", page.Aidant, s.doHandOver)
}

// waitingShown is how many uses without an account the home page lists.
const waitingShown = 20

// waiting is what an aidant still has to write or to finish. It names nobody.
type waiting struct {
	Lines []waitingLine
	All   int
}

type waitingLine struct {
	ID, Mandate     uuid.UUID
	Procedure, Name string // of the procedure, of the colleague who used it ("" for oneself)
	At              time.Time
	ToFinish        bool
}

// waiting lists it for the home page.
func (s *Site) waiting(r *http.Request, at *session.Session) (waiting, error) {
	uses, all, err := s.Reports.Waiting(r.Context(), at.Actor(), waitingShown)
	out := waiting{All: all}
	for _, u := range uses {
		line := waitingLine{ID: u.ID, Mandate: u.Mandate, Procedure: u.Procedure, At: u.UsedAt, ToFinish: u.Outcome == report.ToFinish}
		if known, ok := s.Catalogue.Find(u.Procedure); ok {
			line.Procedure = known.Name.In(page.Lang(r))
		}
		if u.Person != at.Person {
			line.Name = u.Name
		}
		out.Lines = append(out.Lines, line)
	}
	return out, err
}

type usesPage struct {
	page.Common
	Mandate    mandate.Mandate
	Uses       []useLine     // of this page, the latest first
	All        int           // how many uses there are
	Newer      string        // query of the page with later ones, "" for none
	Older      string        // query of the page with earlier ones
	Standing   []powerChoice // what may be declared to have been used now
	Ways       []string
	MayDeclare bool
	Refused    string // i18n key of why a declaration was refused when none can be made any more
}

// useLine is a use in words.
type useLine struct {
	report.Use
	Procedure, Body, File string // File is the reference of the case that the power was for, "" for every case
}

// powerChoice is a power that may be used. Key names its procedure and, behind a colon, its case.
type powerChoice struct{ Key, Name, Body, File string }

func choiceOf(p mandate.Power) string {
	if p.Case == "" {
		return p.Procedure
	}
	return p.Procedure + ":" + p.Case
}

// mandateTrail is the way back from a page under a mandate's.
func mandateTrail(id uuid.UUID, further ...page.Link) []page.Link {
	return append([]page.Link{home, {Href: "/mandats/" + id.String(), Text: "aidant.mandate.title"}}, further...)
}

func usesPath(mandate uuid.UUID) string { return "/mandats/" + mandate.String() + "/usages" }

func (s *Site) showUses(w http.ResponseWriter, r *http.Request) error {
	return s.renderUses(w, r, http.StatusOK, nil)
}

func (s *Site) renderUses(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	m, at, err := s.mandate(r, report.PageUses)
	if err != nil {
		return err
	}
	listing, err := s.turned(r, at, m.ID)
	if err != nil {
		return refusal(err)
	}
	why, _, err := s.lacking(r.Context(), at)
	if err != nil {
		return err
	}
	cases, err := s.Mandates.References(m)
	if err != nil {
		return err
	}
	lang := page.Lang(r)
	p := &usesPage{Common: page.Common{Title: "uses.title", Current: "/espace", Trail: mandateTrail(m.ID), Form: form, KeepQuery: []string{beforeParam, afterParam}},
		Mandate: m, Ways: report.Ways, All: listing.All}
	for _, u := range listing.Uses {
		p.Uses = append(p.Uses, inLine(m, u, cases, lang))
	}
	if listing.Newer {
		p.Newer = turn(afterParam, listing.Uses[0].ID)
	}
	if listing.Older {
		p.Older = turn(beforeParam, listing.Uses[len(listing.Uses)-1].ID)
	}
	for _, power := range m.Powers {
		if power.StandsAt(s.Clock.Now()) {
			name, body := named(m, power.Procedure, lang)
			p.Standing = append(p.Standing, powerChoice{choiceOf(power), name, body, cases[power.Case]})
		}
	}
	p.MayDeclare = why == "" && len(p.Standing) > 0
	if form.Failed() && !p.MayDeclare {
		p.Form, p.Refused = nil, form.Mistakes()[0].Text
	}
	return s.Pages.Render(w, r, status, "aidant/uses.html", p)
}

// The names of the parameters by which pages of uses are turned: the use before or after which a page begins.
const (
	beforeParam = "avant"
	afterParam  = "apres"
)

func turn(param string, use uuid.UUID) string { return "?" + param + "=" + use.String() }

// turnedTo reads from an address the use from which a page is turned; the nil id for none. What no link of ours has is refused.
func turnedTo(r *http.Request, param, back string) (uuid.UUID, error) {
	text := r.URL.Query().Get(param)
	if text == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(text)
	if err != nil || id == uuid.Nil {
		return uuid.Nil, page.NewProblem(http.StatusBadRequest, "uses.problem.bad_page", back)
	}
	return id, nil
}

// turned finds the page of uses that the address asks for.
func (s *Site) turned(r *http.Request, at *session.Session, id uuid.UUID) (report.Listing, error) {
	before, err := turnedTo(r, beforeParam, usesPath(id))
	if err != nil {
		return report.Listing{}, err
	}
	after, err := turnedTo(r, afterParam, usesPath(id))
	if err != nil {
		return report.Listing{}, err
	}
	return s.Reports.List(r.Context(), at.Actor(), id, before, after)
}

func inLine(m mandate.Mandate, u report.Use, cases map[string]string, lang string) useLine {
	line := useLine{Use: u, File: cases[u.Case]}
	line.Procedure, line.Body = named(m, u.Procedure, lang)
	return line
}

// doDeclare begins the account of a use that passes by no login, and leads to it.
func (s *Site) doDeclare(w http.ResponseWriter, r *http.Request) error {
	at, id, err := staff.WithID(r, "mandate")
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	procedure, ref, _ := strings.Cut(form.Value("procedure"), ":")
	way := form.Choice("way", report.Ways...)
	if procedure == "" {
		form.Fail("procedure", "uses.wrong.procedure")
	}
	if way == "" {
		form.Fail("way", "uses.wrong.way")
	}
	if form.Failed() {
		return s.renderUses(w, r, http.StatusUnprocessableEntity, form)
	}
	use, err := s.Reports.Declare(r.Context(), at.Actor(), id, procedure, ref, way)
	if errors.Is(err, mandate.ErrNoPower) {
		form.Fail("procedure", "uses.wrong.no_power")
		return s.renderUses(w, r, http.StatusConflict, form)
	}
	if err != nil {
		return refusal(err)
	}
	page.Redirect(w, r, usesPath(id)+"/"+use.String())
	return nil
}

// usesInWords writes an entry about uses and their accounts, or that it is another act. procedure is called as people read it.
func (s *Site) usesInWords(action, procedure, outcome, lang string) (string, error) {
	switch action {
	case "power.declared":
		return s.Pages.Text(lang, "uses.act.power.declared", "Procedure", procedure)
	case "power.accounted":
		came, err := s.Pages.Text(lang, "uses.outcome."+outcome)
		if err != nil {
			break
		}
		return s.Pages.Text(lang, "uses.act.power.accounted", "Procedure", procedure, "Outcome", came)
	case "report.handed_over":
		return s.Pages.Text(lang, "uses.act.report.handed_over")
	}
	return s.otherAct(lang)
}
