package idp

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/token"
)

// moved takes a login up again for another organisation of the same person, with their session for it in the same browser. Nothing
// was chosen yet, so that what belongs to one organisation never meets the other.
const moved = `
with there as (select n.id, n.organisation_id, n.person_id, n.factor_at from session c join session n on n.browser = c.browser and n.person_id = c.person_id and n.addressed
    join organisation o on o.id = n.organisation_id where c.cookie = $2 and o.public_id = $4 and n.role = 'aidant'),
  old as (delete from idp_login l using there, session c where l.id = $1 and c.cookie = $2 and l.session_id = c.id and l.person_id = there.person_id
    and l.state = 'requested' and l.expires_at > $3::timestamptz returning l.*)
insert into idp_login (id, organisation_id, person_id, session_id, factor_at, client, sector, redirect_uri, client_state, nonce, challenge,
  scope, claims, perimeters, procedures, created_at, expires_at, factor_since, direct, level, dpop_jkt, max_age, asked_at)
select $5, there.organisation_id, there.person_id, there.id, there.factor_at, old.client, old.sector, old.redirect_uri, old.client_state, old.nonce, old.challenge,
  old.scope, old.claims, old.perimeters, old.procedures, old.created_at, old.expires_at, old.factor_since, old.direct, old.level, old.dpop_jkt, old.max_age, old.asked_at
from old, there returning id, organisation_id, person_id, session_id, client, direct`

// moveLogin says for which organisation a login is, to which the aidant has others: POST /idp/logins/{login}/structure.
func (p *Provider) moveLogin(w http.ResponseWriter, r *http.Request) error {
	_, id, err := visit(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	organisation, err := uuid.Parse(form.Value("structure"))
	if err != nil {
		return db.ErrNotFound
	}
	var to stepped
	batch := &pgx.Batch{}
	batch.Queue(moved, id, p.sessions.Claim(r), p.clock.Now(), organisation, token.ID()).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if !rows.Next() {
			return rows.Err()
		}
		return rows.Scan(&to.login, &to.organisation, &to.person, &to.session, &to.client, &to.direct)
	})
	err = p.record(r.Context(), db.System(), batch, &to, func() journal.Event { return journal.Event{Action: "power.asked", Detail: to.step()} })
	if errors.Is(err, errNotMoved) {
		if _, _, err := p.open(r, Requested); err != nil {
			return err
		}
		return db.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("move login: %w", err)
	}
	http.Redirect(w, r, page.BaseOf(organisation)+"/idp/logins/"+to.login.String()+"/usager", http.StatusSeeOther)
	return nil
}

// organisationChoice is what the search page says to who has several organisations.
type organisationChoice struct {
	Name   string // for which the login is
	Others []session.Belonging
}

// organisations returns the choice, nil for who has one organisation, or once a citizen was chosen.
func (p *Provider) organisations(r *http.Request, l Login) (*organisationChoice, error) {
	at := session.From(r.Context())
	if !at.Several || l.State != Requested {
		return nil, nil
	}
	all, err := p.sessions.Belongings(r.Context(), at)
	if err != nil {
		return nil, err
	}
	out := &organisationChoice{Name: at.OrganisationName}
	for _, b := range all {
		if b.Organisation != at.Organisation && b.Role == session.Aidant {
			out.Others = append(out.Others, b)
		}
	}
	return out, nil
}
