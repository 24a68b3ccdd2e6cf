package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"mandat/internal/envelope"
)

// Errors of changing the key-encryption key.
var (
	ErrWaits    = errors.New("a key waits already in the keyset: let it wrap (use) before another is added")
	ErrNoneWait = errors.New("no key waits in the keyset: add one first")
)

// The key-encryption key changes in steps, so that no server ever meets what it cannot open: a key is added, and waits on every server; it is used, so that
// it wraps; what was wrapped before is wrapped anew (package wrapping, and Reseal for the folder); and the one before is taken out.

// Add returns the keyset with another key, which opens and does not wrap yet.
func (k *KEK) Add() (*KEK, error) {
	if _, waits, err := k.last(); err != nil || waits {
		return nil, errors.Join(err, ErrWaits)
	}
	m := keyset.NewManagerFromHandle(k.handle)
	if _, err := m.Add(aead.AES256GCMKeyTemplate()); err != nil {
		return nil, fmt.Errorf("key-encryption keyset: %w", err)
	}
	return managed(m)
}

// Use returns the keyset in which the key that waited wraps.
func (k *KEK) Use() (*KEK, error) {
	id, waits, err := k.last()
	if err != nil {
		return nil, err
	}
	if !waits {
		return nil, ErrNoneWait
	}
	m := keyset.NewManagerFromHandle(k.handle)
	if err := m.SetPrimary(id); err != nil {
		return nil, fmt.Errorf("key-encryption keyset: %w", err)
	}
	return managed(m)
}

// Without returns the keyset without the keys that have these prefixes.
func (k *KEK) Without(prefixes ...[envelope.PrefixSize]byte) (*KEK, error) {
	m := keyset.NewManagerFromHandle(k.handle)
	for _, p := range prefixes {
		if err := m.Delete(binary.BigEndian.Uint32(p[1:])); err != nil {
			return nil, fmt.Errorf("key-encryption keyset: %w", err)
		}
	}
	return managed(m)
}

func managed(m *keyset.Manager) (*KEK, error) {
	handle, err := m.Handle()
	if err != nil {
		return nil, fmt.Errorf("key-encryption keyset: %w", err)
	}
	return newKEK(handle)
}

// last is the key that was added last; it waits if another one wraps.
func (k *KEK) last() (id uint32, waits bool, err error) {
	entry, err := k.handle.Entry(k.handle.Len() - 1)
	if err != nil {
		return 0, false, fmt.Errorf("key-encryption keyset: %w", err)
	}
	return entry.KeyID(), !entry.IsPrimary(), nil
}

// Save puts the keyset in a file in the place of another one.
func (k *KEK) Save(path string) error {
	text, err := k.Text()
	if err == nil {
		err = writeFile(path, []byte(text+"\n"))
	}
	if err != nil {
		return fmt.Errorf("KEY_ENCRYPTION_KEY_FILE: %w", err)
	}
	return nil
}

// Reseal encrypts the private files of a folder under the key that wraps now, as far as they are under another. Interrupted, it is run again: the keyset
// opens both.
func (k *KEK) Reseal(dir string) error {
	if err := checkAlone(dir); err != nil {
		return err
	}
	probe, err := k.aead.Encrypt(nil, nil)
	if err != nil {
		return fmt.Errorf("key-encryption keyset: %w", err)
	}
	for _, name := range private {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("KEYS_DIR: %w", err)
		}
		plain, err := k.open(name, content)
		if err != nil {
			return fmt.Errorf("KEYS_DIR: %w", err)
		}
		sealed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(content[len(sealMark)+1:])))
		if err == nil && bytes.HasPrefix(sealed, probe[:envelope.PrefixSize]) {
			continue
		}
		if err := k.write(dir, name, string(plain)); err != nil {
			return err
		}
	}
	return nil
}
