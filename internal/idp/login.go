package idp

import (
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/session"
)

// The states of a login.
const (
	Requested     = "requested"
	CitizenChosen = "citizen_chosen"
	CodeIssued    = "code_issued"
	TokenIssued   = "token_issued"
	Released      = "released"
	Refused       = "refused"
)

// Login is a login under way, as its pages see it.
type Login struct {
	ID                       uuid.UUID
	State                    string
	Client                   string
	RedirectURI, ClientState string
	Claims                   []string            // userinfo claims to be released
	Perimeters               []string            // rep_scope as received; nil: not asked
	Procedures               []string            // those within the perimeters; nil: every procedure
	FactorSince              *time.Time          // the second factor is to be given for the citizen, and not before; nil: it need not
	MaxAge                   *int                // seconds that the second factor may be old, or as FactorPause says; nil: not asked
	AskedAt                  *time.Time          // when the request came that said so
	Limit                    []string            // what the aidant may do in their organisation, once the citizen is chosen; nil: everything
	Direct                   bool                // the client is a service that talks to us itself
	Level                    procedure.Assurance // how surely the citizen must be known
	ExpiresAt                time.Time
}

// reaches reports whether the client is told of somebody who was identified in this way. The statements ask the same (powerStands).
func (l *Login) reaches(identifiedBy string) bool {
	by := procedure.Assurance(identifiedBy)
	return by == procedure.FranceConnect || l.Direct && by.Reaches(l.Level)
}

// The conditions that every step asks of a login l, in its own statement. $2 is now, $3 the time before which a session
// that was not used is over.
//
// They are scalar subqueries and not EXISTS, which the planner would turn into joins: with nine tables to put in order it
// took 10 ms to plan a statement that runs for 0.2 ms. Sessions are found by what names them and nothing else, hence
// "offset 0" and conditions that are results: on a day with few sessions the index on seen_at looks as good, and a plan is
// kept (see db.RolesSQL).
const (
	acts = `select true from membership m join person a on a.id = m.person_id join organisation o on o.id = m.organisation_id
		where m.organisation_id = l.organisation_id and m.person_id = l.person_id and ` + org.Acts + `$2::timestamptz`
	allows = `(o.procedures is null or p.procedure = any(o.procedures)) and (m.procedures is null or p.procedure = any(m.procedures))`
	// aidantActive is the rule who may act; aidantMay is the same for the procedure of the login, aidantMayPower for that of a
	// power p: it may be one that the organisation or the person is limited not to do.
	aidantActive   = `(` + acts + `)`
	aidantMayPower = `(` + acts + ` and ` + allows + `)`
	aidantMay      = `(` + acts + ` and ` + allowsChosen + `)`
	allowsChosen   = `(o.procedures is null or l.procedure = any(o.procedures)) and (m.procedures is null or l.procedure = any(m.procedures))`
	sessionLive    = `(select s.person_id = l.person_id and s.organisation_id = l.organisation_id and s.expires_at > $2::timestamptz and s.seen_at > $3::timestamptz
		from session s where s.id = l.session_id)`
	// sessionOfClaim is the session of the claim $4, and claimed holds the login to it: what the guard of its pages would ask.
	sessionOfClaim = `(select id, person_id, organisation_id, role, factor_at, factor_citizen, enrolling, seen_at, expires_at from session where cookie = $4 offset 0) s`
	claimed        = `s.id = l.session_id and s.person_id = l.person_id and s.organisation_id = l.organisation_id and ` + counts
	counts         = `s.expires_at > $2::timestamptz and s.seen_at > $3::timestamptz and s.role = 'aidant' and not s.enrolling`
	powerReaches   = `(p.identified_by = 'franceconnect' or l.direct and assurance_reaches(p.identified_by, l.level))`
	powerStands    = `p.organisation_id = l.organisation_id and ` + powerReaches + ` and ` + mandate.Stands
	powerBelow     = `p.organisation_id = l.organisation_id and not ` + powerReaches + ` and ` + mandate.Stands // stands, but the client is never told whom it is for
	powerChosen    = `(select true from mandate_power p where p.mandate_id = l.mandate_id and p.procedure = l.procedure and p.case_ref = coalesce(l.case_ref, '') and p.citizen_id = l.citizen_id and ` + powerStands + `)`
	subjectOf      = `(select j.sub from idp_subject j where j.citizen_id = l.citizen_id and j.sector = l.sector)`
)

// times are the arguments $2 and $3.
func (p *Provider) times() (now, idle time.Time) {
	now = p.clock.Now()
	return now, now.Add(-session.Idle)
}

