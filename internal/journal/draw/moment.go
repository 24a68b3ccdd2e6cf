package draw

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"mandat/internal/journal/format"
	"mandat/internal/journal/stamp"
	"mandat/internal/journal/verify"
)

// Kept is a checkpoint that was kept, with the cosignatures behind our signatures, and its timestamp.
type Kept struct {
	Signed []byte // nil: there is none any more
	Stamp  []byte // DER; nil: it has none
}

// Source gives the first kept checkpoint of more than after entries, of those that have a timestamp if stamped. It is asked with growing sizes.
type Source func(ctx context.Context, after int64, stamped bool) (Kept, error)

// Cosignature is a witness' word on a checkpoint.
type Cosignature struct {
	Raw []byte    // as it stands in the note: hash of the key, time, signature
	At  time.Time // by the witness' clock
}

// Moment is from what a sample is drawn.
type Moment struct {
	Witnessed    format.Checkpoint // the first that covers the order and that all witnesses of the order have cosigned
	Drawn        format.Checkpoint // the first larger one that they have cosigned, and that bears a timestamp
	Cosignatures []Cosignature     // on Drawn, in the order's sequence
	Stamp        stamp.Stamp       // of Drawn
	Token        []byte            // the timestamp, in DER
}

// Why there is nothing to draw from.
var (
	ErrUnwitnessed = errors.New("the order is under no checkpoint yet that its witnesses have cosigned")
	ErrUndrawn     = errors.New("there is no larger checkpoint yet that its witnesses have cosigned and its authority has stamped")
	ErrLapsed      = errors.New("the witnesses and the authority have spoken too late for this order")
)

// seer looks at checkpoints for one order.
type seer struct {
	Placed
	logs      *format.Keys
	witnesses []verify.Witness
	roots     *x509.CertPool
	end       time.Time
}

// MomentOf finds it. With ErrUndrawn comes the Moment with Witnessed, and with ErrLapsed what there is.
func MomentOf(ctx context.Context, o Placed, t Trust, from Source) (Moment, error) {
	var m Moment
	s := seer{Placed: o, logs: t.Policy.Keys()}
	var err error
	if s.witnesses, s.roots, err = t.bound(o.Order); err != nil {
		return m, err
	}
	if s.end, err = time.Parse(timeFormat, o.EndsAt); err != nil {
		return m, ErrOrder
	}
	for m.Witnessed.Size == 0 {
		k, c, err := s.next(ctx, from, max(o.Place, m.Drawn.Size), false)
		if err != nil {
			return m, err
		}
		if k.Signed == nil {
			return Moment{}, ErrUnwitnessed
		}
		m.Drawn = c // how far was looked
		if by, ok := s.cosigned(k.Signed, c); ok {
			m.Witnessed = c
			if s.late(by) {
				return m, ErrLapsed
			}
		}
	}
	for {
		k, c, err := s.next(ctx, from, m.Drawn.Size, true)
		if err != nil {
			return m, err
		}
		if k.Signed == nil {
			m.Drawn = format.Checkpoint{}
			return m, ErrUndrawn
		}
		m.Drawn = c
		by, ok := s.cosigned(k.Signed, c)
		if !ok {
			continue
		}
		given, err := stamp.Verify(k.Stamp, stamp.Sum([]byte(c.Text())), s.roots)
		if err != nil {
			continue
		}
		m.Cosignatures, m.Stamp, m.Token = by, given, k.Stamp
		if s.late(by) || given.At.After(s.end) {
			return m, ErrLapsed
		}
		return m, nil
	}
}

// next is the next kept checkpoint that the log has signed. That the source's are of one tree, who verified the log knows.
func (s *seer) next(ctx context.Context, from Source, after int64, stamped bool) (Kept, format.Checkpoint, error) {
	k, err := from(ctx, after, stamped)
	if err != nil || k.Signed == nil {
		return Kept{}, format.Checkpoint{}, err
	}
	c, err := format.OpenCheckpoint(k.Signed, s.logs)
	if err == nil && c.Size <= after {
		err = errors.New("a checkpoint is given again")
	}
	return k, c, err
}

func (s *seer) late(by []Cosignature) bool {
	for _, c := range by {
		if c.At.After(s.end) {
			return true
		}
	}
	return false
}

// cosigned are the cosignatures of all of the order's witnesses, in its sequence. Where one has given several on the same checkpoint, the
// earliest counts.
func (s *seer) cosigned(signed []byte, c format.Checkpoint) ([]Cosignature, bool) {
	text := format.TextOf(string(signed))
	if text != c.Text() {
		return nil, false // it has extensions, which nothing here is over
	}
	out := make([]Cosignature, len(s.witnesses))
	for line := range strings.SplitSeq(strings.TrimPrefix(string(signed), text+"\n"), "\n") {
		name, encoded, ok := strings.Cut(strings.TrimPrefix(line, "— "), " ")
		if !ok {
			continue
		}
		for i, w := range s.witnesses {
			if name != w.Key.Name() {
				continue
			}
			got, ok := cosignature(w, text, encoded)
			if ok && (out[i].Raw == nil || got.At.Before(out[i].At)) {
				out[i] = got
			}
		}
	}
	for _, got := range out {
		if got.Raw == nil {
			return nil, false
		}
	}
	return out, true
}

// cosignature reads one as it stands in a note, in its one form (C2SP signed-note, tlog-cosignature).
func cosignature(w verify.Witness, text, encoded string) (Cosignature, bool) {
	raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) <= 4 || binary.BigEndian.Uint32(raw) != w.Key.KeyHash() || !w.Key.Verify([]byte(text), raw[4:]) {
		return Cosignature{}, false
	}
	at, err := fnote.CoSigV1Timestamp(note.Signature{Name: w.Key.Name(), Hash: w.Key.KeyHash(), Base64: encoded})
	return Cosignature{Raw: raw, At: at}, err == nil
}
