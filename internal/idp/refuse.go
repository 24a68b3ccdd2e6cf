package idp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/backchannel"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/oidc"
	"mandat/internal/page"
)

// Why a power is refused, as it stands in the entry and in idp_login.refusal.
const (
	noPower          = "no_power"
	notAllowed       = "not_allowed" // by the organisation, or to this aidant
	aidantInactive   = "aidant_inactive"
	sessionOver      = "session_over"
	noEmail          = "no_email"
	codeExpired      = "code_expired"
	codeReplayed     = "code_replayed"
	tokenExpired     = "token_expired"
	tokenReplayed    = "token_replayed"
	wrongClient      = "wrong_client"
	wrongRedirectURI = "wrong_redirect_uri"
	wrongVerifier    = "wrong_verifier" // of PKCE, or another key than the one it is bound to
)

// refusal is the detail of an entry power.refused.
type refusal struct {
	Login     string `json:"login,omitempty"`
	Client    string `json:"client"`
	Step      string `json:"step"` // authorize, citizen, procedure, token or userinfo
	Reason    string `json:"reason"`
	Procedure string `json:"procedure,omitempty"`
}

// facts are what a refusal is judged by: the row, and what stands now.
type facts struct {
	id                          uuid.UUID
	state                       string
	client, redirectURI         string
	clientState, challenge      string
	procedure                   string
	organisation, person        uuid.UUID
	session                     []byte
	citizen, mandate            uuid.UUID
	expires, codeEnd, tokenEnd  time.Time
	jkt                         string // thumbprint of the key that code and token are bound to, "" for none
	identifiedBy                string // how the citizen was, by the power chosen; "" before
	direct                      bool
	hasCode, hasToken           bool // the ticket presented is this login's
	power, aidant, sessionStill bool
	allowed                     bool // the procedure chosen, if one is
}

const askFacts = `
select l.state, l.client, l.redirect_uri, coalesce(l.client_state, ''), coalesce(l.challenge, ''), coalesce(l.procedure, ''),
  l.organisation_id, l.person_id, l.session_id, coalesce(l.citizen_id, '00000000-0000-0000-0000-000000000000'), coalesce(l.mandate_id, '00000000-0000-0000-0000-000000000000'),
  l.expires_at, coalesce(l.code_expires_at, l.expires_at), coalesce(l.token_expires_at, l.expires_at), coalesce(l.dpop_jkt, ''), coalesce(l.identified_by, ''), l.direct,
  coalesce(sha256(l.code_hash || $4::bytea) = $5::bytea, false), coalesce(sha256(l.token_hash || $4::bytea) = $5::bytea, false),
  coalesce(` + powerChosen + `, false), coalesce(` + aidantActive + `, false), coalesce(` + sessionLive + `, false),
  coalesce((select ` + allowsChosen + ` from membership m join organisation o on o.id = m.organisation_id
    where m.organisation_id = l.organisation_id and m.person_id = l.person_id and m.role = 'aidant'), true)
from idp_login l where l.id = $1 for update of l`

func (f *facts) fields() []any {
	return []any{&f.state, &f.client, &f.redirectURI, &f.clientState, &f.challenge, &f.procedure, &f.organisation, &f.person, &f.session, &f.citizen, &f.mandate,
		&f.expires, &f.codeEnd, &f.tokenEnd, &f.jkt, &f.identifiedBy, &f.direct, &f.hasCode, &f.hasToken, &f.power, &f.aidant, &f.sessionStill, &f.allowed}
}

// ask reads the facts of a login inside an act, and locks its row. ticket is what was presented, "" at the choices.
func (p *Provider) ask(ctx context.Context, tx *journal.Tx, id uuid.UUID, ticket string) (facts, error) {
	f := facts{id: id}
	now, idle := p.times()
	salt, digest := proof(ticket)
	err := tx.QueryRow(ctx, askFacts, id, now, idle, salt, digest).Scan(f.fields()...)
	if errors.Is(err, pgx.ErrNoRows) {
		return f, db.ErrNotFound
	}
	if err != nil {
		return f, fmt.Errorf("look why: %w", err)
	}
	return f, nil
}

// standing returns what no longer stands, "" when everything does.
func (f *facts) standing() string {
	switch {
	case !f.aidant:
		return aidantInactive
	case !f.sessionStill:
		return sessionOver
	case !f.power:
		return noPower
	case !f.allowed:
		return notAllowed
	}
	return ""
}

// actor is the aidant whose login this is: the client presents the ticket, but the power is theirs.
func (f *facts) actor() journal.Actor {
	return journal.Actor{Kind: journal.Aidant, Person: f.person, Organisation: f.organisation, Session: f.session}
}

