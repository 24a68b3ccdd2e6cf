package envelope

import (
	"errors"
	"fmt"
)

// leastPurpose keeps a purpose of Wrap from being some owner's id, with which data keys are wrapped: those have 16 bytes.
const leastPurpose = 17

// Wrap encrypts a key of the program itself, which belongs to no citizen, under the key-encryption key. The purpose names what it is
// for, in 17 bytes or more; the value opens for the same purpose only.
func (k *Keys) Wrap(purpose string, secret []byte) ([]byte, error) {
	if len(purpose) < leastPurpose {
		return nil, errors.New("wrap key: the purpose is too short")
	}
	wrapped, err := k.kek.Encrypt(secret, []byte(purpose))
	if err != nil {
		return nil, fmt.Errorf("wrap key: %w", err)
	}
	return wrapped, nil
}

// Unwrap opens what Wrap made for the same purpose, else it returns ErrSealed.
func (k *Keys) Unwrap(purpose string, wrapped []byte) ([]byte, error) {
	secret, err := k.kek.Decrypt(wrapped, []byte(purpose))
	if err != nil || len(purpose) < leastPurpose {
		return nil, ErrSealed
	}
	return secret, nil
}
