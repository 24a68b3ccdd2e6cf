package verify

import (
	"bytes"
	"fmt"

	tdproof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"mandat/internal/journal/format"
)

// maxProof is the most bytes a proof may have.
const maxProof = format.MaxCheckpoint + 64*64

// Proven is what a proof shows.
type Proven struct {
	Checkpoint format.Checkpoint // under which signature
	Index      int64
	Body       []byte // the canonical entry; nil when its time is over
}

// Proof checks a proof and the line of the entry it is about. It needs neither server nor database, only the
// policy that says whose signature counts. What is wrong is a *Fault.
func Proof(text, entry []byte, policy *Policy) (Proven, error) {
	var p tdproof.TLogProof
	if len(text) > maxProof || p.Unmarshal(text) != nil || !bytes.Equal(p.Marshal(), text) || p.Index > format.MaxIndex || len(p.Hashes) > 64 {
		return Proven{}, faultIn("the proof is not a C2SP tlog-proof@v1")
	}
	c, _, err := policy.open(p.Checkpoint)
	if err != nil {
		return Proven{}, faultIn("the proof's %v", err)
	}
	index := int64(p.Index)
	entry = bytes.Clone(bytes.TrimSuffix(entry, []byte("\n")))
	l, what := format.ParseLine(entry)
	leaf := format.LeafHash(l.Commitment)
	switch {
	case what != "":
	case l.Index != index:
		what = fmt.Sprintf("the line is of entry %d", l.Index)
	default:
		what = l.Check(entry)
	}
	if what == "" && !included(c, index, leaf, p.Hashes) {
		what = "the checkpoint's tree does not hold it there"
	}
	if what != "" {
		return Proven{}, &Fault{Index: index, Last: index, Action: actionOf(entry), What: what}
	}
	return Proven{Checkpoint: c, Index: index, Body: l.Body}, nil
}

func included(c format.Checkpoint, index int64, leaf format.Hash, path [][len(format.Hash{})]byte) bool {
	hashes := make([][]byte, len(path))
	for n := range path {
		hashes[n] = path[n][:]
	}
	return index < c.Size && proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(c.Size), leaf[:], hashes, c.Root[:]) == nil //nolint:gosec // both were parsed as not negative
}
