package idp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/apitoken"
	"mandat/internal/client"
	"mandat/internal/clientauth"
	"mandat/internal/db"
	"mandat/internal/dpop"
	"mandat/internal/journal"
	"mandat/internal/oidc"
)

// tokenAnswer is RFC 6749 §5.1 with the ID token of OpenID Connect and the details of RFC 9396 §7.
type tokenAnswer struct {
	AccessToken string               `json:"access_token"`
	TokenType   string               `json:"token_type"`
	ExpiresIn   int                  `json:"expires_in"` // seconds
	Scope       string               `json:"scope"`
	IDToken     string               `json:"id_token,omitempty"`
	Details     []oidc.MandateDetail `json:"authorization_details,omitempty"`
}

// redemption is what a client presents.
type redemption struct {
	client      *client.Client
	login       uuid.UUID
	code        string
	redirectURI string
	challenge   string // of the verifier that was sent, "" without one
	jkt         string // thumbprint of the key that was proved, "" without one
}

// giveToken answers POST /idp/token: tokens for a code, or for a service itself.
func (p *Provider) giveToken(w http.ResponseWriter, r *http.Request) error {
	return p.forClient(w, r, func(caller *client.Client) error {
		var answer tokenAnswer
		var err error
		switch r.PostForm.Get("grant_type") {
		case "authorization_code":
			answer, err = p.exchangeCode(r, caller)
		case "client_credentials":
			answer, err = p.giveAPIToken(r, caller)
		case "":
			err = oidc.Refuse(oidc.InvalidRequest, "grant_type is missing")
		default:
			err = oidc.Refuse(oidc.UnsupportedGrantType, "only authorization_code and client_credentials are supported")
		}
		if err != nil {
			return err
		}
		return answerJSON(w, http.StatusOK, answer)
	})
}

// forClient answers a request to an endpoint that only clients use: it finds out which one calls, and says what is refused.
func (p *Provider) forClient(w http.ResponseWriter, r *http.Request, answer func(*client.Client) error) error {
	caller, err := p.gate.Authenticate(r)
	if err == nil {
		err = answer(caller)
	}
	if refusal, ok := errors.AsType[*oidc.Error](err); ok {
		return clientauth.Refuse(w, r, refusal)
	}
	return err
}

// exchangeCode gives tokens for a code.
func (p *Provider) exchangeCode(r *http.Request, caller *client.Client) (tokenAnswer, error) {
	form := r.PostForm
	if form.Get("code") == "" || form.Get("redirect_uri") == "" {
		return tokenAnswer{}, oidc.Refuse(oidc.InvalidRequest, "code or redirect_uri is missing")
	}
	red := redemption{client: caller, code: form.Get("code"), redirectURI: form.Get("redirect_uri")}
	if verifier := form.Get("code_verifier"); verifier != "" {
		if !oidc.IsVerifier(verifier) {
			return tokenAnswer{}, oidc.Refuse(oidc.InvalidGrant, "code_verifier is malformed")
		}
		red.challenge = oidc.Challenge(verifier)
	}
	var ok bool
	if red.login, ok = loginOf(red.code); !ok {
		return tokenAnswer{}, oidc.Refuse(oidc.InvalidGrant, "the code is not valid")
	}
	if !caller.Direct() {
		return p.redeem(r.Context(), red)
	}
	var err error
	if red.jkt, err = p.proved(r, caller, "/token", ""); err != nil {
		return tokenAnswer{}, err
	}
	return p.releaseByCode(r.Context(), red)
}

// proved returns the thumbprint of the key that a service proved to have (RFC 9449 §5), "" when it sent no proof and need not.
func (p *Provider) proved(r *http.Request, caller *client.Client, path, accessToken string) (string, error) {
	if len(r.Header.Values("DPoP")) == 0 && !caller.DPoP {
		return "", nil
	}
	return p.proofs.Check(r.Context(), dpop.Request{Proofs: r.Header.Values("DPoP"), Method: r.Method, URL: p.issuer + path, Token: accessToken})
}

// giveAPIToken gives a service a token for our API. It is always bound to a key.
func (p *Provider) giveAPIToken(r *http.Request, caller *client.Client) (tokenAnswer, error) {
	if !caller.Direct() || !caller.Decision {
		return tokenAnswer{}, oidc.Refuse(oidc.UnauthorizedClient, "this client has no use for client_credentials")
	}
	if scope := r.PostForm.Get("scope"); scope != "" && scope != apitoken.Decision {
		return tokenAnswer{}, oidc.Refuse(oidc.InvalidScope, "only the scope decision is for a client itself")
	}
	jkt, err := p.proofs.Check(r.Context(), dpop.Request{Proofs: r.Header.Values("DPoP"), Method: r.Method, URL: p.issuer + "/token"})
	if err != nil {
		return tokenAnswer{}, err
	}
	secret, err := p.apiTokens.Issue(r.Context(), caller, apitoken.Decision, jkt)
	if err != nil {
		return tokenAnswer{}, err
	}
	return tokenAnswer{AccessToken: secret, TokenType: "DPoP", ExpiresIn: int(apitoken.Life.Seconds()), Scope: apitoken.Decision}, nil
}

const redeemCode = `
update idp_login l set state = 'token_issued', token_hash = $6, token_expires_at = $7
where l.id = $1 and sha256(l.code_hash || $4::bytea) = $5::bytea and l.state = 'code_issued' and not l.direct and l.code_expires_at > $2::timestamptz
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

// redeem uses up a code of FranceConnect's. The statement decides alone: of several at once, one moves the row.
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
	idToken, err := p.sign(red.client, red.client.SigningAlg(), oidc.TypeJWT, p.idToken(red.client, g, now))
	if err != nil {
		return tokenAnswer{}, err
	}
	return tokenAnswer{AccessToken: ticket, TokenType: "Bearer", ExpiresIn: int(TokenLife.Seconds()), Scope: g.Scope, IDToken: idToken}, nil
}

// sign signs what a client is told, by an algorithm that it is registered for: HS256 with its own secret, all others with our keys.
func (p *Provider) sign(to *client.Client, alg, typ string, claims any) (string, error) {
	if alg == oidc.HS256 {
		return oidc.SignHS256(to.Secret.Clear(), typ, claims)
	}
	return p.keys().Sign(alg, typ, claims)
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
	return p.journal.Record(ctx, journal.Program(), func(tx *journal.Tx) (journal.Event, error) { return p.judgeCode(ctx, tx, red) })
}

// judgeCode says why a code was not good, inside the act that found out.
func (p *Provider) judgeCode(ctx context.Context, tx *journal.Tx, red redemption) (journal.Event, error) {
	answer := oidc.Refuse(oidc.InvalidGrant, "the code is not valid")
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
}

// fault says what is wrong with a code that is a login's own.
func (red redemption) fault(f facts, now time.Time) string {
	switch {
	case f.state != CodeIssued:
		return codeReplayed
	case f.client != red.client.ID || f.direct != red.client.Direct() || !red.client.Counts(f.codeEnd.Add(-CodeLife)): // it may be registered anew as something else
		return wrongClient
	case f.redirectURI != red.redirectURI:
		return wrongRedirectURI
	case f.challenge != red.challenge || f.jkt != "" && f.jkt != red.jkt:
		return wrongVerifier
	case !now.Before(f.codeEnd):
		return codeExpired
	case f.direct && !serves(red.client, f.procedure):
		return notAllowed
	case f.direct && !sure(red.client, f.identifiedBy):
		return noPower
	}
	return f.standing()
}
