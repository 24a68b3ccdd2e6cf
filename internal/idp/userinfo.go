package idp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/clientauth"
	"mandat/internal/db"
	"mandat/internal/dpop"
	"mandat/internal/journal"
	"mandat/internal/oidc"
)

// release is what leaves, and to whom.
type release struct {
	spent
	claims   []string
	subject  string
	tokenEnd time.Time
	sealed   citizen.Sealed
}

var errNoEmail = errors.New("the citizen has no e-mail address")

// releaseIdentity answers a token with the citizen's identity: GET and POST /idp/userinfo. FranceConnect's once, which is the release;
// a service's that talks to us directly as long as it stands, for the token was the release.
func (p *Provider) releaseIdentity(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodHead { // the router gives it with GET; it would use the token up and release nothing
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return nil
	}
	sent, refusal := shown(r)
	if refusal != nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="`+string(refusal.Code)+`"`)
		return answerJSON(w, refusal.Status(), refusal)
	}
	if sent.token == "" { // RFC 6750 §3.1: no error code for a request without a token
		w.Header().Add("WWW-Authenticate", "Bearer")
		w.Header().Add("WWW-Authenticate", `DPoP algs="`+strings.Join(dpop.Algorithms(), " ")+`"`)
		w.WriteHeader(http.StatusUnauthorized)
		return nil
	}
	var body, form string
	var err error
	if strings.HasPrefix(sent.token, directToken) {
		body, form, err = p.readAgain(r, sent)
	} else {
		body, form, err = p.answer(r.Context(), sent)
	}
	if refusal, ok := errors.AsType[*oidc.Error](err); ok {
		if refusal.Code == oidc.InvalidToken {
			refusal = p.gate.Refused(r, "", refusal)
		}
		return challenge(w, r, sent, refusal)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", form)
	w.Header().Set("Pragma", "no-cache")
	_, _ = w.Write([]byte(body)) //nolint:gosec // JSON or a JWT, sent as one; an error here is a client that has gone
	return nil
}

// challenge refuses a token, in the words of the way in which it came (RFC 6750 §3, RFC 9449 §7.1).
func challenge(w http.ResponseWriter, r *http.Request, sent presented, refusal *oidc.Error) error {
	switch {
	case refusal.Code != oidc.InvalidToken && refusal.Code != oidc.InvalidDPoPProof: // nothing is wrong with the token
		return clientauth.Refuse(w, r, refusal)
	case sent.bound:
		return answerJSON(w, dpop.Challenge(w.Header(), refusal), refusal)
	}
	w.Header().Set("WWW-Authenticate", `Bearer error="`+string(refusal.Code)+`", error_description="`+refusal.Description+`"`)
	return answerJSON(w, refusal.Status(), refusal)
}

// answer releases the identity of a token of FranceConnect's and puts it into its form. The transaction is committed when it returns.
func (p *Provider) answer(ctx context.Context, sent presented) (body, form string, err error) {
	invalid := oidc.Refuse(oidc.InvalidToken, "the token is not valid")
	login, ok := loginOf(sent.token)
	if !ok || sent.bound {
		return "", "", invalid
	}
	var to recipient
	out, who, err := p.use(ctx, login, sent.token, &to)
	if lacking, ok := errors.AsType[*keysLackingError](err); ok { // nothing was released: ask for the keys, and try again
		if to, err = p.recipientOf(ctx, lacking.client); err != nil {
			return "", "", err
		}
		out, who, err = p.use(ctx, login, sent.token, &to)
	}
	if errors.Is(err, errNoEmail) {
		return "", "", p.refuseRelease(ctx, login, sent.token)
	}
	if err != nil {
		return "", "", err
	}
	return p.inForm(to, userInfo(out.subject, out.claims, who), out.tokenEnd)
}

// The locks come first, and the question is a statement of its own after them: an end or a suspension that is under way
// is seen by it, and one that comes later is later in the journal. Acts on mandates lock the same rows.
const (
	lockPeople   = people + ` where l.id = $1 and sha256(l.token_hash || $2::bytea) = $3::bytea for share of a, m, k, c`
	releaseLogin = `
update idp_login l set state = 'released', released_at = $2::timestamptz
from citizen c
where l.id = $1 and sha256(l.token_hash || $4::bytea) = $5::bytea and l.state = 'token_issued' and not l.direct and l.token_expires_at > $2::timestamptz
  and c.id = l.citizen_id and c.organisation_id = l.organisation_id and c.identified_by = 'franceconnect'
  and ` + powerChosen + ` and ` + aidantMay + ` and ` + sessionLive + `
returning l.client, l.claims, l.procedure, coalesce(l.case_ref, ''), l.token_expires_at, l.organisation_id, l.person_id, l.session_id, l.citizen_id, l.mandate_id, ` + subjectOf + `,
  c.id, c.data_key, c.identity, c.identified_at`
)

// use is the act: it moves the row, and its entry says that the power was used. No entry, no identity. It finds out to whom, and how
// they are to be told; when they are to be told under a key that is not at hand, it releases nothing and returns a *keysLackingError.
func (p *Provider) use(ctx context.Context, login uuid.UUID, ticket string, to *recipient) (release, citizen.Identity, error) {
	var out release
	var who citizen.Identity
	salt, digest := proof(ticket)
	now, idle := p.times()
	moved := false
	batch := &pgx.Batch{}
	batch.Queue(lockPeople, login, salt, digest)
	batch.Queue(releaseLogin, login, now, idle, salt, digest).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if moved = rows.Next(); !moved {
			return rows.Err()
		}
		out.login = login
		return rows.Scan(append([]any{&out.client, &out.claims, &out.procedure, &out.caseRef, &out.tokenEnd, &out.organisation, &out.person, &out.session, &out.citizen,
			&out.mandate, &out.subject}, out.sealed.Fields()...)...)
	})
	err := p.journal.RecordAfter(ctx, journal.Program(), batch, func(tx *journal.Tx) (journal.Event, error) {
		if !moved {
			return p.judgeToken(ctx, tx, login, ticket)
		}
		found, err := p.citizens.Open(out.sealed)
		if err != nil {
			return journal.Event{}, err
		}
		if err := p.found(ctx, out.client, to); err != nil {
			return journal.Event{}, err
		}
		if who = found.Identity; lacksEmail(out.claims, who) {
			return journal.Event{}, errNoEmail
		}
		return p.spend(tx, &out.spent, who)
	})
	if err != nil {
		return release{}, citizen.Identity{}, err
	}
	return out, who, nil
}

// judgeToken says why a token was not good, inside the act that found out.
func (p *Provider) judgeToken(ctx context.Context, tx *journal.Tx, login uuid.UUID, ticket string) (journal.Event, error) {
	invalid := oidc.Refuse(oidc.InvalidToken, "the token is not valid")
	f, err := p.ask(ctx, tx, login, ticket)
	if errors.Is(err, db.ErrNotFound) || err == nil && !f.hasToken {
		return journal.Event{}, invalid
	}
	if err != nil {
		return journal.Event{}, err
	}
	reason := f.standing()
	switch {
	case f.state != TokenIssued:
		reason = tokenReplayed
	case !p.clock.Now().Before(f.tokenEnd):
		reason = tokenExpired
	case reason == "":
		return journal.Event{}, fmt.Errorf("release of login %s: refused, and nothing is wrong with it", login)
	}
	return f.refuse(tx, "userinfo", reason, invalid)
}

// refuseRelease ends a login whose citizen has no e-mail address. The choice of the citizen refuses it earlier; this is
// for an address that has gone since.
func (p *Provider) refuseRelease(ctx context.Context, login uuid.UUID, ticket string) error {
	invalid := oidc.Refuse(oidc.InvalidToken, "the token is not valid")
	return p.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		f, err := p.ask(ctx, tx, login, ticket)
		if err != nil {
			return journal.Event{}, err
		}
		if !f.hasToken {
			return journal.Event{}, invalid
		}
		return f.refuse(tx, "userinfo", noEmail, invalid)
	})
}

// userInfo says of a citizen what the client asked for, in FranceConnect's forms: presumed dates with their zeros, no
// birth place for somebody born abroad, no usage name if there is none.
func userInfo(subject string, claims []string, who citizen.Identity) oidc.UserInfo {
	u := oidc.UserInfo{Subject: subject}
	for claim, value := range map[string]struct {
		to   *string
		from string
	}{
		"given_name": {&u.GivenName, who.GivenName}, "family_name": {&u.FamilyName, who.FamilyName},
		"preferred_username": {&u.PreferredUsername, who.PreferredUsername}, "birthdate": {&u.Birthdate, who.Birthdate},
		"gender": {&u.Gender, who.Gender}, "birthcountry": {&u.Birthcountry, who.Birthcountry}, "email": {&u.Email, who.Email},
	} {
		if slices.Contains(claims, claim) {
			*value.to = value.from
		}
	}
	if slices.Contains(claims, "birthplace") {
		place := who.Birthplace
		if who.Birthcountry != france {
			place = ""
		}
		u.Birthplace = &place
	}
	return u
}

// france is the INSEE code of the country whose communes have codes.
const france = "99100"
