package verify

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"time"

	tdproof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"mandat/internal/journal/format"
	"mandat/internal/journal/stamp"
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

// Stamped checks a timestamp of the checkpoint of a proof, and the entry's own time by it: the entry was there when the timestamp was given.
func (p Proven) Stamped(token []byte, roots *x509.CertPool) (time.Time, error) {
	got, err := stamp.Verify(token, stamp.Sum([]byte(p.Checkpoint.Text())), roots)
	if err != nil {
		return time.Time{}, faultIn("the timestamp is not one of the proof's checkpoint: %v", err)
	}
	if p.Body == nil {
		return got.At, nil
	}
	at, ok := timeOf(p.Body)
	if !ok {
		return time.Time{}, faultAt(p.Index, "has no time in the form that entries have")
	}
	if clockOf(got.At.Add(Tolerance)).before(at) {
		return time.Time{}, faultAt(p.Index, "is dated %s, after the timestamp, of %s", at[:], got.At.Format(time.RFC3339))
	}
	return got.At, nil
}

func included(c format.Checkpoint, index int64, leaf format.Hash, path [][len(format.Hash{})]byte) bool {
	hashes := make([][]byte, len(path))
	for n := range path {
		hashes[n] = path[n][:]
	}
	return index < c.Size && proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(c.Size), leaf[:], hashes, c.Root[:]) == nil //nolint:gosec // both were parsed as not negative
}
