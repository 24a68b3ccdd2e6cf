package idp

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/client"
	"mandat/internal/db"
	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/session"
)

// procedurePage asks what the aidant is about to do for the citizen.
type procedurePage struct {
	page.Common
	Login           Login
	Client          string
	Citizen         uuid.UUID
	Name, Birthdate string
	Confirm         bool // the aidant has to give their second factor for this citizen first
	Themes          []themeChoice
	Limited         bool     // FranceConnect asked for some themes only
	Data            []string // what a service will know of the citizen: i18n keys
	Organisation    string   // and for whom the aidant acts
}

type themeChoice struct {
	Key, Name  string
	Procedures []procedureChoice
}

type procedureChoice struct {
	Key, Value, Name, Body, Warning string // Value is what the form sends
	Level, Case                     string // Case is the reference of the one file it is for, "" for every one
	EndsAt                          time.Time
}

// chosen is a login whose citizen is chosen, with what may be done for them.
type chosen struct {
	Login
	sealed citizen.Sealed
	powers *[]mandate.Power
}

const whoseChosen = `select l.organisation_id, l.citizen_id` + loginOfClaim + ` where l.id = $1 and s.cookie = $3`

// ask queues the questions for it.
func (c *chosen) ask(b *pgx.Batch, id uuid.UUID, claim []byte, now time.Time) {
	c.Login.ask(b, id, claim, &c.sealed)
	c.powers = mandate.AskStanding(b, whoseChosen, id, now, claim)
}

// showProcedures shows the procedures for which the citizen has given a power: GET /idp/logins/{login}/demarche.
func (p *Provider) showProcedures(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	var c chosen
	batch := &pgx.Batch{}
	if id, err := uuid.Parse(r.PathValue("login")); err == nil {
		c.ask(batch, id, p.sessions.Claim(r), p.clock.Now())
	}
	r, err := p.sessions.BrowserWith(w, r, batch)
	if err != nil {
		return r, err
	}
	return r, p.renderProcedures(w, r, http.StatusOK, &c, page.FilledForm(url.Values{"demarche": r.URL.Query()[fieldChoice]}))
}

// showProceduresAgain shows them with what was wrong with the choice.
func (p *Provider) showProceduresAgain(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	c, err := p.chosen(r)
	if err != nil {
		return err
	}
	return p.renderProcedures(w, r, status, c, form)
}

// chosen reads the login behind the guard; its ID is nil when there is none whose citizen is chosen.
func (p *Provider) chosen(r *http.Request) (*chosen, error) {
	by, id, err := visit(r)
	if err != nil {
		return nil, err
	}
	var c chosen
	batch := &pgx.Batch{}
	c.ask(batch, id, p.sessions.Claim(r), p.clock.Now())
	if err := p.db.Ask(r.Context(), db.InOrganisation(by.Organisation), batch); err != nil {
		return nil, fmt.Errorf("find login: %w", err)
	}
	return &c, nil
}

func (p *Provider) renderProcedures(w http.ResponseWriter, r *http.Request, status int, c *chosen, form *page.Form) error {
	if _, _, err := visit(r); err != nil {
		return err
	}
	if c.ID == uuid.Nil { // why is told by the login without its citizen
		_, _, err := p.open(r, CitizenChosen)
		return cmp.Or(err, db.ErrConflict)
	}
	if err := p.closed(c.State, c.ExpiresAt, []string{CitizenChosen}); err != nil {
		return err
	}
	who, err := p.citizens.Open(c.sealed)
	if err != nil {
		return err
	}
	lang, l := page.Lang(r), c.Login
	data := &procedurePage{
		Common: page.Common{Title: "idp.procedure.title", NoIndex: true, Form: form, FormOrigins: []string{client.Origin(l.RedirectURI)}},
		Login:  l, Client: p.clientName(r.Context(), l.Client),
		Citizen: who.ID, Name: who.Identity.FullName(), Birthdate: who.Identity.BirthdateText(lang), Limited: l.Procedures != nil,
	}
	powers := map[string][]mandate.Power{}
	for _, power := range *c.powers {
		if l.reaches(power.IdentifiedBy) && within(l.Procedures, power.Procedure) && within(l.Limit, power.Procedure) {
			powers[power.Procedure] = append(powers[power.Procedure], power)
		}
	}
	cases, err := p.mandates.Cases(r.Context(), session.From(r.Context()).Actor(), *c.powers)
	if err != nil {
		return err
	}
	if data.Organisation = session.From(r.Context()).OrganisationName; l.Direct {
		data.Data = dataOf(l.Claims)
	}
	data.Themes, data.Confirm = p.themeChoices(powers, cases, lang), !p.confirmed(session.From(r.Context()), c)
	return p.pages.Render(w, r, status, "idp/procedure.html", data)
}

