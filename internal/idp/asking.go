package idp

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/page"
	"mandat/internal/session"
)

// Asking is what the page needs to know that asks for the second factor in a login: for which citizen, and where the aidant goes
// on. It stands in the page's address and forms (Query), not in the session: an aidant may have two of these pages open, for two
// citizens, and a factor counts for the one whose name stood on its page.
type Asking struct {
	Login   uuid.UUID
	Citizen uuid.UUID // whom the login is for now
	Name    string    // theirs
	Choice  string    // of a procedure, made before; "" for none

	base string // of the organisation, for who has several
}

// The fields of Query.
const (
	fieldLogin   = "connexion"
	fieldCitizen = "usager"
	fieldChoice  = "choix"
)

// Query is what an address or a form says of it.
func (a *Asking) Query() url.Values {
	q := url.Values{fieldLogin: {a.Login.String()}, fieldCitizen: {a.Citizen.String()}}
	if a.Choice != "" {
		q.Set(fieldChoice, a.Choice)
	}
	return q
}

// Back is the page of the login, where the aidant goes on.
func (a *Asking) Back() string {
	back := a.base + "/idp/logins/" + a.Login.String() + "/demarche"
	if a.Choice != "" {
		back += "?" + url.Values{fieldChoice: {a.Choice}}.Encode()
	}
	return back
}

// Is reports whether the login is still for the citizen that an address or a form names.
func (a *Asking) Is(q url.Values) bool { return q.Get(fieldCitizen) == a.Citizen.String() }

const whoseFactor = `select l.state, l.expires_at, case when s.addressed then o.public_id end, c.id, c.data_key, c.identity, c.identified_at` + loginOfClaim + chosenOf + `
	join organisation o on o.id = l.organisation_id where l.id = $1 and s.browser = $3 and ` + aidantActive

// Asking finds the login that an address or a form names, of whoever is signed in, for whichever of their organisations; nil when it
// names none. A login that is over, or not theirs, is a *page.Problem; so is every one of who may not act any more.
func (p *Provider) Asking(ctx context.Context, at *session.Session, q url.Values) (*Asking, error) {
	if !q.Has(fieldLogin) {
		return nil, nil
	}
	id, err := uuid.Parse(q.Get(fieldLogin))
	if err != nil {
		return nil, problem(http.StatusNotFound, "gone")
	}
	var sealed citizen.Sealed
	var organisation *uuid.UUID
	var l Login
	batch := &pgx.Batch{}
	batch.Queue(whoseFactor, id, p.clock.Now(), at.Browser).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if !rows.Next() {
			return rows.Err()
		}
		l.ID = id
		return rows.Scan(append([]any{&l.State, &l.ExpiresAt, &organisation}, sealed.Fields()...)...)
	})
	if err := p.db.Ask(ctx, db.System(), batch); err != nil {
		return nil, fmt.Errorf("find login: %w", err)
	}
	if err := p.openable(l, []string{CitizenChosen}); err != nil {
		return nil, err
	}
	who, err := p.citizens.Open(sealed)
	if err != nil {
		return nil, err
	}
	a := &Asking{Login: id, Citizen: who.ID, Name: who.Identity.FullName()}
	if organisation != nil {
		a.base = page.BaseOf(*organisation)
	}
	if key, ref := split(q.Get(fieldChoice)); p.known(key, ref) {
		a.Choice = joined(key, ref)
	}
	return a, nil
}

// confirmed reports whether the aidant's second factor is at most FactorLife old, new enough for the login's max_age and, if the login asks
// for one, given since and for this citizen. The statement that issues the code asks the same.
func (p *Provider) confirmed(at *session.Session, c *chosen) bool {
	now := p.clock.Now()
	return !at.FactorAt.Before(now.Add(-FactorLife)) && c.inAge(at.FactorAt, now) &&
		(c.FactorSince == nil || at.FactorCitizen == c.sealed.ID && !at.FactorAt.Before(*c.FactorSince))
}

// confirm leads to the page that asks for the second factor, for the citizen of this login, and from which the aidant comes back:
// POST /idp/logins/{login}/confirmation.
func (p *Provider) confirm(w http.ResponseWriter, r *http.Request) error {
	if _, _, err := p.open(r, CitizenChosen); err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	a, err := p.Asking(r.Context(), session.From(r.Context()), url.Values{fieldLogin: {r.PathValue("login")}, fieldChoice: {form.Value("demarche")}})
	if err != nil {
		return err
	}
	http.Redirect(w, r, session.ConfirmPath+"?"+a.Query().Encode(), http.StatusSeeOther)
	return nil
}
