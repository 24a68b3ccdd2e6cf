// Package apitoken issues the tokens with which a public service asks our API as itself (RFC 6749 §4.4, client_credentials), and finds
// out who calls with one. It owns the table api_token.
//
// A token is 32 random bytes, of which the hash is stored. It is always bound to a key of the service (RFC 9449), so that reading
// one off a log or a proxy gives nobody anything. It is the client's and says nothing of a citizen or an aidant.
package apitoken

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/client"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/dpop"
	"mandat/internal/oidc"
	"mandat/internal/token"
)

// Decision is the scope of tokens for the decision API, the only one there is.
const Decision = "decision"

// Life is how long a token is good.
const Life = 10 * time.Minute

// secretLength is the number of characters of a token.
const secretLength = 43

// Tokens issues tokens and finds out who calls. It may be used concurrently.
type Tokens struct {
	db      *db.DB
	clients *client.Registry
	proofs  *dpop.Checker
	clock   *clock.Clock
	base    string
}

// New returns the tokens of this database. base is our address, before the path.
func New(d *db.DB, clients *client.Registry, proofs *dpop.Checker, c *clock.Clock, base string) *Tokens {
	return &Tokens{db: d, clients: clients, proofs: proofs, clock: c, base: base}
}

// Token is a token as it is known to us.
type Token struct {
	Client    string
	Scope     string
	JKT       string // thumbprint of the key that it is bound to
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Issue makes a token for a client that authenticated itself, and proved that it has the key of the thumbprint jkt.
func (t *Tokens) Issue(ctx context.Context, to *client.Client, scope, jkt string) (secret string, err error) {
	secret, hash := token.New()
	now := t.clock.Now()
	err = t.db.Write(ctx, db.System(), db.Soon, func(tx *db.Tx) error {
		tx.QueueOne(`insert into api_token (hash, client, scope, jkt, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)`, hash, to.ID, scope, jkt, now, now.Add(Life))
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("issue API token: %w", err)
	}
	return secret, nil
}

// Find returns a token that is good. It returns db.ErrNotFound for any other.
func (t *Tokens) Find(ctx context.Context, secret string) (Token, error) {
	var out Token
	if len(secret) != secretLength {
		return out, db.ErrNotFound
	}
	err := t.db.Read(ctx, db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select client, scope, jkt, created_at, expires_at from api_token where hash = $1 and expires_at > $2`, token.Hash(secret), t.clock.Now()).
			Scan(&out.Client, &out.Scope, &out.JKT, &out.CreatedAt, &out.ExpiresAt)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return out, db.ErrNotFound
	}
	if err != nil {
		return out, fmt.Errorf("find API token: %w", err)
	}
	return out, nil
}

// Revoke makes a token of a client worthless at once. It does nothing with another's.
func (t *Tokens) Revoke(ctx context.Context, of *client.Client, secret string) error {
	if len(secret) != secretLength {
		return nil
	}
	err := t.db.Write(ctx, db.System(), db.Durable, func(tx *db.Tx) error {
		tx.Queue(`delete from api_token where hash = $1 and client = $2`, token.Hash(secret), of.ID)
		return nil
	})
	if err != nil {
		return fmt.Errorf("revoke API token: %w", err)
	}
	return nil
}

// Check finds out which client calls, by the access token and the proof of a request, and whether it may use what needs a scope. What
// refuses it is an *oidc.Error of the code invalid_token, invalid_dpop_proof or insufficient_scope, which dpop.Challenge answers; any other
// error is ours.
func (t *Tokens) Check(r *http.Request, scope string) (*client.Client, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "DPoP") || len(r.Header.Values("Authorization")) > 1 {
		return nil, oidc.Refuse(oidc.InvalidToken, "an access token bound to a key is required")
	}
	found, err := t.Find(r.Context(), secret)
	if errors.Is(err, db.ErrNotFound) {
		return nil, oidc.Refuse(oidc.InvalidToken, "the token is not valid")
	}
	if err != nil {
		return nil, err
	}
	jkt, err := t.proofs.Check(r.Context(), dpop.Request{Proofs: r.Header.Values("DPoP"), Method: r.Method, URL: t.base + r.URL.Path, Token: secret})
	if err != nil {
		return nil, err
	}
	if jkt != found.JKT {
		return nil, oidc.Refuse(oidc.InvalidToken, "the token is bound to another key")
	}
	caller, err := t.clients.Find(r.Context(), found.Client)
	if errors.Is(err, client.ErrUnknown) || err == nil && !caller.Counts(found.CreatedAt) {
		return nil, oidc.Refuse(oidc.InvalidToken, "the token is not valid")
	}
	if err != nil {
		return nil, err
	}
	if found.Scope != scope || !caller.Decision {
		return nil, oidc.Refuse(oidc.InsufficientScope, "the token is not for this")
	}
	return caller, nil
}

// Purge deletes tokens whose time is over. A job calls it.
func (t *Tokens) Purge(ctx context.Context) error {
	if _, err := t.db.Purge(ctx, db.System(), `delete from api_token where hash in (select hash from api_token where expires_at < $1 limit $2)`, t.clock.Now()); err != nil {
		return fmt.Errorf("purge API tokens: %w", err)
	}
	return nil
}
