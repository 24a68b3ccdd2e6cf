package format

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// MaxCheckpoint is the most bytes a signed checkpoint may have. Ours has about 200; cosignatures add some.
const MaxCheckpoint = 64 << 10

// Checkpoint is what a signature of the log says: of which log, how many entries, and the root of the tree over them
// (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Size   int64
	Root   Hash
}

// Tree is the checkpoint as the tlog package has it.
func (c Checkpoint) Tree() tlog.Tree { return tlog.Tree{N: c.Size, Hash: tlog.Hash(c.Root)} }

// Text is what is signed.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n"
}

// ParseCheckpoint reads the text under the signature: origin, size, root, and lines of extensions, which are ignored.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 || lines[0] == "" {
		return Checkpoint{}, errors.New("checkpoint: not origin, size and root")
	}
	c := Checkpoint{Origin: lines[0]}
	var err error
	if c.Size, err = ParseIndex(lines[1]); err != nil {
		return Checkpoint{}, errors.New("checkpoint: size is not a number")
	}
	if err := decodeHash(&c.Root, lines[2]); err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: root: %w", err)
	}
	return c, nil
}

// TextOf is the text of a signed checkpoint: what the signatures below it are over.
func TextOf(signed string) string {
	text, _, _ := strings.Cut(signed, "\n\n")
	return text + "\n"
}

// MaxIndex bounds sizes and indexes that strangers give, so that sums of them cannot overflow.
const MaxIndex = 1 << 52

// ParseIndex reads a decimal number without sign and leading zeroes.
func ParseIndex(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > MaxIndex || strconv.FormatInt(n, 10) != s {
		return 0, errors.New("not a number in its shortest form")
	}
	return n, nil
}

// ParseHash reads a hash in base64, in its one form.
func ParseHash(s string) (Hash, error) {
	var h Hash
	err := decodeHash(&h, s)
	return h, err
}

func decodeHash(h *Hash, s string) error {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(h) {
		return errors.New("not 32 bytes in base64")
	}
	copy(h[:], b)
	return nil
}
