package idp

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/page"
)

// procedurePage asks what the aidant is about to do for the citizen.
type procedurePage struct {
	page.Common
	Login           Login
	Client          string
	Name, Birthdate string
	Themes          []themeChoice
	Limited         bool // FranceConnect asked for some themes only
}

type themeChoice struct {
	Key, Name  string
	Procedures []procedureChoice
}

type procedureChoice struct {
	Key, Name, Body, Warning string
	EndsAt                   time.Time
}

// showProcedures shows the procedures for which the citizen has given a power: GET /idp/logins/{login}/demarche.
func (p *Provider) showProcedures(w http.ResponseWriter, r *http.Request) error {
	by, l, err := p.open(r, CitizenChosen)
	if err != nil {
		return err
	}
	return p.renderProcedures(w, r, http.StatusOK, by, l, nil)
}

func (p *Provider) renderProcedures(w http.ResponseWriter, r *http.Request, status int, by journal.Actor, l Login, form *page.Form) error {
	lang := page.Lang(r)
	data := &procedurePage{
		Common: page.Common{Title: "idp.procedure.title", NoIndex: true, Form: form, FormOrigins: []string{origin(l.RedirectURI)}},
		Login:  l, Client: p.clientName(l.Client),
		Name: l.Citizen.Identity.FullName(), Birthdate: l.Citizen.Identity.BirthdateText(lang), Limited: l.Procedures != nil,
	}
	powers, err := p.mandates.StandingPowers(r.Context(), by.Organisation, l.Citizen.ID, p.clock.Now())
	if err != nil {
		return err
	}
	ends := map[string]time.Time{}
	for _, power := range powers {
		if power.Case == "" && (l.Procedures == nil || slices.Contains(l.Procedures, power.Procedure)) {
			ends[power.Procedure] = power.EndsAt
		}
	}
	data.Themes = p.themeChoices(ends, lang)
	return p.pages.Render(w, r, status, "idp/procedure.html", data)
}

// themeChoices bundles procedures by theme, in the order of the catalogue.
func (p *Provider) themeChoices(ends map[string]time.Time, lang string) []themeChoice {
	var out []themeChoice
	for _, theme := range p.catalogue.Themes() {
		t := themeChoice{Key: theme.Key, Name: theme.Name.In(lang)}
		for _, procedure := range theme.Procedures {
			if until, ok := ends[procedure.Key]; ok {
				t.Procedures = append(t.Procedures, procedureChoice{Key: procedure.Key, Name: procedure.Name.In(lang), Body: procedure.Body.In(lang),
					Warning: procedure.Warning.In(lang), EndsAt: until})
			}
		}
		if t.Procedures != nil {
			out = append(out, t)
		}
	}
	return out
}

// The subject is made with the first code: it is there, or not needed, at every later step.
//
// A code that is lost in a crash is one that the token endpoint does not know: the aidant begins again. Nothing has left by
// then, and the commit of a token, which waits for the disk, takes all earlier ones with it.
const issueCode = `
with moved as (
  update idp_login l set state = 'code_issued', mandate_id = p.mandate_id, procedure = p.procedure, identified_by = p.identified_by, code_hash = $7, code_expires_at = $8
  from mandate_power p
  where l.id = $1 and l.session_id = $4 and l.person_id = $5 and l.state = 'citizen_chosen' and l.expires_at > $2::timestamptz
    and p.procedure = $6 and (l.procedures is null or p.procedure = any(l.procedures)) and p.citizen_id = l.citizen_id and ` + powerStands + `
    and ` + aidantActive + ` and ` + sessionLive + `
  returning l.organisation_id, l.citizen_id, l.sector, l.redirect_uri, l.client_state
), subject as (
  insert into idp_subject (citizen_id, sector, organisation_id, sub, created_at)
  select citizen_id, sector, organisation_id, $9, $2 from moved
  where not exists (select from idp_subject j where j.citizen_id = moved.citizen_id and j.sector = moved.sector)
  on conflict do nothing
)
select redirect_uri, coalesce(client_state, '') from moved`

// chooseProcedure issues the code and sends the browser back to the client: POST /idp/logins/{login}/demarche.
func (p *Provider) chooseProcedure(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	by, id, err := visit(r)
	if err != nil {
		return err
	}
	chosen := form.Value("demarche")
	if chosen == "" {
		by, l, err := p.open(r, CitizenChosen)
		if err != nil {
			return err
		}
		form.Fail("demarche", "idp.procedure.missing")
		return p.renderProcedures(w, r, http.StatusUnprocessableEntity, by, l, form)
	}
	code, hash := newTicket(id)
	now, idle := p.times()
	var redirectURI, state string
	batch := &pgx.Batch{}
	batch.Queue(issueCode, id, now, idle, by.Session, by.Person, chosen, hash, now.Add(CodeLife), newSubject()).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if !rows.Next() {
			return rows.Err()
		}
		return rows.Scan(&redirectURI, &state)
	})
	if err := p.db.Pipeline(r.Context(), db.InOrganisation(by.Organisation), db.Soon, batch); err != nil {
		return fmt.Errorf("issue code: %w", err)
	}
	if redirectURI == "" {
		return p.refuseChoice(w, r, by, id, choice{procedure: chosen})
	}
	http.Redirect(w, r, p.codeURL(redirectURI, state, code), http.StatusSeeOther)
	return nil
}
