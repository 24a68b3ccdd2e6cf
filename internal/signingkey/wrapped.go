package signingkey

import (
	"mandat/internal/envelope"
	"mandat/internal/wrapping"
)

// Wrapped are the columns of what is sealed of the keys that sign tokens: the private halves, and the proofs that they are the program's.
func Wrapped() []wrapping.Column {
	rewrap := func(keys *envelope.Keys, purpose string, wrapped []byte) ([]byte, error) {
		return keys.Rewrap(purpose, wrapped)
	}
	return []wrapping.Column{{
		Table: "signing_key",
		Read: `select kid, 'signing_key.private:' || use || ':' || alg || ':' || kid, private from signing_key where kid > $1
			and substr(private, 1, 5) = any ($2::bytea[]) order by kid limit $3`,
		Write: `update signing_key k set private = n.private from unnest($1::text[], $2::bytea[], $3::bytea[]) n (kid, was, private)
			where k.kid = n.kid and k.private = n.was`,
		Rewrap: rewrap,
	}, {
		Table: "signing_key",
		Read: `select kid, 'signing_key.proof:' || use || ':' || alg || ':' || kid, proof from signing_key where kid > $1
			and substr(proof, 1, 5) = any ($2::bytea[]) order by kid limit $3`,
		Write: `update signing_key k set proof = n.proof from unnest($1::text[], $2::bytea[], $3::bytea[]) n (kid, was, proof)
			where k.kid = n.kid and k.proof = n.was`,
		Rewrap: rewrap,
	}}
}
