package idp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/client"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/oidc"
)

// tokenAnswer is RFC 6749 §5.1 with the ID token of OpenID Connect.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"` // seconds
	Scope       string `json:"scope"`
	IDToken     string `json:"id_token"`
}

// redemption is what a client presents.
type redemption struct {
	client      *client.Client
	login       uuid.UUID
	code        string
	redirectURI string
	challenge   string // of the verifier that was sent, "" without one
}

// exchangeCode gives tokens for a code: POST /idp/token.
func (p *Provider) exchangeCode(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return err
		}
		return p.refuseToken(w, r, oidc.Refuse(oidc.InvalidRequest, "the body is not a form"))
	}
	red, refusal := p.redemption(r)
	if refusal != nil {
		return p.refuseToken(w, r, refusal)
	}
	answer, err := p.redeem(r.Context(), red)
	if refusal, ok := errors.AsType[*oidc.Error](err); ok {
		return p.refuseToken(w, r, refusal)
	}
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusOK, answer)
}

// redemption checks the form of a token request.
func (p *Provider) redemption(r *http.Request) (redemption, *oidc.Error) {
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return redemption{}, oidc.Refuse(oidc.InvalidRequest, "a parameter was sent more than once")
		}
	}
	caller, refusal := p.authenticate(r)
	if refusal != nil {
		return redemption{}, refusal
	}
	form := r.PostForm
	switch grant := form.Get("grant_type"); {
	case grant == "":
		return redemption{}, oidc.Refuse(oidc.InvalidRequest, "grant_type is missing")
	case grant != "authorization_code":
		return redemption{}, oidc.Refuse(oidc.UnsupportedGrantType, "only authorization_code is supported")
	case form.Get("code") == "" || form.Get("redirect_uri") == "":
		return redemption{}, oidc.Refuse(oidc.InvalidRequest, "code or redirect_uri is missing")
	}
	red := redemption{client: caller, code: form.Get("code"), redirectURI: form.Get("redirect_uri")}
	if verifier := form.Get("code_verifier"); verifier != "" {
		if !oidc.IsVerifier(verifier) {
			return redemption{}, oidc.Refuse(oidc.InvalidGrant, "code_verifier is malformed")
		}
		red.challenge = oidc.Challenge(verifier)
	}
	var ok bool
	if red.login, ok = loginOf(red.code); !ok {
		return redemption{}, oidc.Refuse(oidc.InvalidGrant, "the code is not valid")
	}
	return red, nil
}

const redeemCode = `
update idp_login l set state = 'token_issued', token_hash = $6, token_expires_at = $7
where l.id = $1 and sha256(l.code_hash || $4::bytea) = $5::bytea and l.state = 'code_issued' and l.code_expires_at > $2::timestamptz
  and l.client = $8 and l.redirect_uri = $9 and l.challenge is not distinct from nullif($10, '')
  and ` + powerChosen + ` and ` + aidantMay + ` and ` + sessionLive + `
returning l.procedure, l.perimeters, coalesce(l.nonce, ''), (select greatest(l.factor_at, s.factor_at) from session s where s.id = l.session_id), l.scope, ` + subjectOf

// granted is what the row says of a login whose code was good.
type granted struct {
	Procedure        string
	Perimeters       []string
	Nonce            string
	FactorAt         time.Time
	Scope, Subject   string
	accessToken, sid string
}

