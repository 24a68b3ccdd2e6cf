package idp

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"

	"mandat/internal/client"
	"mandat/internal/db"
	"mandat/internal/oidc"
)

// introspection is what a service is told of a token of its own (RFC 7662 §2.2, RFC 9396 §9.2): with active false, nothing else.
type introspection struct {
	Active   bool                 `json:"active"`
	ClientID string               `json:"client_id,omitempty"`
	Type     string               `json:"token_type,omitempty"`
	Scope    string               `json:"scope,omitempty"`
	Issuer   string               `json:"iss,omitempty"`
	Subject  string               `json:"sub,omitempty"`
	IssuedAt int64                `json:"iat,omitempty"`
	Expiry   int64                `json:"exp,omitempty"`
	ACR      string               `json:"acr,omitempty"`
	Session  string               `json:"sid,omitempty"`
	Actor    *oidc.Actor          `json:"act,omitempty"`
	Details  []oidc.MandateDetail `json:"authorization_details,omitempty"`
	Bound    *confirmation        `json:"cnf,omitempty"`
}

// confirmation is the key that a token is bound to (RFC 9449 §6.2).
type confirmation struct {
	Thumbprint string `json:"jkt"`
}

// signedIntrospection holds the claims of RFC 9701 §5.
type signedIntrospection struct {
	Issuer        string        `json:"iss"`
	Audience      string        `json:"aud"`
	IssuedAt      int64         `json:"iat"`
	Introspection introspection `json:"token_introspection"`
}

const introspectionForm = "application/token-introspection+jwt"

// introspect tells a service whether a token of its own still stands, and for what: POST /idp/introspect. A service asks it in the middle of
// a procedure, before what cannot be undone. It reads, and writes nothing: what the token gives was released before.
func (p *Provider) introspect(w http.ResponseWriter, r *http.Request) error {
	return p.forClient(w, r, func(caller *client.Client) error {
		sent := r.PostForm.Get("token")
		if sent == "" {
			return oidc.Refuse(oidc.InvalidRequest, "token is missing")
		}
		told, err := p.introspected(r.Context(), caller, sent)
		if errors.Is(err, db.ErrNotFound) {
			told, err = introspection{}, nil
		}
		if err != nil {
			return err
		}
		if caller.IntrospectionAlg == "" && !wantsJWT(r) {
			return answerJSON(w, http.StatusOK, told)
		}
		alg := caller.IntrospectionAlg
		if alg == "" {
			alg = oidc.ES256
		}
		signed, err := p.sign(caller, alg, oidc.TypeIntrospection, signedIntrospection{Issuer: p.issuer, Audience: caller.ID, IssuedAt: p.clock.Now().Unix(), Introspection: told})
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", introspectionForm)
		_, _ = w.Write([]byte(signed)) //nolint:gosec // a JWT, sent as one; an error here is a client that has gone
		return nil
	})
}

// wantsJWT reports whether the answer is asked for as a JWT (RFC 9701 §4).
func wantsJWT(r *http.Request) bool {
	for one := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		if kind, _, err := mime.ParseMediaType(one); err == nil && kind == introspectionForm {
			return true
		}
	}
	return false
}

// introspected returns what a token is, if it is the caller's and stands; else db.ErrNotFound.
func (p *Provider) introspected(ctx context.Context, caller *client.Client, sent string) (introspection, error) {
	if !strings.HasPrefix(sent, directToken) {
		return p.introspectedAPI(ctx, caller, sent)
	}
	u, of, err := p.standing(ctx, sent)
	if err == nil && of.ID != caller.ID {
		err = db.ErrNotFound
	}
	if err != nil {
		return introspection{}, err
	}
	detail, err := p.detail(ctx, u)
	if err != nil {
		return introspection{}, err
	}
	out := introspection{Active: true, ClientID: of.ID, Type: "Bearer", Scope: u.scope, Issuer: p.issuer, Subject: u.subject, IssuedAt: u.releasedAt.Unix(), Expiry: u.tokenEnd.Unix(),
		ACR: u.acr(), Session: u.login.String(), Actor: p.actorOf(u), Details: []oidc.MandateDetail{detail}}
	out.bind(u.jkt)
	return out, nil
}

// introspectedAPI is introspected for a token of the service itself.
func (p *Provider) introspectedAPI(ctx context.Context, caller *client.Client, sent string) (introspection, error) {
	found, err := p.apiTokens.Find(ctx, sent)
	if err == nil && (found.Client != caller.ID || !caller.Decision || !caller.Counts(found.CreatedAt)) {
		err = db.ErrNotFound
	}
	if err != nil {
		return introspection{}, err
	}
	out := introspection{Active: true, ClientID: found.Client, Scope: found.Scope, Issuer: p.issuer, IssuedAt: found.CreatedAt.Unix(), Expiry: found.ExpiresAt.Unix()}
	out.bind(found.JKT)
	return out, nil
}

func (i *introspection) bind(jkt string) {
	if jkt != "" {
		i.Type, i.Bound = "DPoP", &confirmation{jkt}
	}
}

// A token that is given back is over, and so is the use of a service. It is no act: nothing is refused and nothing leaves, and what was
// released stands in the journal.
const giveBack = `update idp_login l set token_expires_at = $2 where l.id = $1 and l.client = $3 and l.state in ('token_issued', 'released') and l.token_expires_at > $2
	and sha256(l.token_hash || $4::bytea) = $5::bytea`

// revoke makes a token worthless (RFC 7009): POST /idp/revoke. Only the client does that to which it was given; what is not its token is
// answered as if it had been.
func (p *Provider) revoke(w http.ResponseWriter, r *http.Request) error {
	return p.forClient(w, r, func(caller *client.Client) error {
		sent := r.PostForm.Get("token")
		if sent == "" {
			return oidc.Refuse(oidc.InvalidRequest, "token is missing")
		}
		err := p.apiTokens.Revoke(r.Context(), caller, sent)
		if login, ok := loginOf(strings.TrimPrefix(sent, directToken)); err == nil && ok {
			salt, digest := proof(sent)
			batch := &pgx.Batch{}
			batch.Queue(giveBack, login, p.clock.Now(), caller.ID, salt, digest)
			err = p.db.Pipeline(r.Context(), db.System(), db.Durable, batch)
		}
		if err != nil {
			return err
		}
		w.WriteHeader(http.StatusOK)
		return nil
	})
}
