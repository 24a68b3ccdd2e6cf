// Package pushed keeps authorization requests on this side while they wait for their browser: those that a service pushed (RFC 9126),
// and those put aside while an aidant signs in, or gives a second factor. It owns the table idp_pushed.
//
// A request is taken once: whoever takes it has it, and nobody else. One that is still waited for is put back under a reference of its
// own, which only the session of that browser knows. So a reference that was seen in an address is worth nothing after its first use.
package pushed

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/token"
)

// Prefix is what a request_uri of ours begins with (RFC 9126 §2.2). Behind it come 43 characters of base64url, 32 bytes of chance.
const Prefix = "urn:ietf:params:oauth:request_uri:"

// Life is how long a pushed request waits for its browser: a redirect, and the time to wake a phone that has lost its network.
const Life = 90 * time.Second

// ErrNone says that no request waits under a reference for this client: it never was, was taken, or waited too long.
var ErrNone = errors.New("no authorization request waits under this reference")

// Request is an authorization request that waited.
type Request struct {
	Values  url.Values
	AskedAt *time.Time // when its browser first brought it, nil for one that has never been brought
}

// Is reports whether a request_uri is meant to be one of ours.
func Is(uri string) bool { return strings.HasPrefix(uri, Prefix) }

// Put keeps a request of a client until a time, and returns its request_uri. A crash that loses it costs a click.
func Put(ctx context.Context, d *db.DB, client string, r Request, now, until time.Time) (string, error) {
	secret, hash := token.New()
	batch := &pgx.Batch{}
	batch.Queue(`insert into idp_pushed (reference, client, request, asked_at, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)`,
		hash, client, r.Values.Encode(), r.AskedAt, now, until)
	if err := d.Pipeline(ctx, db.System(), db.Soon, batch); err != nil {
		return "", fmt.Errorf("push request: %w", err)
	}
	return Prefix + secret, nil
}

// Take returns the request that waits under a request_uri for a client, and forgets it: of several at once one gets it. It returns
// ErrNone.
func Take(ctx context.Context, d *db.DB, client, uri string, now time.Time) (Request, error) {
	var encoded string
	var out Request
	found := false
	batch := &pgx.Batch{}
	batch.Queue(`delete from idp_pushed where reference = $1 and client = $2 and expires_at > $3 returning request, asked_at`,
		token.Hash(strings.TrimPrefix(uri, Prefix)), client, now).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if found = rows.Next(); !found {
			return rows.Err()
		}
		return rows.Scan(&encoded, &out.AskedAt)
	})
	if err := d.Pipeline(ctx, db.System(), db.Soon, batch); err != nil {
		return out, fmt.Errorf("take request: %w", err)
	}
	if !found {
		return out, ErrNone
	}
	var err error
	if out.Values, err = url.ParseQuery(encoded); err != nil {
		return out, fmt.Errorf("take request: %w", err)
	}
	return out, nil
}

// Purge deletes those whose time is over. A row never changes, so it needs not be asked again.
func Purge(ctx context.Context, d *db.DB, now time.Time) error {
	_, err := d.Purge(ctx, db.System(), `delete from idp_pushed where reference in (select reference from idp_pushed where expires_at <= $1 limit $2)`, now)
	if err != nil {
		return fmt.Errorf("purge pushed requests: %w", err)
	}
	return nil
}