// redeem uses up the code. The statement decides alone: of several at once, one moves the row.
func (p *Provider) redeem(ctx context.Context, red redemption) (tokenAnswer, error) {
	ticket, hash := newTicket(red.login)
	now, idle := p.times()
	salt, digest := proof(red.code)
	g := granted{accessToken: ticket, sid: red.login.String()}
	moved := false
	batch := &pgx.Batch{}
	batch.Queue(redeemCode, red.login, now, idle, salt, digest, hash, now.Add(TokenLife), red.client.ID, red.redirectURI, red.challenge).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if moved = rows.Next(); !moved {
			return rows.Err()
		}
		return rows.Scan(&g.Procedure, &g.Perimeters, &g.Nonce, &g.FactorAt, &g.Scope, &g.Subject)
	})
	if err := p.db.Pipeline(ctx, db.System(), db.Durable, batch); err != nil {
		return tokenAnswer{}, fmt.Errorf("redeem code: %w", err)
	}
	if !moved {
		return tokenAnswer{}, p.refuseCode(ctx, red)
	}
	idToken, err := p.keys().Sign(red.client.SigningAlg(), oidc.TypeJWT, p.idToken(red.client, g, now))
	if err != nil {
		return tokenAnswer{}, err
	}
	return tokenAnswer{AccessToken: ticket, TokenType: "Bearer", ExpiresIn: int(TokenLife.Seconds()), Scope: g.Scope, IDToken: idToken}, nil
}

// idToken says who the citizen is to this client. FranceConnect tolerates no clock but its own: iat is never ahead, and
// there is no nbf.
func (p *Provider) idToken(to *client.Client, g granted, now time.Time) oidc.IDToken {
	return oidc.IDToken{
		Issuer: p.issuer, Subject: g.Subject, Audience: to.ID, IssuedAt: now.Unix(), Expiry: now.Add(TokenLife).Unix(),
		AuthTime: g.FactorAt.Unix(), Nonce: g.Nonce, ACR: oidc.ACR, AccessTokenHash: oidc.HalfHash(g.accessToken), Session: g.sid,
		RepScope: p.repScope(g.Perimeters, g.Procedure),
	}
}

// repScope is what FranceConnect is told of the power in use, if it asked: the theme of the chosen procedure and nothing
// else, in the word that FranceConnect used for it, else in its own label.
func (p *Provider) repScope(asked []string, chosen string) []string {
	known, ok := p.catalogue.Find(chosen)
	theme, found := p.catalogue.Theme(known.Theme)
	if asked == nil || !ok || !found {
		return nil
	}
	for _, value := range asked {
		if value == theme.Key || value == theme.Label {
			return []string{value}
		}
	}
	return []string{theme.Label}
}

// refuseCode looks why a code was not good and records it. The client is told no more than that it was not.
func (p *Provider) refuseCode(ctx context.Context, red redemption) error {
	answer := oidc.Refuse(oidc.InvalidGrant, "the code is not valid")
	err := p.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) {
		f, err := p.ask(ctx, tx, red.login, red.code)
		if errors.Is(err, db.ErrNotFound) || err == nil && !f.hasCode {
			return journal.Event{}, answer
		}
		if err != nil {
			return journal.Event{}, err
		}
		reason := red.fault(f, p.clock.Now())
		if reason == "" {
			return journal.Event{}, fmt.Errorf("redeem code of login %s: refused, and nothing is wrong with it", red.login)
		}
		return f.refuse(tx, "token", reason, answer)
	})
	return err
}

// fault says what is wrong with a code that is a login's own.
func (red redemption) fault(f facts, now time.Time) string {
	switch {
	case f.state != CodeIssued:
		return codeReplayed
	case f.client != red.client.ID:
		return wrongClient
	case f.redirectURI != red.redirectURI:
		return wrongRedirectURI
	case f.challenge != red.challenge:
		return wrongVerifier
	case !now.Before(f.codeEnd):
		return codeExpired
	}
	return f.standing()
}

// refuseToken writes an error of the token endpoint (RFC 6749 §5.2).
func (p *Provider) refuseToken(w http.ResponseWriter, r *http.Request, refusal *oidc.Error) error {
	if refusal.Code == oidc.InvalidClient && strings.HasPrefix(r.Header.Get("Authorization"), "Basic ") {
		w.Header().Set("WWW-Authenticate", `Basic realm="Mandat"`)
	}
	if refusal.Code == oidc.SlowDown {
		w.Header().Set("Retry-After", "10")
	}
	return answerJSON(w, refusal.Status(), refusal)
}
