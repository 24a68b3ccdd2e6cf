package idp

import (
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/oidc"
)

// A login whose time is over can be cancelled too: that is the way back to the client.
const cancelLogin = `
update idp_login l set state = 'refused', refusal = 'cancelled'
where l.id = $1 and l.session_id = $2 and l.state in ('requested', 'citizen_chosen')
returning l.client, l.redirect_uri, coalesce(l.client_state, '')`

// cancel gives up: POST /idp/logins/{login}/annuler. FranceConnect gets the error it knows how to show. It is no act: if a
// citizen was chosen, power.abandoned tells of it when the login is deleted (abandon.go).
func (p *Provider) cancel(w http.ResponseWriter, r *http.Request) error {
	by, id, err := visit(r)
	if err != nil {
		return err
	}
	var from, redirectURI, state string
	batch := &pgx.Batch{}
	batch.Queue(cancelLogin, id, by.Session).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if !rows.Next() {
			return rows.Err()
		}
		return rows.Scan(&from, &redirectURI, &state)
	})
	if err := p.db.Pipeline(r.Context(), db.InOrganisation(by.Organisation), db.Soon, batch); err != nil {
		return fmt.Errorf("cancel login: %w", err)
	}
	if redirectURI == "" {
		if _, _, err := p.open(r, Requested, CitizenChosen); err != nil {
			return err
		}
		return problem(http.StatusConflict, "finished")
	}
	return p.leadBack(w, r, from, redirectURI, p.errorURL(redirectURI, state, oidc.Refuse(oidc.AccessDenied, "the aidant cancelled")))
}
