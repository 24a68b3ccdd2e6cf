package keyring

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// KEK is the key-encryption keyset: it opens the files of the folder, and wraps the data keys in the database. Whoever has it
// and a copy of both has everything, so it is kept with neither.
type KEK struct {
	handle *keyset.Handle
	aead   tink.AEAD
}

// Errors that say where the key-encryption keyset is wrong.
var (
	ErrKEK     = errors.New("KEY_ENCRYPTION_KEY: not a Tink keyset for AES-GCM, as `mandat admin keys` makes it")
	ErrKEKHere = errors.New("KEYS_DIR: a key-encryption keyset lies in the folder that it opens, or below, or is linked to from there: keep it elsewhere. `mandat admin keys` moves a kek.json to KEY_ENCRYPTION_KEY_FILE")
	ErrKEKLost = errors.New("there is no key-encryption keyset, and KEYS_DIR has files that only it opens: put it back from where it is kept; another one opens nothing")
	ErrPlain   = errors.New("is not encrypted; `mandat admin keys` does it")
	ErrSealed  = errors.New("does not open with KEY_ENCRYPTION_KEY: it is another keyset's, or was changed or renamed")
)

// ReadKEK reads a keyset from its text, a Tink keyset in JSON. Errors do not repeat it.
func ReadKEK(text string) (*KEK, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(strings.NewReader(text)))
	if err != nil {
		return nil, ErrKEK
	}
	k, err := newKEK(handle)
	if err != nil {
		return nil, ErrKEK
	}
	return k, nil
}

func newKEK(handle *keyset.Handle) (*KEK, error) {
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("key-encryption keyset: %w", err)
	}
	return &KEK{handle: handle, aead: primitive}, nil
}

// MakeKEK makes a keyset of one key.
func MakeKEK() (*KEK, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make key-encryption keyset: %w", err)
	}
	return newKEK(handle)
}

// Text is the keyset in clear, on one line, as KEY_ENCRYPTION_KEY and its file hold it.
func (k *KEK) Text() (string, error) {
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(k.handle, keyset.NewJSONWriter(&b)); err != nil {
		return "", fmt.Errorf("write key-encryption keyset: %w", err)
	}
	return b.String(), nil
}

// String hides the keys.
func (k *KEK) String() string { return "key-encryption keyset" }

// GoString hides the keys.
func (k *KEK) GoString() string { return k.String() }

// The form of an encrypted file, for ever: this mark, a blank, and in base64 what Tink's AEAD made of the content. The additional
// data is the mark and the file's name, so that a file does not open under another's name.
const sealMark = "mandat-key-v1"

func (k *KEK) seal(name string, plain []byte) ([]byte, error) {
	sealed, err := k.aead.Encrypt(plain, additional(name))
	if err != nil {
		return nil, fmt.Errorf("encrypt %s: %w", name, err)
	}
	return []byte(sealMark + " " + base64.StdEncoding.EncodeToString(sealed) + "\n"), nil
}

func (k *KEK) open(name string, content []byte) ([]byte, error) {
	if !isSealed(content) {
		return nil, fmt.Errorf("%s: %w", name, ErrPlain)
	}
	text := strings.TrimSpace(string(content[len(sealMark)+1:]))
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, ErrSealed)
	}
	plain, err := k.aead.Decrypt(sealed, additional(name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, ErrSealed)
	}
	return plain, nil
}

func additional(name string) []byte { return []byte(sealMark + "\n" + name) }

func isSealed(content []byte) bool { return bytes.HasPrefix(content, []byte(sealMark+" ")) }

// FindKEK reads the keyset from a file of its own, and makes it if nothing says that there was one. A keyset that lies in the
// folder of keys, where it was kept once, is copied out; Encrypt removes it there. made says that the file is new.
func FindKEK(path, dir string) (text string, made bool, err error) {
	if err := apart(path, dir); err != nil {
		return "", false, err
	}
	content, err := os.ReadFile(filepath.Clean(path))
	if err == nil {
		_, err = ReadKEK(string(content))
		return strings.TrimSpace(string(content)), false, err
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", false, fmt.Errorf("KEY_ENCRYPTION_KEY_FILE: %w", err)
	}
	if text, err = firstKEK(dir); err != nil {
		return "", false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", false, fmt.Errorf("KEY_ENCRYPTION_KEY_FILE: %w", err)
	}
	if err := writeFile(path, []byte(text+"\n")); err != nil {
		return "", false, fmt.Errorf("KEY_ENCRYPTION_KEY_FILE: %w", err)
	}
	return text, true, nil
}

