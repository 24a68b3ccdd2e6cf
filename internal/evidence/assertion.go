package evidence

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
)

// NonceSize is how many random bytes the server gives to a signature.
const NonceSize = 32

// label keeps a signature over terms apart from whatever else a key may be asked to sign. It never changes.
const label = "mandat-terms-v1"

// Challenge is what a key signs: SHA-256(label ‖ nonce ‖ digest), for a nonce of NonceSize bytes and the SHA-256 of the terms.
func Challenge(nonce, digest []byte) []byte {
	sum := sha256.Sum256(slices.Concat([]byte(label), nonce, digest))
	return sum[:]
}

// verify checks the signature as WebAuthn Level 3 §7.2 says, over these terms. The counter is none of its concern: it is for who knows the last one.
func (a *Assertion) verify(terms []byte) error {
	if len(a.Nonce) != NonceSize {
		return errors.New("the nonce has not 32 bytes")
	}
	id := base64.RawURLEncoding.EncodeToString(a.CredentialID)
	parsed, err := protocol.CredentialAssertionResponse{
		PublicKeyCredential: protocol.PublicKeyCredential{Credential: protocol.Credential{ID: id, Type: string(protocol.PublicKeyCredentialType)}, RawID: a.CredentialID},
		AssertionResponse: protocol.AuthenticatorAssertionResponse{AuthenticatorResponse: protocol.AuthenticatorResponse{ClientDataJSON: a.ClientDataJSON},
			AuthenticatorData: a.AuthenticatorData, Signature: a.Signature},
	}.Parse()
	if err != nil {
		return errors.New("it cannot be read")
	}
	digest := sha256.Sum256(terms)
	challenge := base64.RawURLEncoding.EncodeToString(Challenge(a.Nonce, digest[:]))
	switch said := parsed.Response.CollectedClientData; {
	case said.Challenge != challenge:
		return errors.New("the key signed other terms, or another nonce")
	case said.Origin != a.Origin: // the library would let the case of letters differ
		return errors.New("the browser was on another origin")
	case !within(a.Origin, a.RPID):
		return errors.New("the origin is none of the relying party's")
	}
	return parsed.Verify(challenge, a.RPID, "", []string{a.Origin}, nil, nil, protocol.TopOriginExplicitVerificationMode, false, true, true, a.PublicKey, protocol.SignaturePolicy{})
}

// within reports whether an origin may speak for a relying party (WebAuthn Level 3 §5.1.4.1 step 8): its host is that domain, or below it.
func within(origin, rpID string) bool {
	at, err := url.Parse(origin)
	return err == nil && rpID != "" && (at.Hostname() == rpID || strings.HasSuffix(at.Hostname(), "."+rpID))
}
