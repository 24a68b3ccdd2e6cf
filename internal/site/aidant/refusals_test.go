package aidant

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mandat/internal/citizen"
	"mandat/internal/client"
	"mandat/internal/db"
	"mandat/internal/decision"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/session"
	"mandat/internal/token"
)

// refusalsPages is the page of refusals, in each shape it can have.
func refusalsPages() []shownPage {
	one := func(login bool, reason, name string, who citizen.Identity, named bool) refusalLine {
		r := decision.Refusal{At: signedAt, Client: "x", Name: name, Login: login, Reason: reason, Procedure: tax.Key, Citizen: citizen.Citizen{Identity: who}, Named: named}
		if named {
			r.Mandate = someID
		}
		line := refusalLine{Refusal: r, Why: why(r), Linked: named}
		if name != "" {
			line.Procedure = "Déclaration de revenus"
		}
		return line
	}
	var all []refusalLine
	for _, reason := range []string{"not_served", "organisation_inactive", "aidant_inactive", "not_allowed", "no_power", "case", "scheduled", "expired", "ended", "suspended", "level", "identity"} {
		all = append(all, one(false, reason, "Impôts", angela, true))
	}
	for _, reason := range []string{"no_power", "not_allowed", "aidant_inactive", "session_over", "no_email", "code_expired", "token_expired", "wrong_client"} {
		all = append(all, one(true, reason, "", longName, reason != "no_email"))
	}
	return []shownPage{
		{"aidant/refusals.html", "empty", func() page.Page {
			return &refusalsPage{Common: page.Common{Title: "refusals.title", Current: "/espace", Trail: []page.Link{home}}}
		}},
		{"aidant/refusals.html", "every reason", func() page.Page {
			return &refusalsPage{Common: page.Common{Title: "refusals.title", Current: "/espace", Trail: []page.Link{home}}, Refusals: all, Most: true}
		}},
	}
}

// asks is a service that asks decisions about one aidant and one citizen of theirs.
type asks struct {
	*counter
	api            http.Handler
	actor, citizen string
}

const serviceID = "impots"

func newAsks(t *testing.T, c *counter, m mandate.Mandate) *asks {
	t.Helper()
	a := &asks{c, nil, base64.RawURLEncoding.EncodeToString(token.Bytes(32)), base64.RawURLEncoding.EncodeToString(token.Bytes(32))}
	err := c.DB.Write(t.Context(), db.System(), db.Durable, func(tx *db.Tx) error {
		tx.Queue(`insert into idp_actor (person_id, sector, sub, created_at) values ($1, $2, $3, now())`, c.Jeanne.Person, serviceID, a.actor)
		tx.Queue(`insert into idp_subject (citizen_id, sector, organisation_id, sub, created_at) values ($1, $2, $3, $4, now())`, m.Citizen, serviceID, m.Organisation, a.citizen)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	router := page.NewRouter(page.RouterOptions{Pages: c.Pages})
	c.decisions.Mount(router)
	a.api = router.Start()
	return a
}

// ask asks about tax and wants this answer.
func (a *asks) ask(t *testing.T, want bool) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/decision", strings.NewReader(`{"subject":{"type":"aidant","id":"`+a.actor+`","properties":{"organisation":"21750001600019"}},
		"action":{"name":"`+fixture.Tax+`"},"resource":{"type":"citizen","id":"`+a.citizen+`"}}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	a.api.ServeHTTP(w, r)
	if got := strings.Contains(w.Body.String(), `"decision":true`); w.Code != http.StatusOK || got != want {
		t.Errorf("%d %s, want %v", w.Code, w.Body, want)
	}
}

// service is the registration of that service.
func service() client.Client {
	return client.Client{ID: serviceID, Name: "Impôts (essai)", Kind: client.Service, Auth: client.SecretPost, Secret: client.NewSecret("0123456789abcdef0123456789abcdef"), Procedures: []string{fixture.Tax},
		RedirectURIs: []string{"https://impots.exemple.test/"}, IdentityLevel: procedure.FranceConnect, Decision: true}
}

// An aidant reads what was refused to them, with the reason and the citizen; a colleague and another organisation do not. That names were shown is an entry.
func TestRefusals_TellTheAidantAlone(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	b := c.jeanne(t)
	b.Want(b.Get("/espace"), http.StatusOK, `href="/espace/refus"`)
	b.Want(b.Get(refusalsPath), http.StatusOK, "Rien ne vous a été refusé")
	s := newAsks(t, c, m)
	s.ask(t, true)
	if err := c.Mandates.End(t.Context(), c.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	s.ask(t, false)
	s.ask(t, false)
	a := b.Get(refusalsPath)
	b.Want(a, http.StatusOK, "Impôts (essai)", "Un refus", "Il avait été mis fin au mandat", "DUBOIS", `href="/mandats/`+m.ID.String()+`"`)
	c.wantRows(t, 1, `select count(*) from journal_entry where action = 'decision.listed' and person_id = $1 and body::jsonb #>> '{detail,refusals}' = '1'`, c.Jeanne.Person)
	for name, by := range map[string]journal.Actor{"colleague": c.Paul, "elsewhere": c.Ines} {
		other := c.visit(t, by, session.Aidant, c.Clock.Now())
		if a := other.Get(refusalsPath); a.Status != http.StatusOK || strings.Contains(a.Body, "DUBOIS") || !strings.Contains(a.Body, "Rien ne vous a été refusé") {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	c.wantRows(t, 1, `select count(*) from journal_entry where action = 'decision.listed'`) // where there is nobody to name, nothing was shown
	b.Want(b.Get("/mandats/"+m.ID.String()), http.StatusOK, "Un service a demandé si le mandat vaut pour", ": non")
	c.Clock.Advance(decision.Shown + time.Hour)
	b = c.jeanne(t)
	b.Want(b.Get(refusalsPath), http.StatusOK, "Rien ne vous a été refusé")
}

// A login that was refused stands there too, and who may not read of citizens is told no name, and no entry says that they were.
func TestRefusals_OfLogins(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	m := c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	err := c.Journal.Record(t.Context(), c.Jeanne, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "power.refused", Citizen: m.Citizen, Mandate: m.ID, Detail: map[string]string{"client": "gone", "step": "token", "reason": "session_over", "procedure": fixture.Tax}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b := c.jeanne(t)
	b.Want(b.Get(refusalsPath), http.StatusOK, "Votre session était terminée", "DUBOIS", "n’est plus enregistré")
	c.Behind(t, `update certification set state = 'suspended', suspended_at = now() where person_id = $1`, c.Jeanne.Person)
	a := b.Get(refusalsPath)
	b.Want(a, http.StatusOK, "Votre session était terminée")
	b.Without(a, "DUBOIS", m.ID.String())
	c.wantRows(t, 1, `select count(*) from journal_entry where action = 'decision.listed'`)
}
