// Package token makes what must not be guessed: identifiers, and secrets of which only a hash is stored.
//
// Secrets have 256 bits of chance, so one round of SHA-256 is enough to store them: nobody can search that space, and a
// slow hash would only let strangers burn our processor.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"

	"github.com/google/uuid"
)

// ID returns a new identifier: a UUID version 7 (RFC 9562), so that rows made together lie together in an index.
func ID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// New returns a secret of 32 random bytes in URL-safe base64 (43 characters) and the hash to store.
func New() (secret string, hash []byte) {
	secret = base64.RawURLEncoding.EncodeToString(Bytes(32))
	return secret, Hash(secret)
}

// Hex returns n random bytes in lower-case hexadecimal. FranceConnect and ProConnect want 32 for state and nonce.
func Hex(n int) string { return hex.EncodeToString(Bytes(n)) }

// Bytes returns n random bytes. It cannot fail: crypto/rand ends the program when the system has no randomness.
func Bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// Hash returns the SHA-256 of a secret, the only form in which it is stored.
func Hash(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// Matches reports whether secret has this hash, in constant time.
func Matches(secret string, hash []byte) bool {
	return subtle.ConstantTimeCompare(Hash(secret), hash) == 1
}
