package idp

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/client"
	"mandat/internal/clientauth"
	"mandat/internal/idp/pushed"
	"mandat/internal/journal"
	"mandat/internal/oidc"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/session"
	"mandat/internal/token"
)

// authorize begins a login: GET /idp/authorize.
//
// Its statement asks what the guard would; when it inserted nothing, the guard says why, or receive.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	if r.Method == http.MethodHead { // the router gives it with GET; it would use a pushed request up
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return r, nil
	}
	if err := p.pace(w, r); err != nil {
		return r, err
	}
	req, invalid := p.asked(r)
	if invalid == nil && !req.None {
		id, err := p.begin(r, req)
		if err == nil {
			page.Redirect(w, r, "/idp/logins/"+id.String()+"/usager")
		}
		if !errors.Is(err, errNotBegun) {
			return r, err
		}
	}
	r, err := p.sessions.BrowserWith(w, r, nil)
	if err != nil {
		return r, err
	}
	if invalid != nil {
		return r, p.refuse(w, r, req, invalid)
	}
	return r, p.receive(w, r, req)
}

// asked reads the authorization request of an address: its parameters, or those that wait on this side (RFC 9126 §4: nothing else of
// the address counts then).
func (p *Provider) asked(r *http.Request) (authRequest, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return authRequest{}, errUntrusted
	}
	return p.read(r, values)
}

func (p *Provider) read(r *http.Request, values url.Values) (authRequest, error) {
	if reference, ok := waiting(values); ok {
		return p.resume(r, values, reference)
	}
	return p.parse(r, values, parseAuthRequest)
}

// refuse answers a request that is wrong: the client if it can be trusted with an answer, else the person.
func (p *Provider) refuse(w http.ResponseWriter, r *http.Request, req authRequest, err error) error {
	refusal, forClient := errors.AsType[*oidc.Error](err)
	switch {
	case forClient:
		p.refuseRequest(w, r, req, refusal)
		return nil
	case errors.Is(err, errUntrusted):
		return untrusted()
	case errors.Is(err, pushed.ErrNone):
		return over()
	}
	return err
}

// unavailable answers an authorization request while the database is down: the client is told, and may ask again later
// (RFC 6749 §4.1.2.1). One that cannot be trusted, or waits or is registered where we cannot look, is not answered there: its error
// leads to the page that everybody sees.
func (p *Provider) unavailable(w http.ResponseWriter, r *http.Request) error {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if _, waits := waiting(values); err != nil || waits {
		return errUntrusted
	}
	req, err := p.parse(r, values, parseAuthRequest)
	if err == nil {
		err = oidc.Refuse(oidc.TemporarilyUnavailable, "the identity provider cannot be used at the moment")
	}
	return p.refuse(w, r, req, err)
}

// receiveAuthorize takes the same request as a form. A browser does not send our cookie with another site's form
// (SameSite=Lax), so it is sent round to ask again by GET. A request that is refused is refused there.
func (p *Provider) receiveAuthorize(w http.ResponseWriter, r *http.Request) error {
	if err := p.pace(w, r); err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return untrusted()
	}
	if reference, ok := waiting(r.PostForm); ok {
		http.Redirect(w, r, resumed(r.PostForm.Get("client_id"), reference), http.StatusSeeOther)
		return nil
	}
	req, err := p.parse(r, r.PostForm, parseAuthRequest)
	if err != nil {
		return p.refuse(w, r, req, err)
	}
	http.Redirect(w, r, again(req), http.StatusSeeOther)
	return nil
}

// pace slows down an address that asks for more logins than all aidants behind it can begin, before anything is looked up for it.
func (p *Provider) pace(w http.ResponseWriter, r *http.Request) error {
	refusal := p.gate.Stranger(r)
	if refusal == nil {
		return nil
	}
	clientauth.SetRetryAfter(w.Header(), refusal)
	return problem(http.StatusTooManyRequests, "many")
}

// parse checks a request with one of the parsers. That a client could not be looked up is not that it is unknown.
func (p *Provider) parse(r *http.Request, values url.Values, by parser) (authRequest, error) {
	var failed error
	req, err := by(func(id string) *client.Client {
		c, err := p.clients.Find(r.Context(), id)
		if !errors.Is(err, client.ErrUnknown) {
			failed = err
		}
		if err != nil {
			return nil
		}
		return c
	}, p.issuer, values)
	if failed != nil {
		return req, fmt.Errorf("find client: %w", failed)
	}
	return req, err
}

// again is the request as a path of ours.
func again(req authRequest) string { return "/idp/authorize?" + req.known.Encode() }

// receive leads the browser of a sound request for which no login could begin to what it is missing.
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
		path, err := p.aside(r, req)
		if err != nil {
			return err
		}
		return p.sessions.SendToSignIn(w, r, path)
	case session.From(r.Context()).Role != session.Aidant:
		return p.notAidant(w, r, by, req)
	}
	at := session.From(r.Context())
	if held := at.Enrolling || !at.Charter || by.FactorAt.Before(p.oldest(req)); !held {
		return p.notAidant(w, r, by, req)
	}
	path, err := p.aside(r, req)
	if err != nil {
		return err
	}
	if open, err := p.sessions.Gate(w, r, path); !open || err != nil {
		return err
	}
	return p.sessions.SendToStepUp(w, r, path)
}