const (
	loginColumns = `l.state, l.client, l.redirect_uri, coalesce(l.client_state, ''), l.claims, l.perimeters, l.procedures, l.factor_since, l.direct, l.level, l.expires_at, l.max_age, l.asked_at`
	loginOfClaim = ` from idp_login l join session s on s.id = l.session_id and s.person_id = l.person_id`
	chosenOf     = ` join citizen c on c.id = l.citizen_id and c.organisation_id = l.organisation_id`
	ofClaim      = ` where l.id = $1 and s.cookie = $2`

	findLogin  = `select ` + loginColumns + loginOfClaim + ofClaim
	findChosen = `select ` + loginColumns + `, (select ` + org.Limits + ` from membership m join organisation o on o.id = m.organisation_id
		where m.organisation_id = l.organisation_id and m.person_id = l.person_id and m.role = 'aidant'), c.id, c.data_key, c.identity, c.identified_at` + loginOfClaim + chosenOf + ofClaim
)

func (l *Login) fields() []any {
	return []any{&l.State, &l.Client, &l.RedirectURI, &l.ClientState, &l.Claims, &l.Perimeters, &l.Procedures, &l.FactorSince, &l.Direct, &l.Level, &l.ExpiresAt, &l.MaxAge, &l.AskedAt}
}

// ask queues the question for a login of the aidant whose session a claim finds, begun in that session. Another's is not
// found, and leaves ID nil. With chosen it is found only if its citizen is chosen, and comes with them.
func (l *Login) ask(b *pgx.Batch, id uuid.UUID, claim []byte, chosen *citizen.Sealed) {
	query, fields := findLogin, l.fields()
	if chosen != nil {
		query, fields = findChosen, append(append(fields, &l.Limit), chosen.Fields()...)
	}
	b.Queue(query, id, claim).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if !rows.Next() {
			return rows.Err()
		}
		l.ID = id
		return rows.Scan(fields...)
	})
}

// enter is the guard of a login's page, with the login that it is about, in one of the states, or the page that says why
// not. It never signs anybody out: a login that has gone is no attack.
func (p *Provider) enter(w http.ResponseWriter, r *http.Request, states ...string) (*http.Request, journal.Actor, Login, error) {
	var l Login
	batch := &pgx.Batch{}
	if id, err := uuid.Parse(r.PathValue("login")); err == nil {
		l.ask(batch, id, p.sessions.Claim(r), nil)
	}
	r, err := p.sessions.BrowserWith(w, r, batch)
	if err != nil {
		return r, journal.Actor{}, l, err
	}
	by, _, err := visit(r)
	if err != nil {
		return r, by, l, err
	}
	return r, by, l, p.openable(l, states)
}

// openable returns the page that says why a login is not open.
func (p *Provider) openable(l Login, states []string) error {
	if l.ID == uuid.Nil {
		return problem(http.StatusNotFound, "gone")
	}
	return p.closed(l.State, l.ExpiresAt, states)
}

// open is enter behind the guard.
func (p *Provider) open(r *http.Request, states ...string) (journal.Actor, Login, error) {
	by, id, err := visit(r)
	if err != nil {
		return by, Login{}, err
	}
	var l Login
	batch := &pgx.Batch{}
	l.ask(batch, id, p.sessions.Claim(r), nil)
	if err := p.db.Ask(r.Context(), db.InOrganisation(by.Organisation), batch); err != nil {
		return by, l, fmt.Errorf("find login: %w", err)
	}
	return by, l, p.openable(l, states)
}

// visit reads who visits which login.
func visit(r *http.Request) (journal.Actor, uuid.UUID, error) {
	by, ok := actor(r)
	if !ok {
		return by, uuid.Nil, problem(http.StatusForbidden, "session_over")
	}
	if at := session.From(r.Context()); at.Enrolling || !at.Charter {
		return by, uuid.Nil, problem(http.StatusForbidden, "session_over")
	}
	id, err := uuid.Parse(r.PathValue("login"))
	if err != nil || by.Organisation == uuid.Nil {
		return by, uuid.Nil, problem(http.StatusNotFound, "gone")
	}
	return by, id, nil
}

// closed returns the page that says that a login is not in one of the states, or that its time is over.
func (p *Provider) closed(state string, expires time.Time, states []string) error {
	open := false
	for _, s := range states {
		open = open || s == state
	}
	switch {
	case !open && (state == Requested || state == CitizenChosen):
		return problem(http.StatusConflict, "no_citizen")
	case !open:
		return problem(http.StatusConflict, "finished")
	case !p.clock.Now().Before(expires):
		return problem(http.StatusConflict, "expired")
	}
	return nil
}

// problem is a page that says what happened to a login and where to begin again.
func problem(status int, name string) *page.Problem {
	key := "idp.problem." + name
	return &page.Problem{Status: status, Title: key + ".title", What: key + ".what", Safe: "idp.problem.safe", Next: "idp.problem.next", Link: "/idp/aide", LinkText: "idp.help.title"}
}
