// Package signingkey keeps the keys with which the program signs tokens, and lets them take turns. It owns the table signing_key.
//
// A use (ID tokens, receipts, our assertions as a client) has keys of its own, so that a token of one is worth nothing as another.
// Of each use and algorithm one key signs (current) and one is published and waits (next): clients that keep our key set have
// it before it signs. What has signed (old) stays published until nothing that it signed comes back, without its private half.
//
//	ring.go    the keys in memory: Of answers without a query; every server looks for news every few seconds
//	rotate.go  the acts: make what is missing (key.made), let the next ones sign (key.rotated)
//	row.go     how a key lies in the table, and what is believed of a row
//	wrapped.go what of it is wrapped anew when the key-encryption key changes
//	compare.go the table against the journal
//
// Private halves are sealed under the key-encryption key (envelope.Keys.Wrap), which is not in the database. Under it stands also
// the proof that the program made a key: whoever writes in the table can take keys away, and cannot add one that clients
// would believe in.
package signingkey

import (
	"crypto"
	"errors"
	"time"

	"mandat/internal/oidc"
)

// Use is what a key signs.
type Use string

// The uses.
const (
	IDToken   Use = "id_token"  // ID tokens, userinfo, logout tokens, introspection: what clients of the provider get
	Receipt   Use = "receipt"   // receipts of mandates and their status list
	Assertion Use = "assertion" // who we are, to FranceConnect and ProConnect (private_key_jwt)
)

// Uses lists every use.
func Uses() []Use { return []Use{IDToken, Receipt, Assertion} }

// algorithms are those for which a use has keys. Every token of ours can be had with ES256; OpenID Connect wants RS256 for ID tokens.
func (u Use) algorithms() []string {
	if u == IDToken {
		return []string{oidc.ES256, oidc.RS256}
	}
	return []string{oidc.ES256}
}

const (
	// Life is how long a key signs.
	Life = 90 * 24 * time.Hour

	// NextLife is how long the next key must have been published before it signs. Clients keep our key set for an hour (we say so);
	// a day leaves room for those that keep it longer.
	NextLife = 24 * time.Hour

	// OldLife is how long a key is published after another one has taken its turn. What it signed is good for minutes, but comes
	// back as a hint when somebody signs out, after up to half a day; and for some seconds it may still sign (see Every).
	OldLife = 50 * time.Hour

	// ReceiptLife is OldLife of what signs receipts: they are good for as long as a mandate, which begins up to three months after its
	// signature and lasts a year.
	ReceiptLife = 500 * 24 * time.Hour

	// Every is how often a server looks for keys that another one has made. Until then it signs with those it knows, which
	// are published, unless they were withdrawn as stolen.
	Every = 2 * time.Second
)

// oldLife is how long keys of a use are published after another one has taken their turn.
func (u Use) oldLife() time.Duration {
	if u == Receipt {
		return ReceiptLife
	}
	return OldLife
}

// Why says what made keys take turns.
type Why string

// The reasons.
const (
	Scheduled Why = "scheduled"
	Command   Why = "command"
	Stolen    Why = "stolen"
)

// Errors of this package.
var (
	// ErrTooEarly says that the next key was made less than NextLife ago: clients may not know it yet.
	ErrTooEarly = errors.New("the next key has not been published for a day: clients that keep our keys may not know it yet")

	// ErrNotOurs says that a row was not written by this program with this key-encryption key.
	ErrNotOurs = errors.New("it does not open with the key-encryption key: another one made it, or the table was changed. " +
		"Bring that key back; if it is lost, `mandat admin rotate --stolen` replaces what it sealed here")
)

// Source makes private keys for an algorithm: oidc.GenerateKey, but in tests.
type Source func(alg string) (crypto.Signer, error)
