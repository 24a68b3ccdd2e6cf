package envelope

import "github.com/google/uuid"

// PrefixSize is the length of what a key-encryption key writes in front of all that it wraps: Tink's version byte and the key's number
// (Tink wire format, output prefix). It tells which key of the keyset opens a value.
const PrefixSize = 5

// Prefix is that of the key that wraps now, the keyset's primary one.
func (k *Keys) Prefix() [PrefixSize]byte { return k.primary }

// Holds says whether a key of the keyset has this prefix.
func (k *Keys) Holds(prefix [PrefixSize]byte) bool {
	_, ok := k.prefixes[prefix]
	return ok
}

// RewrapDataKey wraps the data key of an owner anew, under the primary key. It returns ErrSealed when it is not this owner's.
func (k *Keys) RewrapDataKey(owner uuid.UUID, wrapped []byte) ([]byte, error) {
	return k.rewrap(owner[:], wrapped)
}

// Rewrap wraps anew what Wrap made for the same purpose. It returns ErrSealed when it did not.
func (k *Keys) Rewrap(purpose string, wrapped []byte) ([]byte, error) {
	if len(purpose) < leastPurpose {
		return nil, ErrSealed
	}
	return k.rewrap([]byte(purpose), wrapped)
}

func (k *Keys) rewrap(additional, wrapped []byte) ([]byte, error) {
	plain, err := k.kek.Decrypt(wrapped, additional)
	if err != nil {
		return nil, ErrSealed
	}
	return k.kek.Encrypt(plain, additional)
}