// refuse ends the login, or, when the identity has left already, makes its tickets unknown. Either happens once, so a
// ticket presented again and again leaves one entry. A service whose code or token somebody else seems to have is told that its use is
// over. answer is what the caller is told.
func (f *facts) refuse(tx *journal.Tx, step, reason string, answer error) (journal.Event, error) {
	tx.By = f.actor()
	if f.state == Released {
		tx.Queue(`update idp_login set code_hash = null, token_hash = null where id = $1`, f.id)
		if f.direct && (reason == codeReplayed || reason == wrongVerifier) {
			backchannel.Close(tx.Tx, tx.Now, f.id)
		}
	} else {
		tx.Queue(`update idp_login set state = 'refused', refusal = $2, code_hash = null, token_hash = null where id = $1`, f.id, reason)
	}
	return f.event(step, reason), journal.Refused{Err: answer}
}

func (f *facts) event(step, reason string) journal.Event {
	return journal.Event{Action: "power.refused", Organisation: f.organisation, Citizen: f.citizen, Mandate: f.mandate,
		Detail: refusal{Login: f.id.String(), Client: f.client, Step: step, Reason: reason, Procedure: f.procedure}}
}

// choice is what an aidant chose and did not get.
type choice struct {
	citizen   uuid.UUID
	procedure string
}

func (c choice) step() string {
	if c.procedure == "" {
		return "citizen"
	}
	return "procedure"
}

var (
	errNoPower    = errors.New("no power stands for this choice")
	errNotAllowed = errors.New("the organisation does not do this procedure, or not by this aidant")
	errInert      = errors.New("the aidant or their session is no longer active")
)

// refuseChoice answers a choice that the guarded statement did not take: it looks why, records that a power was refused
// when that is why, and shows the page again.
func (p *Provider) refuseChoice(w http.ResponseWriter, r *http.Request, by journal.Actor, id uuid.UUID, c choice) error {
	var f facts
	err := p.journal.Record(r.Context(), by, func(tx *journal.Tx) (journal.Event, error) {
		var err error
		if f, err = p.ask(r.Context(), tx, id, ""); err != nil {
			return journal.Event{}, err
		}
		return p.judgeChoice(r.Context(), tx, f, c)
	})
	switch {
	case errors.Is(err, db.ErrNotFound):
		return problem(http.StatusNotFound, "gone")
	case errors.Is(err, errInert):
		return p.leadBack(w, r, f.client, f.redirectURI, p.errorURL(f.redirectURI, f.clientState, oidc.Refuse(oidc.AccessDenied, "the aidant may no longer act")))
	case errors.Is(err, errNotAllowed):
		return p.procedureAgain(w, r, "idp.procedure.not_allowed")
	case !errors.Is(err, errNoPower):
		return err
	case c.procedure == "":
		return p.pageAgain(w, r, "idp.citizen.no_power")
	}
	return p.procedureAgain(w, r, "idp.procedure.no_power")
}

func (p *Provider) procedureAgain(w http.ResponseWriter, r *http.Request, why string) error {
	form := &page.Form{}
	form.Fail("demarche", why)
	return p.showProceduresAgain(w, r, http.StatusConflict, form)
}

// powerGranted asks whether a power stands that this choice would use: then it is not the power that is missing.
const powerGranted = `select coalesce((select true from mandate_power p where p.procedure = $3 and p.case_ref = $4 and p.citizen_id = l.citizen_id and ` + powerStands + `
  and (l.procedures is null or p.procedure = any(l.procedures))), false) from idp_login l where l.id = $1`

// judgeChoice tells a login that cannot be chosen for (no entry: it is another's, or over) from a power that is missing.
func (p *Provider) judgeChoice(ctx context.Context, tx *journal.Tx, f facts, c choice) (journal.Event, error) {
	if f.person != tx.By.Person || string(f.session) != string(tx.By.Session) {
		return journal.Event{}, db.ErrNotFound
	}
	states := []string{Requested, CitizenChosen}
	if c.procedure != "" {
		states = states[1:]
	}
	if err := p.closed(f.state, f.expires, states); err != nil {
		return journal.Event{}, err
	}
	if !f.aidant || !f.sessionStill {
		return f.refuse(tx, c.step(), f.standing(), errInert)
	}
	e := f.event(c.step(), noPower)
	if c.procedure == "" {
		// A citizen of another organisation is not named in this one's entries.
		err := tx.QueryRow(ctx, `select coalesce((select id from citizen where id = $1 and organisation_id = $2), '00000000-0000-0000-0000-000000000000')`,
			c.citizen, f.organisation).Scan(&e.Citizen)
		if err != nil {
			return journal.Event{}, fmt.Errorf("refuse choice: %w", err)
		}
		return e, journal.Refused{Err: errNoPower}
	}
	reason, answer, granted := noPower, errNoPower, false
	key, ref := split(c.procedure)
	if err := tx.QueryRow(ctx, powerGranted, f.id, tx.Now, key, ref).Scan(&granted); err != nil {
		return journal.Event{}, fmt.Errorf("refuse choice: %w", err)
	}
	if granted {
		reason, answer = notAllowed, errNotAllowed
	}
	detail := refusal{Login: f.id.String(), Client: f.client, Step: c.step(), Reason: reason, Procedure: f.procedure}
	if known, ok := p.catalogue.Find(key); ok {
		detail.Procedure = known.Key
	}
	e.Detail = detail
	return e, journal.Refused{Err: answer}
}
