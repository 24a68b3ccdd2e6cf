package dpop

import (
	"context"
	"errors"
	"fmt"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/token"
)

// Checker checks proofs, each of which is good once for all servers of this database. It may be used concurrently.
type Checker struct {
	db    *db.DB
	clock *clock.Clock
}

// New returns a checker that remembers proofs in this database.
func New(d *db.DB, c *clock.Clock) *Checker { return &Checker{d, c} }

var errSeen = errors.New("seen before")

// Check returns the thumbprint of the key that proved a request. What is wrong with a proof is an *oidc.Error. That a proof was seen is committed by itself, without waiting for the disk:
// a server that dies forgets those of its last instants, and what they could be used for again is worth nothing twice.
func (c *Checker) Check(ctx context.Context, r Request) (string, error) {
	proof, refusal := Parse(r, c.clock.Now())
	if refusal != nil {
		return "", refusal
	}
	hash := token.Hash(proof.Thumbprint + "." + proof.ID)
	err := c.db.Write(ctx, db.Nothing(), db.Soon, func(tx *db.Tx) error {
		return tx.ExecOne(ctx, errSeen, `insert into dpop_proof (hash, expires_at) values ($1, $2) on conflict do nothing`, hash, proof.IssuedAt.Add(Life))
	})
	if errors.Is(err, errSeen) {
		return "", refuse("the DPoP proof was used before")
	}
	if err != nil {
		return "", fmt.Errorf("remember proof: %w", err)
	}
	return proof.Thumbprint, nil
}

// Purge forgets proofs whose time is over. A job calls it.
func (c *Checker) Purge(ctx context.Context) error {
	if _, err := c.db.Purge(ctx, db.Nothing(), `delete from dpop_proof where hash in (select hash from dpop_proof where expires_at < $1 limit $2)`, c.clock.Now().Add(-skew)); err != nil {
		return fmt.Errorf("purge proofs: %w", err)
	}
	return nil
}
