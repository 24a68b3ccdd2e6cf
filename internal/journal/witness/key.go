package witness

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// algorithm is the type of an Ed25519 key for cosignatures (C2SP signed-note).
const algorithm = 4

// Key signs cosignatures. Its text forms hide it.
type Key struct {
	name    string
	private ed25519.PrivateKey
}

// GenerateKey makes the key of a new witness. name is by custom an address without scheme, such as "temoin.example/mandat".
func GenerateKey(name string) (Key, error) {
	if name == "" || len(name) > 255 || !utf8.ValidString(name) || strings.Contains(name, "+") || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return Key{}, fmt.Errorf("the witness' name %q: want a host and a path of yours without https://, blanks or +", name)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, fmt.Errorf("generate the witness' key: %w", err)
	}
	return Key{name, private}, nil
}

// secretPrefix begins the text of a secret key.
const secretPrefix = "PRIVATE+KEY+"

var errKey = errors.New("not a witness' key")

// ParseKey reads a key that Secret wrote. Its errors do not repeat it.
func ParseKey(secret string) (Key, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(secret), secretPrefix)
	fields := strings.SplitN(rest, "+", 3)
	if !ok || len(fields) != 3 {
		return Key{}, errKey
	}
	raw, err := base64.StdEncoding.DecodeString(fields[2])
	if err != nil || len(raw) != 1+ed25519.SeedSize || raw[0] != algorithm {
		return Key{}, errKey
	}
	k := Key{fields[0], ed25519.NewKeyFromSeed(raw[1:])}
	if k.id() != fields[1] {
		return Key{}, errKey
	}
	return k, nil
}

// Secret is the key as its file holds it.
func (k Key) Secret() string {
	return secretPrefix + k.name + "+" + k.id() + "+" + base64.StdEncoding.EncodeToString(append([]byte{algorithm}, k.private.Seed()...))
}

// VerifierKey is the public key as it stands in policy files.
func (k Key) VerifierKey() string {
	return k.name + "+" + k.id() + "+" + base64.StdEncoding.EncodeToString(k.typed())
}

// Name is the witness' name on its cosignatures.
func (k Key) Name() string { return k.name }

func (k Key) typed() []byte {
	public, _ := k.private.Public().(ed25519.PublicKey)
	return append([]byte{algorithm}, public...)
}

func (k Key) hash() []byte {
	sum := sha256.Sum256(append([]byte(k.name+"\n"), k.typed()...))
	return sum[:4]
}

func (k Key) id() string { return fmt.Sprintf("%x", k.hash()) }

// Cosign returns the signature line over a checkpoint's text: that at this time, no larger tree of the log was seen.
func (k Key) Cosign(text string, at time.Time) string {
	seconds := at.Unix()
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", seconds, text)
	b := binary.BigEndian.AppendUint64(k.hash(), uint64(seconds)) //nolint:gosec // after 1970
	b = append(b, ed25519.Sign(k.private, []byte(message))...)
	return "— " + k.name + " " + base64.StdEncoding.EncodeToString(b) + "\n"
}

// String hides the key.
func (k Key) String() string { return "key of the witness " + k.name }

// GoString hides the key.
func (k Key) GoString() string { return k.String() }