// dataOf says in words what claims tell of a citizen: i18n keys.
func dataOf(claims []string) []string {
	var out []string
	for _, known := range []struct {
		says string
		of   []string
	}{
		{"idp.data.name", []string{"given_name", "family_name"}}, {"idp.data.usage", []string{"preferred_username"}}, {"idp.data.gender", []string{"gender"}},
		{"idp.data.birthdate", []string{"birthdate"}}, {"idp.data.birthplace", []string{"birthplace", "birthcountry"}}, {"idp.data.email", []string{"email"}},
	} {
		if slices.ContainsFunc(known.of, func(claim string) bool { return slices.Contains(claims, claim) }) {
			out = append(out, known.says)
		}
	}
	return out
}

// within reports whether a procedure is in a list; nil is every one.
func within(list []string, procedure string) bool {
	return list == nil || slices.Contains(list, procedure)
}

// themeChoices bundles procedures by theme, in the order of the catalogue.
func (p *Provider) themeChoices(powers map[string][]mandate.Power, cases map[string]string, lang string) []themeChoice {
	var out []themeChoice
	for _, theme := range p.catalogue.Themes() {
		t := themeChoice{Key: theme.Key, Name: theme.Name.In(lang)}
		for _, procedure := range theme.Procedures {
			for _, power := range powers[procedure.Key] {
				t.Procedures = append(t.Procedures, procedureChoice{Key: procedure.Key, Value: joined(procedure.Key, power.Case), Name: procedure.Name.In(lang), Body: procedure.Body.In(lang),
					Warning: procedure.Warning.In(lang), Level: string(power.Level), Case: cases[power.Case], EndsAt: power.EndsAt})
			}
		}
		if t.Procedures != nil {
			out = append(out, t)
		}
	}
	return out
}

// chooseProcedure issues the code and sends the browser back to the client: POST /idp/logins/{login}/demarche. Its
// statement asks what the guard would; when it moved nothing, the guard says why, or refuseChoice.
func (p *Provider) chooseProcedure(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	form, err := page.ParseForm(r)
	if err != nil {
		return r, err
	}
	wanted := form.Value("demarche")
	var shown *uuid.UUID // whom the page named: another tab may have chosen somebody else since
	if citizen, err := uuid.Parse(form.Value(fieldCitizen)); err == nil {
		shown = &citizen
	}
	if wanted != "" {
		done, err := p.issue(w, r, wanted, shown)
		if err != nil || done {
			return r, err
		}
	}
	r, err = p.sessions.BrowserWith(w, r, nil)
	if err != nil {
		return r, err
	}
	by, id, err := visit(r)
	if err != nil {
		return r, err
	}
	c, err := p.chosen(r)
	if err != nil {
		return r, err
	}
	if c.ID != uuid.Nil && shown != nil && c.sealed.ID != *shown {
		form = page.FilledForm(nil) // the choice was for the other one
		form.Fail("demarche", "idp.procedure.other_citizen")
		return r, p.renderProcedures(w, r, http.StatusConflict, c, form)
	}
	if c.ID != uuid.Nil && c.State == CitizenChosen && !p.confirmed(session.From(r.Context()), c) {
		return r, p.renderProcedures(w, r, http.StatusConflict, c, form) // it asks to confirm first, and keeps the choice
	}
	if wanted == "" {
		form.Fail("demarche", "idp.procedure.missing")
		return r, p.showProceduresAgain(w, r, http.StatusUnprocessableEntity, form)
	}
	return r, p.refuseChoice(w, r, by, id, choice{procedure: wanted})
}
