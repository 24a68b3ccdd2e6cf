// Package softkey is a passkey in software, for tests that have no browser: it answers what a site asks of an authenticator
// (WebAuthn Level 3) as a browser hands it over, and every part of the answer can be made wrong. The bytes are put together here by
// hand, so that a check of them checks something.
package softkey

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Key is an authenticator that holds one credential. Its fields may be changed between two answers.
type Key struct {
	Origin string // of the page that asks, which the browser tells
	RPID   string // for which the credential is
	Type   string // of the ceremony, when it is not that which is asked for

	Present, Verified        bool // somebody touched it; it checked that it is its person
	BackupEligible, BackedUp bool
	CrossOrigin              bool   // the page stands in a frame of another site
	Count                    uint32 // of the last signature; 0 does not count
	Counts                   bool   // whether it grows
	Handle                   []byte // user handle, learnt when the credential was made
	Forced                   bool   // answers although it is not one of the keys asked for

	id      []byte
	private *ecdsa.PrivateKey
}

// New returns a key without a credential, in a browser that shows a page of this origin.
func New(origin, rpid string) (*Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	return &Key{Origin: origin, RPID: rpid, Present: true, Verified: true, BackupEligible: true, BackedUp: true, id: id, private: private}, nil
}

// Copy returns a second key with the same secret: what a clone is.
func (k *Key) Copy() *Key {
	c := *k
	return &c
}

// ID is the credential's id.
func (k *Key) ID() []byte { return k.id }

// binary64 is the base64url of WebAuthn's JSON.
type binary64 []byte

// MarshalText implements encoding.TextMarshaler.
func (b binary64) MarshalText() ([]byte, error) {
	return []byte(base64.RawURLEncoding.EncodeToString(b)), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *binary64) UnmarshalText(text []byte) error {
	out, err := base64.RawURLEncoding.DecodeString(string(text))
	*b = out
	return err
}

// options is what is read of a site's question.
type options struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		User      struct {
			ID binary64 `json:"id"`
		} `json:"user"`
		AllowCredentials   []descriptor `json:"allowCredentials"`
		ExcludeCredentials []descriptor `json:"excludeCredentials"`
	} `json:"publicKey"`
}

type descriptor struct {
	ID binary64 `json:"id"`
}

func holds(list []descriptor, id []byte) bool {
	return slices.ContainsFunc(list, func(d descriptor) bool { return slices.Equal(d.ID, id) })
}

// Create answers navigator.credentials.create: PublicKeyCredentialCreationOptionsJSON under "publicKey" in, RegistrationResponseJSON
// out. It fails for a site that knows the key already.
func (k *Key) Create(question []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(question, &o); err != nil {
		return nil, err
	}
	if holds(o.PublicKey.ExcludeCredentials, k.id) && !k.Forced {
		return nil, errors.New("softkey: InvalidStateError: the site knows this key")
	}
	k.Handle = o.PublicKey.User.ID
	public, err := k.cose()
	if err != nil {
		return nil, err
	}
	attested := slices.Concat(make([]byte, 16), []byte{byte(len(k.id) >> 8), byte(len(k.id))}, k.id, public) //nolint:gosec // the two bytes of a short length
	data := k.data(0x40, attested)
	// {"fmt": "none", "attStmt": {}, "authData": …} in CTAP2's canonical CBOR
	object := slices.Concat([]byte{0xa3, 0x63}, []byte("fmt"), []byte{0x64}, []byte("none"), []byte{0x67}, []byte("attStmt"), []byte{0xa0, 0x68}, []byte("authData"),
		[]byte{0x59, byte(len(data) >> 8), byte(len(data))}, data) //nolint:gosec // the same
	client, err := k.client("webauthn.create", o.PublicKey.Challenge)
	if err != nil {
		return nil, err
	}
	return k.answer(map[string]any{"clientDataJSON": binary64(client), "attestationObject": binary64(object), "transports": []string{"internal"}})
}

// Get answers navigator.credentials.get: PublicKeyCredentialRequestOptionsJSON under "publicKey" in, AuthenticationResponseJSON out.
// It fails for a site that asks for other keys.
func (k *Key) Get(question []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(question, &o); err != nil {
		return nil, err
	}
	if allowed := o.PublicKey.AllowCredentials; len(allowed) > 0 && !holds(allowed, k.id) && !k.Forced {
		return nil, errors.New("softkey: NotAllowedError: the site asks for other keys")
	}
	if k.Counts {
		k.Count++
	}
	client, err := k.client("webauthn.get", o.PublicKey.Challenge)
	if err != nil {
		return nil, err
	}
	data, hash := k.data(0, nil), sha256.Sum256(client)
	signed := sha256.Sum256(slices.Concat(data, hash[:]))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, signed[:])
	if err != nil {
		return nil, err
	}
	response := map[string]any{"clientDataJSON": binary64(client), "authenticatorData": binary64(data), "signature": binary64(signature)}
	if k.Handle != nil {
		response["userHandle"] = binary64(k.Handle)
	}
	return k.answer(response)
}

// client is what the browser says of the question.
func (k *Key) client(ceremony, challenge string) ([]byte, error) {
	if k.Type != "" {
		ceremony = k.Type
	}
	return json.Marshal(map[string]any{"type": ceremony, "challenge": challenge, "origin": k.Origin, "crossOrigin": k.CrossOrigin})
}

// data is the authenticator data: for whom, flags, counter, and what else.
func (k *Key) data(flags byte, more []byte) []byte {
	for bit, set := range map[byte]bool{0x01: k.Present, 0x04: k.Verified, 0x08: k.BackupEligible, 0x10: k.BackedUp} {
		if set {
			flags |= bit
		}
	}
	rp := sha256.Sum256([]byte(k.RPID))
	return slices.Concat(rp[:], []byte{flags}, binary.BigEndian.AppendUint32(nil, k.Count), more)
}

// cose is the public key as {1: 2, 3: -7, -1: 1, -2: x, -3: y} in CBOR (RFC 9053 §7.1.1).
func (k *Key) cose() ([]byte, error) {
	point, err := k.private.PublicKey.Bytes()
	if err != nil || len(point) != 65 {
		return nil, fmt.Errorf("softkey: public key of %d bytes: %w", len(point), err)
	}
	return slices.Concat([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}, point[1:33], []byte{0x22, 0x58, 0x20}, point[33:]), nil
}

func (k *Key) answer(response map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{"id": binary64(k.id), "rawId": binary64(k.id), "type": "public-key", "response": response,
		"clientExtensionResults": map[string]any{}, "authenticatorAttachment": "platform"})
}
