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
//
// A log keeps its name for ever, and its key for years. While it passes to another key both sign (With), so that whoever trusts
// one of them can follow. Then the one before ends, at a size and root that policy files name. The database knows how many keys have
// ended, the epoch, so that no server goes on with one of those.
type Signer struct {
	signer note.Signer
	vkey   string
	next   *Signer
	former []format.Key
	keys   *format.Keys
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
	return (&Signer{signer: signer, vkey: vkey}).With(nil, nil)
}

// With returns a signer of the same log that signs with the next key too, if there is one, and knows the keys that ended, in the
// order in which they did.
func (s *Signer) With(next *Signer, former []format.Key) (*Signer, error) {
	if next != nil && next.Origin() != s.Origin() {
		return nil, fmt.Errorf("journal key: the next one is of the log %q", next.Origin())
	}
	out := &Signer{signer: s.signer, vkey: s.vkey, next: next, former: former}
	all := []format.Key{{VKey: s.vkey}}
	if next != nil {
		all = append(all, format.Key{VKey: next.vkey})
	}
	var err error
	if out.keys, err = format.NewKeys(append(all, former...)...); err != nil {
		return nil, fmt.Errorf("journal key: %w", err)
	}
	return out, nil
}

// Witnessed returns a signer of the same log whose published checkpoints a quorum of witnesses has cosigned.
func (s *Signer) Witnessed(q format.Quorum) *Signer {
	out := *s
	out.keys = s.keys.Witnessed(q)
	return &out
}

// Keys are the log's keys: the one that signs, the next one, those that ended.
func (s *Signer) Keys() *format.Keys { return s.keys }

// epoch is how many keys have ended for this server.
func (s *Signer) epoch() int { return len(s.former) }

// lastEpoch is the last one in which this server may sign: with the next key it may when the first one has ended.
func (s *Signer) lastEpoch() int {
	if s.next != nil {
		return len(s.former) + 1
	}
	return len(s.former)
}

// Sign returns the signed note of a tree.
func (s *Signer) Sign(size int64, root format.Hash) ([]byte, error) {
	signers := []note.Signer{s.signer}
	if s.next != nil {
		signers = append(signers, s.next.signer)
	}
	signed, err := note.Sign(&note.Note{Text: format.Checkpoint{Origin: s.Origin(), Size: size, Root: root}.Text()}, signers...)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return signed, nil
}

// Origin is the log's name, the first line of its checkpoints.
func (s *Signer) Origin() string { return s.signer.Name() }

// VerifierKey is the public key as it stands in policy files.
func (s *Signer) VerifierKey() string { return s.vkey }

// Policy is a policy file that trusts this log without witnesses (C2SP tlog-policy, with our keyword for keys that ended). address is
// where the log is published, such as "https://mandat.example/journal", or "".
func (s *Signer) Policy(address string) string { return s.PolicyWith(address, "quorum none\n") }

// PolicyWith is a policy file that trusts this log with witnesses, which the lines name: witness, group and quorum.
func (s *Signer) PolicyWith(address, witnesses string) string {
	var b strings.Builder
	for _, k := range s.keys.All() {
		if k.End != nil {
			b.WriteString("former " + k.Text() + "\n")
			continue
		}
		b.WriteString(strings.TrimSpace("log "+k.VKey+" "+address) + "\n")
	}
	return b.String() + witnesses
}

// String hides the key.
func (s *Signer) String() string { return "signer of " + s.Origin() }

// GoString hides the key.
func (s *Signer) GoString() string { return s.String() }
