// Package envelope encrypts citizens' data.
//
// Each citizen (and each draft, before there is a citizen) has a data key of their own: 32 random bytes. What we know of
// them is encrypted under it with AES-256-GCM, and the data key itself is kept wrapped by the key-encryption key, which
// lives outside the database. Whoever copies the database reads nothing; whoever destroys one wrapped key erases one
// person, in every backup that does not have it.
//
// The format, for ever: a sealed value is one version byte (1), the 12-byte nonce, the ciphertext and the 16-byte tag.
// The additional data is the purpose and the owner's id ("citizen.identity:0195…"), so that a value moved to another
// column or another person's row does not open. A wrapped key is what Tink's AEAD writes: a key-encryption keyset may
// hold several keys, old ones still open what they wrapped.
package envelope

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"mandat/internal/token"
)

const (
	version     = 1
	tinkVersion = 1 // the first byte of what Tink's keys write
)

// ErrSealed is returned when a value does not open: wrong key, wrong owner or purpose, or changed bytes.
var ErrSealed = errors.New("envelope: the sealed value does not open")

// Keys wraps data keys and makes blind indexes.
type Keys struct {
	kek      tink.AEAD
	index    []byte
	primary  [PrefixSize]byte
	prefixes map[[PrefixSize]byte]struct{}
}

// New returns Keys from the key-encryption keyset and the 32-byte key of the blind indexes.
func New(kek *keyset.Handle, index []byte) (*Keys, error) {
	if len(index) != 32 {
		return nil, fmt.Errorf("envelope: the index key has %d bytes, want 32", len(index))
	}
	primitive, err := aead.New(kek)
	if err != nil {
		return nil, fmt.Errorf("envelope: key-encryption keyset: %w", err)
	}
	k := &Keys{kek: primitive, index: index, prefixes: map[[PrefixSize]byte]struct{}{}}
	for i := range kek.Len() {
		entry, err := kek.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("envelope: key-encryption keyset: %w", err)
		}
		prefix := [PrefixSize]byte{tinkVersion}
		binary.BigEndian.PutUint32(prefix[1:], entry.KeyID())
		k.prefixes[prefix] = struct{}{}
		if entry.IsPrimary() {
			k.primary = prefix
		}
	}
	if probe, err := primitive.Encrypt(nil, nil); err != nil || !bytes.HasPrefix(probe, k.primary[:]) {
		return nil, errors.New("envelope: key-encryption keyset: its keys do not write Tink's prefix")
	}
	return k, nil
}

// DataKey encrypts what belongs to one owner.
type DataKey struct {
	aead  cipher.AEAD
	owner uuid.UUID
}

// NewDataKey makes a data key for an owner and returns it with its wrapped form, the one to store.
func (k *Keys) NewDataKey(owner uuid.UUID) (*DataKey, []byte, error) {
	raw := token.Bytes(32)
	wrapped, err := k.kek.Encrypt(raw, owner[:])
	if err != nil {
		return nil, nil, fmt.Errorf("wrap data key: %w", err)
	}
	key, err := newDataKey(raw, owner)
	return key, wrapped, err
}

// Open unwraps the data key of an owner. It returns ErrSealed when it is not this owner's.
func (k *Keys) Open(owner uuid.UUID, wrapped []byte) (*DataKey, error) {
	raw, err := k.kek.Decrypt(wrapped, owner[:])
	if err != nil {
		return nil, ErrSealed
	}
	return newDataKey(raw, owner)
}

func newDataKey(raw []byte, owner uuid.UUID) (*DataKey, error) {
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("data key: %w", err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("data key: %w", err)
	}
	return &DataKey{aead: gcm, owner: owner}, nil
}

// Seal encrypts plain for a purpose, which names the column ("citizen.identity").
func (d *DataKey) Seal(purpose string, plain []byte) []byte {
	return d.aead.Seal([]byte{version}, nil, plain, d.additional(purpose))
}

// Unseal opens what Seal made for the same owner and purpose, else it returns ErrSealed.
func (d *DataKey) Unseal(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != version {
		return nil, ErrSealed
	}
	plain, err := d.aead.Open(nil, nil, sealed[1:], d.additional(purpose))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Seal encrypts one value under a data key of its own, and returns that wrapped: both are stored.
func (k *Keys) Seal(owner uuid.UUID, purpose string, plain []byte) (wrapped, sealed []byte, err error) {
	key, wrapped, err := k.NewDataKey(owner)
	if err != nil {
		return nil, nil, err
	}
	return wrapped, key.Seal(purpose, plain), nil
}

// Unseal opens what Seal made for the same owner and purpose, else it returns ErrSealed.
func (k *Keys) Unseal(owner uuid.UUID, purpose string, wrapped, sealed []byte) ([]byte, error) {
	key, err := k.Open(owner, wrapped)
	if err != nil {
		return nil, err
	}
	return key.Unseal(purpose, sealed)
}

func (d *DataKey) additional(purpose string) []byte {
	return append([]byte(purpose+":"), d.owner[:]...)
}

// Index returns the blind index of a value in one organisation: HMAC-SHA256 under a key derived for that organisation
// and purpose (HKDF, RFC 5869). Equal values in two organisations have unrelated indexes.
func (k *Keys) Index(organisation uuid.UUID, purpose, value string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, k.index, organisation[:], purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("index key: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(value))
	return mac.Sum(nil), nil
}
