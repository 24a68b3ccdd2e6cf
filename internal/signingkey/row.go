package signingkey

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mandat/internal/envelope"
	"mandat/internal/oidc"
)

// The states of a key.
const (
	next    = "next"
	current = "current"
	old     = "old"
)

// row is a key as it lies in the table.
type row struct {
	KID            string
	Use            Use
	Alg            string
	State          string
	Public, Proof  []byte
	Private        []byte // nil of an old key
	CreatedAt      time.Time
	CurrentAt      *time.Time
	PublishedUntil *time.Time
}

// columns are those of row, in its order.
const columns = `kid, use, alg, state, public, proof, private, created_at, current_at, published_until`

// newRow seals a new key.
func newRow(keys *envelope.Keys, use Use, state string, key crypto.Signer) (row, error) {
	public, err := oidc.Publish(key.Public())
	if err != nil {
		return row{}, err
	}
	r := row{KID: public.KeyID, Use: use, Alg: public.Algorithm, State: state}
	if r.Public, err = x509.MarshalPKIXPublicKey(key.Public()); err != nil {
		return row{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return row{}, err
	}
	if r.Private, err = keys.Wrap(r.purpose("private"), private); err != nil {
		return row{}, err
	}
	r.Proof, err = keys.Wrap(r.purpose("proof"), nil)
	return r, err
}

// purpose binds what is sealed to this key and its use. The kid is a hash of the public half, which is bound with it.
func (r row) purpose(what string) string {
	return "signing_key." + what + ":" + string(r.Use) + ":" + r.Alg + ":" + r.KID
}

// open returns the public half of a row, and the private one if it signs now. The error wraps ErrNotOurs.
func (r row) open(keys *envelope.Keys) (crypto.PublicKey, crypto.Signer, error) {
	public, err := x509.ParsePKIXPublicKey(r.Public)
	if err != nil {
		return nil, nil, r.notOurs()
	}
	as, err := oidc.Publish(public)
	if err != nil || as.KeyID != r.KID || as.Algorithm != r.Alg {
		return nil, nil, r.notOurs()
	}
	if _, err := keys.Unwrap(r.purpose("proof"), r.Proof); err != nil {
		return nil, nil, r.notOurs()
	}
	if r.State != current {
		return public, nil, nil
	}
	der, err := keys.Unwrap(r.purpose("private"), r.Private)
	if err != nil {
		return nil, nil, r.notOurs()
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	private, ok := parsed.(crypto.Signer)
	if err != nil || !ok {
		return nil, nil, r.notOurs()
	}
	if its, err := x509.MarshalPKIXPublicKey(private.Public()); err != nil || !bytes.Equal(its, r.Public) {
		return nil, nil, r.notOurs()
	}
	return public, private, nil
}

func (r row) notOurs() error {
	return fmt.Errorf("signing key %s for %s (%s): %w", r.KID, r.Use, r.State, ErrNotOurs)
}

// published asks for the keys that stand in key sets.
const published = `select ` + columns + ` from signing_key where state <> 'old' or published_until > $1 order by use, alg, created_at, kid`

// queryer is a transaction of either kind.
type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func list(ctx context.Context, tx queryer, now time.Time) ([]row, error) {
	rows, err := tx.Query(ctx, published, now)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[row])
}
