package client

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"mandat/internal/token"
)

// minSecret is the least number of characters of a client's secret. It is what FranceConnect's registration demands.
const minSecret = 32

// Secret is the SHA-256 of a client's secret. A secret has at least 32 characters of chance, so one round of hashing is
// enough, and a wrong guess costs us nothing (a slow hash here is a way to burn a server's processor).
type Secret struct {
	hash   []byte
	clear  []byte // nil when only the hash is known
	former []byte // hash of the one before, while it counts
}

// NewSecret returns the secret that is known in clear.
func NewSecret(clear string) Secret { return Secret{hash: token.Hash(clear), clear: []byte(clear)} }

// Matches reports whether a secret that was presented is this one, in a time that tells nothing of it.
func (s Secret) Matches(presented string) bool {
	now, before := token.Matches(presented, s.hash), token.Matches(presented, s.former)
	return now || before
}

// Clear is the secret itself, the key of HS256; nil when only its hash is known.
func (s Secret) Clear() []byte { return s.clear }

// String keeps the secret out of logs.
func (Secret) String() string { return "[redacted]" }

// MarshalJSON keeps the secret out of everything that is written.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

// UnmarshalJSON reads a secret in clear or as its hash.
func (s *Secret) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return errors.New("client_secret: not a text")
	}
	if digest, ok := strings.CutPrefix(text, "sha256:"); ok {
		hash, err := base64.RawURLEncoding.DecodeString(digest)
		if err != nil || len(hash) != 32 {
			return errors.New("client_secret: after sha256: come 43 characters of base64url")
		}
		*s = Secret{hash: hash}
		return nil
	}
	if len(text) < minSecret {
		return fmt.Errorf("client_secret: shorter than %d characters", minSecret)
	}
	*s = NewSecret(text)
	return nil
}