// level is how surely the citizen must be known: as the client is registered, or as an essential acr wants it (OpenID Connect Core
// §5.5.1.1), which we assert of those alone whom FranceConnect identified.
func (req *authRequest) level() procedure.Assurance {
	if len(req.Claims.ACR) > 0 {
		return procedure.FranceConnect
	}
	return req.Client.Level()
}

// errNotBegun says that nobody is signed in who is an active aidant of their organisation with a second factor that is new
// enough.
var errNotBegun = errors.New("no login begun")

const beginLogin = `
insert into idp_login (id, organisation_id, person_id, session_id, factor_at, client, sector, redirect_uri, client_state, nonce, challenge,
  scope, claims, perimeters, procedures, created_at, expires_at, factor_since, direct, level, dpop_jkt, max_age, asked_at)
select $1, s.organisation_id, s.person_id, s.id, s.factor_at, $5, $6, $7, nullif($8, ''), nullif($9, ''), nullif($10, ''),
  $11, $12, $13, $14, $2::timestamptz, $15, $17::timestamptz, $18, $19, nullif($20, ''), $21, $22::timestamptz
from ` + sessionOfClaim + `, lateral (select s.organisation_id, s.person_id) l
where coalesce(s.factor_at, 'epoch') >= $16::timestamptz and ` + counts + ` and ` + aidantActive + `
returning (select s.seen_at from session s where s.id = session_id), organisation_id, person_id, session_id`

// begin inserts the row, with the entry power.asked.
func (p *Provider) begin(r *http.Request, req authRequest) (uuid.UUID, error) {
	claim := p.sessions.Claim(r)
	if claim == nil {
		return uuid.Nil, errNotBegun
	}
	id := token.ID()
	now, idle := p.times()
	perimeters, procedures := p.offered(req)
	m := stepped{client: req.Client.ID, direct: req.Client.Direct()}
	var seen time.Time
	batch := &pgx.Batch{}
	batch.Queue(beginLogin, id, now, idle, claim, req.Client.ID, req.Client.SectorName(), req.RedirectURI, req.State, req.Nonce, req.Challenge,
		strings.Join(req.Scopes, " "), req.releases(), perimeters, procedures, now.Add(LoginLife), p.oldest(req), p.since(req), req.Client.Direct(), req.level(), req.KeyHash, req.seconds(), req.brought(now)).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if !rows.Next() {
			return rows.Err()
		}
		m.login = id
		return rows.Scan(&seen, &m.organisation, &m.person, &m.session)
	})
	err := p.record(r.Context(), session.Of(claim), batch, &m, func() journal.Event { return journal.Event{Action: "power.asked", Detail: m.step()} })
	if errors.Is(err, errNotMoved) {
		return uuid.Nil, errNotBegun
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("begin login: %w", err)
	}
	return id, p.sessions.Seen(r.Context(), claim, seen)
}

// offered returns what was asked as rep_scope, and the procedures that the login can be about: those within it, and of a service those
// that it serves and asks for. nil is not asked, or no limit.
func (p *Provider) offered(req authRequest) (perimeters, procedures []string) {
	perimeters, procedures = p.perimeters(req.Claims)
	if !req.Client.Direct() {
		return perimeters, procedures
	}
	served := []string{} // never nil: a service is held to what it serves
	for _, key := range req.Client.Procedures {
		if within(procedures, key) && (req.Details == nil || req.Details.All || slices.Contains(req.Details.Actions, key)) {
			served = append(served, key)
		}
	}
	return perimeters, served
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

// notAidant records the refusal of somebody who is signed in but may not act as an aidant, and shows it: why, as far as it is
// in their hands, with the way back to the client.
func (p *Provider) notAidant(w http.ResponseWriter, r *http.Request, by journal.Actor, req authRequest) error {
	batch := &pgx.Batch{}
	mayAct := org.MayAct(batch, by)
	why := ""
	err := p.journal.RecordAfter(r.Context(), by, batch, func(tx *journal.Tx) (journal.Event, error) {
		why = org.Why(mayAct(tx.Now))
		return journal.Event{Action: "power.refused", Detail: refusal{Client: req.Client.ID, Step: "authorize", Reason: aidantInactive}}, nil
	})
	if err != nil {
		return err
	}
	back := p.errorURL(req.RedirectURI, req.State, oidc.Refuse(oidc.AccessDenied, "this person may not act as an aidant"))
	data := &refusedPage{Common: page.Common{Title: "idp.not_aidant.title", NoIndex: true}, Client: req.Client.Name, Back: back}
	if why == org.WhyNotCertified || why == org.WhyCertificationOver {
		data.Why = why
	}
	return p.pages.Render(w, r, http.StatusForbidden, "idp/refused.html", data)
}

type refusedPage struct {
	page.Common
	Client string
	Back   string
	Why    string // org.WhyNotCertified or WhyCertificationOver; "" for who is no aidant here
}

// over is the page of a request that waits no more.
func over() *page.Problem { return problem(http.StatusBadRequest, "taken") }

func untrusted() *page.Problem {
	return &page.Problem{Status: http.StatusBadRequest, Title: "idp.problem.untrusted.title", What: "idp.problem.untrusted.what", Next: "idp.problem.next"}
}
