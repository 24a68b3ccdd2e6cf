package idp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/oidc"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/token"
)

// authorize begins a login: GET /idp/authorize.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) error {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return untrusted()
	}
	req, err := parseAuthRequest(p.clients, values)
	if refusal, ok := errors.AsType[*oidc.Error](err); ok {
		p.refuseRequest(w, r, req, refusal)
		return nil
	}
	if err != nil {
		return untrusted()
	}
	return p.receive(w, r, req)
}

// unavailable answers an authorization request while the database is down: the client is told, and may ask again later
// (RFC 6749 §4.1.2.1). A request that cannot be trusted is not answered there.
func (p *Provider) unavailable(w http.ResponseWriter, r *http.Request) error {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return untrusted()
	}
	req, err := parseAuthRequest(p.clients, values)
	refusal, refused := errors.AsType[*oidc.Error](err)
	switch {
	case refused:
	case err != nil:
		return untrusted()
	default:
		refusal = oidc.Refuse(oidc.TemporarilyUnavailable, "the identity provider cannot be used at the moment")
	}
	p.refuseRequest(w, r, req, refusal)
	return nil
}

// receiveAuthorize takes the same request as a form. A browser does not send our cookie with another site's form
// (SameSite=Lax), so it is sent round to ask again by GET. A request that is refused is refused there.
func (p *Provider) receiveAuthorize(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return untrusted()
	}
	req, err := parseAuthRequest(p.clients, r.PostForm)
	if refusal, ok := errors.AsType[*oidc.Error](err); ok {
		p.refuseRequest(w, r, req, refusal)
		return nil
	}
	if err != nil {
		return untrusted()
	}
	http.Redirect(w, r, again(req), http.StatusSeeOther)
	return nil
}

// again is the request as a path of ours.
func again(req authRequest) string { return "/idp/authorize?" + req.known.Encode() }

// receive leads the browser of a sound request to the choice of the citizen, or first to where it is missing something.
func (p *Provider) receive(w http.ResponseWriter, r *http.Request, req authRequest) error {
	by, signedIn := actor(r)
	switch {
	case req.None && !signedIn:
		p.refuseRequest(w, r, req, oidc.Refuse(oidc.LoginRequired, "nobody is signed in"))
		return nil
	case req.None:
		p.refuseRequest(w, r, req, oidc.Refuse(oidc.InteractionRequired, "the citizen has to be chosen"))
		return nil
	case !signedIn:
		return p.sessions.SendToSignIn(w, r, again(req))
	case session.From(r.Context()).Role == session.Auditor || by.Organisation == uuid.Nil:
		return p.notAidant(w, r, by, req)
	case !p.fresh(by.FactorAt, req):
		return p.sessions.SendToStepUp(w, r, again(req))
	}
	id, err := p.begin(r.Context(), by, req)
	if errors.Is(err, errNotAidant) {
		return p.notAidant(w, r, by, req)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/idp/logins/"+id.String()+"/usager", http.StatusSeeOther)
	return nil
}

// fresh reports whether the aidant's second factor is as new as the request wants. FranceConnect asks for prompt=login every
// time; its request travels through the aidant's browser unsigned, so one that has lost it is treated as if it had it.
func (p *Provider) fresh(factor time.Time, req authRequest) bool {
	limit := req.MaxAge
	if (req.Login || req.Client.WithoutPKCE) && (limit == 0 || limit > FactorLife) {
		limit = FactorLife
	}
	return limit == 0 || p.clock.Now().Sub(factor) <= limit
}

// errNotAidant says that this person is no active aidant of their organisation.
var errNotAidant = errors.New("not an active aidant")

const beginLogin = `
insert into idp_login (id, organisation_id, person_id, session_id, factor_at, client, sector, redirect_uri, client_state, nonce, challenge,
  scope, claims, perimeters, procedures, created_at, expires_at)
select $1, l.organisation_id, l.person_id, l.id, l.factor_at, $4, $5, $6, nullif($7, ''), nullif($8, ''), nullif($9, ''),
  $10, $11, $12, $13, $2::timestamptz, $14
from session l
where l.id = $15 and l.expires_at > $2::timestamptz and l.seen_at > $3::timestamptz and ` + aidantActive

// begin inserts the row. Its loss would cost a click, so it does not wait for the disk.
func (p *Provider) begin(ctx context.Context, by journal.Actor, req authRequest) (uuid.UUID, error) {
	id := token.ID()
	now, idle := p.times()
	perimeters, procedures := p.perimeters(req.Claims)
	var begun int64
	batch := &pgx.Batch{}
	batch.Queue(beginLogin, id, now, idle, req.Client.ID, req.Client.sector(), req.RedirectURI, req.State, req.Nonce, req.Challenge,
		strings.Join(req.Scopes, " "), req.releases(), perimeters, procedures, now.Add(LoginLife), by.Session).Exec(func(tag pgconn.CommandTag) error {
		begun = tag.RowsAffected()
		return nil
	})
	if err := p.db.Pipeline(ctx, db.InOrganisation(by.Organisation), db.Soon, batch); err != nil {
		return uuid.Nil, fmt.Errorf("begin login: %w", err)
	}
	if begun != 1 {
		return uuid.Nil, errNotAidant
	}
	return id, nil
}

// perimeters returns what FranceConnect asked as rep_scope, and the procedures of our catalogue within it. nil is not
// asked, or no limit.
func (p *Provider) perimeters(asked oidc.ClaimsRequest) (received, within []string) {
	if !asked.RepScopeAsked {
		return nil, nil
	}
	if len(asked.RepScope) == 0 {
		return []string{}, nil
	}
	within = []string{}
	for _, value := range asked.RepScope {
		theme, _ := p.catalogue.Perimeter(value)
		for _, procedure := range theme.Procedures {
			within = append(within, procedure.Key)
		}
	}
	return asked.RepScope, within
}

// notAidant records the refusal of somebody who is signed in but no aidant, and shows it, with the way back to the
// client.
func (p *Provider) notAidant(w http.ResponseWriter, r *http.Request, by journal.Actor, req authRequest) error {
	err := p.journal.Record(r.Context(), by, func(*journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "power.refused", Detail: refusal{Client: req.Client.ID, Step: "authorize", Reason: "aidant_inactive"}}, nil
	})
	if err != nil {
		return err
	}
	back := p.errorURL(req.RedirectURI, req.State, oidc.Refuse(oidc.AccessDenied, "this person is not an aidant"))
	return p.pages.Render(w, r, http.StatusForbidden, "idp/refused.html", &refusedPage{
		Common: page.Common{Title: "idp.not_aidant.title", NoIndex: true}, Client: req.Client.Name, Back: back})
}

type refusedPage struct {
	page.Common
	Client string
	Back   string
}

func untrusted() *page.Problem {
	return &page.Problem{Status: http.StatusBadRequest, Title: "idp.problem.untrusted.title", What: "idp.problem.untrusted.what", Next: "idp.problem.next"}
}
