package tree

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"mandat/internal/journal/format"
)

// Signer signs checkpoints. Its text forms hide the key.
type Signer struct {
	signer   note.Signer
	verifier note.Verifier
	vkey     string
}

// GenerateKey makes the key pair of a new log. origin is the log's name for ever, by custom its address without scheme,
// such as "mandat.example/journal". secret goes to NewSigner, public into policy files (both are C2SP signed-note keys).
func GenerateKey(origin string) (secret, public string, err error) {
	secret, public, err = note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return "", "", fmt.Errorf("generate journal key: %w", err)
	}
	if _, err := NewSigner(secret); err != nil {
		return "", "", err
	}
	return secret, public, nil
}

// NewSigner reads a secret key that GenerateKey made ("PRIVATE+KEY+…"). Its errors do not repeat it.
func NewSigner(secret string) (*Signer, error) {
	secret = strings.TrimSpace(secret)
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, errors.New("journal key: not a signed-note Ed25519 key")
	}
	fields := strings.SplitN(secret, "+", 5) // PRIVATE+KEY+<origin>+<hash>+<base64, which may hold a plus>
	raw, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return nil, errors.New("journal key: not a signed-note Ed25519 key") // cannot be, NewSigner read it
	}
	public, _ := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(signer.Name(), public)
	if err != nil {
		return nil, fmt.Errorf("journal key: %w", err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fmt.Errorf("journal key: %w", err)
	}
	return &Signer{signer: signer, verifier: verifier, vkey: vkey}, nil
}

// Sign returns the signed note of a tree.
func (s *Signer) Sign(size int64, root format.Hash) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: format.Checkpoint{Origin: s.Origin(), Size: size, Root: root}.Text()}, s.signer)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return signed, nil
}

// Origin is the log's name, the first line of its checkpoints.
func (s *Signer) Origin() string { return s.signer.Name() }

// VerifierKey is the public key as it stands in policy files.
func (s *Signer) VerifierKey() string { return s.vkey }

// Policy is a policy file that trusts this log without witnesses (C2SP tlog-policy). address is where the log is
// published, such as "https://mandat.example/journal", or "".
func (s *Signer) Policy(address string) string {
	return strings.TrimSpace("log "+s.vkey+" "+address) + "\nquorum none\n"
}

// String hides the key.
func (s *Signer) String() string { return "signer of " + s.Origin() }

// GoString hides the key.
func (s *Signer) GoString() string { return s.String() }