// firstKEK is the keyset of a folder that has none elsewhere: the one that lies in it, else a new one.
func firstKEK(dir string) (string, error) {
	content, err := os.ReadFile(filepath.Join(dir, fileKEK))
	if err == nil {
		_, err = ReadKEK(string(content))
		return strings.TrimSpace(string(content)), err
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("KEYS_DIR: %w", err)
	}
	for _, name := range private {
		if content, err := os.ReadFile(filepath.Join(dir, name)); err == nil && isSealed(content) {
			return "", ErrKEKLost
		}
	}
	k, err := MakeKEK()
	if err != nil {
		return "", err
	}
	return k.Text()
}

// Encrypt encrypts every private file of a folder that is not yet: those that a certification body gave, and those of a folder from
// when they lay in clear. The keyset is removed from the folder, last, if it is the one that is given. It returns the names of the files it
// changed. Interrupted, it is run again.
func Encrypt(dir, kek string) ([]string, error) {
	k, err := ReadKEK(kek)
	if err != nil {
		return nil, err
	}
	if err := k.checkInside(dir); err != nil {
		return nil, err
	}
	var done []string
	for _, name := range private {
		path := filepath.Join(dir, name)
		content, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return done, fmt.Errorf("KEYS_DIR: %w", err)
		}
		if isSealed(content) {
			if _, err := k.open(name, content); err != nil {
				return done, fmt.Errorf("KEYS_DIR: %w", err)
			}
			continue
		}
		sealed, err := k.seal(name, content)
		if err == nil {
			err = writeFile(path, sealed)
		}
		if err != nil {
			return done, fmt.Errorf("KEYS_DIR: %w", err)
		}
		done = append(done, name)
	}
	if err := os.Remove(filepath.Join(dir, fileKEK)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return done, fmt.Errorf("KEYS_DIR: %w", err)
	}
	return done, nil
}

// Opens says whether the private files of a folder, by their names, are all there and open with a keyset.
func Opens(files map[string][]byte, kek string) error {
	k, err := ReadKEK(kek)
	if err != nil {
		return err
	}
	for _, name := range private {
		content, ok := files[name]
		if !ok && name == fileNext {
			continue
		}
		if !ok {
			return fmt.Errorf("there is no %s", name)
		}
		if _, err := k.open(name, content); err != nil {
			return err
		}
	}
	return nil
}

// checkInside refuses a folder in which there lies another keyset: data may be wrapped with it.
func (k *KEK) checkInside(dir string) error {
	content, err := os.ReadFile(filepath.Join(dir, fileKEK))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("KEYS_DIR: %w", err)
	}
	there, err := ReadKEK(string(content))
	if err != nil {
		return fmt.Errorf("%s: %w", fileKEK, err)
	}
	if !covers(k.handle, there.handle) {
		return fmt.Errorf("KEYS_DIR: %s holds keys that KEY_ENCRYPTION_KEY does not: data may be wrapped with them", fileKEK)
	}
	return nil
}

// covers says whether every key of b is in a, by what it opens.
func covers(a, b *keyset.Handle) bool {
	in := map[uint32]bool{}
	for _, info := range a.KeysetInfo().GetKeyInfo() {
		in[info.GetKeyId()] = true
	}
	for _, info := range b.KeysetInfo().GetKeyInfo() {
		if !in[info.GetKeyId()] {
			return false
		}
	}
	whole, err := aead.New(a)
	if err != nil {
		return false
	}
	part, err := aead.New(b)
	if err != nil {
		return false
	}
	probe, err := part.Encrypt([]byte(sealMark), nil)
	if err != nil {
		return false
	}
	_, err = whole.Decrypt(probe, nil)
	return err == nil
}

// writeFile puts a file there, for its owner alone, so that after a crash either the old or the new one is there, whole.
func writeFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // made for its owner alone
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
