package idp

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/google/uuid"

	"mandat/internal/token"
)

// A ticket is a code or an access token: base64url of the login's id and 32 random bytes. It is found by the id, the
// primary key, and only the SHA-256 of the whole is stored, in a column without index.
const ticketLength = 64 // characters, for 48 bytes

// directToken is what the access tokens of services begin with that talk to us directly. They can be read with again and again, which
// FranceConnect's cannot: what a token is good for is seen in it, and neither kind is ever taken for the other.
const directToken = "d."

// newTicket makes a ticket of a login and the hash to store.
func newTicket(login uuid.UUID) (ticket string, hash []byte) {
	ticket = base64.RawURLEncoding.EncodeToString(append(login[:], token.Bytes(32)...))
	return ticket, token.Hash(ticket)
}

// loginOf reads the id in a ticket. Only the one way of writing it is accepted.
func loginOf(ticket string) (uuid.UUID, bool) {
	if len(ticket) != ticketLength {
		return uuid.Nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(ticket)
	if err != nil || len(b) != 48 { // the decoder skips line breaks
		return uuid.Nil, false
	}
	return uuid.UUID(b[:16]), true
}

// proof lets the database compare a ticket's hash in constant time: both sides are hashed once more behind a salt that
// is new each time, so that where a comparison stops tells nothing (sha256(column || salt) = digest).
func proof(ticket string) (salt, digest []byte) {
	salt = token.Bytes(16)
	h := sha256.Sum256(append(token.Hash(ticket), salt...))
	return salt, h[:]
}

// newSubject makes the name of a citizen towards a sector: 32 random bytes, so that nothing can be computed from it.
func newSubject() string { return base64.RawURLEncoding.EncodeToString(token.Bytes(32)) }
