package format

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Key is a key of a log, and how far its signature counts.
type Key struct {
	VKey string // as C2SP signed-note writes it
	End  *End   // nil: without end
}

// End is where a key of a log ended: its signature counts on trees of at most Size entries, and only if the tree of Size
// entries has this root. Whoever steals it later can sign nothing that follows, nor another log up to there and beyond.
type End struct {
	Size int64
	Root Hash
}

// ID is what tells a key from others of the same log in signatures: the hash in its text.
func (k Key) ID() string {
	if fields := strings.SplitN(k.VKey, "+", 3); len(fields) == 3 {
		return fields[1]
	}
	return ""
}

// Text is the key as a policy file has it after the keyword: of a key that ended, with size and root.
func (k Key) Text() string {
	if k.End == nil {
		return k.VKey
	}
	return fmt.Sprintf("%s %d %s", k.VKey, k.End.Size, base64.StdEncoding.EncodeToString(k.End.Root[:]))
}

// ParseFormer reads the fields of a key that ended, as Text writes them.
func ParseFormer(fields []string) (Key, error) {
	if len(fields) != 3 {
		return Key{}, errors.New("want: <vkey> <size> <root>")
	}
	k := Key{VKey: fields[0], End: &End{}}
	var err error
	if k.End.Size, err = ParseIndex(fields[1]); err != nil {
		return Key{}, errors.New("size is not a number")
	}
	if err := decodeHash(&k.End.Root, fields[2]); err != nil {
		return Key{}, fmt.Errorf("root: %w", err)
	}
	return k, nil
}

// Keys are the keys whose signature on a checkpoint counts: of one log, or of several.
type Keys struct {
	all       []Key
	names     []string // of the logs, as all
	ids       []uint32
	verifiers note.Verifiers
	quorum    Quorum
}

// Quorum says which witnesses must have cosigned a checkpoint.
type Quorum interface {
	Satisfied(signed []byte) bool // by the signatures on it
}

// NewKeys reads keys. None may stand there twice, under whatever name.
func NewKeys(all ...Key) (*Keys, error) {
	k := &Keys{all: all}
	var list []note.Verifier
	var seen []string
	for _, key := range all {
		v, err := note.NewVerifier(key.VKey)
		if err != nil {
			return nil, errors.New("not an Ed25519 verifier key")
		}
		public := strings.SplitN(key.VKey, "+", 3)[2] // <name>+<hash>+<base64, which may hold a plus>
		if slices.Contains(seen, public) {
			return nil, errors.New("the same key twice")
		}
		seen, list = append(seen, public), append(list, v)
		k.names, k.ids = append(k.names, v.Name()), append(k.ids, v.KeyHash())
	}
	k.verifiers = note.VerifierList(list...)
	return k, nil
}

// All lists them.
func (k *Keys) All() []Key { return k.all }

// Witnessed are the same keys, for who takes only checkpoints that a quorum of witnesses has cosigned for the newest. nil asks for none.
func (k *Keys) Witnessed(q Quorum) *Keys {
	out := *k
	out.quorum = q
	return &out
}

// Quorum is what is asked of witnesses; nil: nothing.
func (k *Keys) Quorum() Quorum { return k.quorum }

// Knows reports whether one of the keys is of the log of this name.
func (k *Keys) Knows(origin string) bool { return slices.Contains(k.names, origin) }

// Origins are the names of the logs, each once.
func (k *Keys) Origins() []string {
	out := slices.Sorted(slices.Values(k.names))
	return slices.Compact(out)
}

// Ends are the ends of keys of a log, in any order.
func (k *Keys) Ends(origin string) []End {
	var out []End
	for i, key := range k.all {
		if key.End != nil && k.names[i] == origin {
			out = append(out, *key.End)
		}
	}
	return out
}

// Open reads a signed checkpoint, and returns the ids of the keys whose signatures on it count: at least one. It asks for no cosignature.
func (k *Keys) Open(signed []byte) (Checkpoint, []string, error) {
	if len(signed) > MaxCheckpoint {
		return Checkpoint{}, nil, errors.New("checkpoint: too long")
	}
	n, err := note.Open(signed, k.verifiers)
	if err != nil {
		return Checkpoint{}, nil, errors.New("checkpoint: no signature by a log that the policy names")
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	var by []string
	late := false
	for _, sig := range n.Sigs {
		// Strict, so that a signature has one form: no bit of it can be flipped unseen.
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil || sig.Name != c.Origin {
			continue
		}
		for i, key := range k.all {
			if k.names[i] != sig.Name || k.ids[i] != sig.Hash {
				continue
			}
			if key.End.covers(c) {
				by = append(by, key.ID())
			} else {
				late = true
			}
		}
	}
	switch {
	case len(by) > 0:
		return c, by, nil
	case late:
		return Checkpoint{}, nil, errors.New("checkpoint: signed only by a key that had ended before")
	}
	return Checkpoint{}, nil, errors.New("checkpoint: signed by another log than it names")
}

// covers says whether a key that ends there may have signed c.
func (e *End) covers(c Checkpoint) bool {
	return e == nil || c.Size < e.Size || c.Size == e.Size && c.Root == e.Root
}

// OpenCheckpoint reads a signed checkpoint of one of the logs whose keys are given.
func OpenCheckpoint(signed []byte, keys *Keys) (Checkpoint, error) {
	c, _, err := keys.Open(signed)
	return c, err
}
