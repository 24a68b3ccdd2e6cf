package credential

import (
	"bytes"
	"time"

	"github.com/google/uuid"

	"mandat/internal/evidence"
)

// Signature is that of a person's key over the SHA-256 of terms. Only Signing.Check makes one; the zero one is of nobody.
type Signature struct {
	person, factor uuid.UUID
	digest         []byte
	at             time.Time
	assertion      evidence.Assertion
}

// made puts a signature together whose every part was checked.
func (s *Signing) made(k key, digest []byte, now time.Time) Signature {
	raw := s.answer.Raw.AssertionResponse
	return Signature{person: s.by.Person, factor: k.id, digest: bytes.Clone(digest), at: now, assertion: evidence.Assertion{
		Origin: s.answer.Response.CollectedClientData.Origin, RPID: s.r.webauthn.Config.RPID, CredentialID: k.known.ID, PublicKey: k.known.PublicKey, Nonce: s.nonce,
		AuthenticatorData: raw.AuthenticatorData, ClientDataJSON: raw.ClientDataJSON, Signature: raw.Signature}}
}

// Of reports whether it is this person's signature over this digest.
func (s Signature) Of(person uuid.UUID, digest []byte) bool {
	return s.person != uuid.Nil && s.person == person && bytes.Equal(s.digest, digest)
}

// At is the time of the act that it was checked in, the zero time for the zero signature.
func (s Signature) At() time.Time { return s.at }

// Factor is the id of the key, as its entry factor.added has it.
func (s Signature) Factor() uuid.UUID { return s.factor }

// Evidence is what has to be kept so that anybody can check it again.
func (s Signature) Evidence() evidence.Assertion { return s.assertion }
