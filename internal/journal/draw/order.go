package draw

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"mandat/internal/journal/format"
	"mandat/internal/journal/verify"
)

// The limits of an order.
const (
	Most       = 500                // entries that are drawn
	Term       = 24 * time.Hour     // within which the checkpoint that is drawn from must be witnessed and stamped
	ShareFor   = 7 * 24 * time.Hour // from the order on, within which a share must be given
	ShareGrace = 30 * time.Minute   // after that, within which what was given at the last moment is drawn
)

// timeFormat is how times stand in entries (journal.TimeFormat): texts of one length, in the order of time.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// The actions of the entries that are read here.
const (
	ActionOrdered = "sample.ordered"
	ActionDrawn   = "sample.drawn"
	ActionLapsed  = "sample.lapsed"
)

// Order is the detail of the entry that orders a sample: all that decides what is drawn, but what nobody knows yet.
type Order struct {
	Sample      string     `json:"sample"` // id
	Number      string     `json:"number"` // as people say it
	Population  Population `json:"population"`
	Wanted      int        `json:"wanted"` // entries, at most Most
	Reason      string     `json:"reason"`
	Witnesses   []string   `json:"witnesses"`              // ids of the keys (verify.Witness.ID) that must cosign, in the order in which their cosignatures count
	Authorities []string   `json:"authorities"`            // SHA-256 of the certificates (DER) of the timestamp authority that is believed
	EndsAt      string     `json:"ends_at"`                // by which all of these must have spoken
	Share       string     `json:"share_sha256,omitempty"` // of the share that who ordered it will give
}

// ErrOrder says that an entry orders no sample, or none that can be drawn.
var ErrOrder = errors.New("not the order of a sample")

// ParseOrder reads the entry of an order.
func ParseOrder(body []byte) (Order, error) {
	var e struct {
		Action string `json:"action"`
		At     string `json:"at"`
		Detail Order  `json:"detail"`
	}
	if err := json.Unmarshal(body, &e); err != nil || e.Action != ActionOrdered {
		return Order{}, ErrOrder
	}
	o := e.Detail
	at, err := time.Parse(timeFormat, e.At)
	end, err2 := time.Parse(timeFormat, o.EndsAt)
	switch {
	case err != nil || err2 != nil || !end.Equal(at.Add(Term)):
		return Order{}, fmt.Errorf("%w: its term is not %v after it", ErrOrder, Term)
	case o.Wanted < 1 || o.Wanted > Most:
		return Order{}, fmt.Errorf("%w: of %d entries", ErrOrder, o.Wanted)
	case len(o.Witnesses) == 0 || len(o.Authorities) == 0:
		return Order{}, fmt.Errorf("%w: it names no witness, or no authority", ErrOrder)
	case o.Share != "" && !isHash(o.Share):
		return Order{}, fmt.Errorf("%w: its share is no SHA-256", ErrOrder)
	}
	return o, nil
}

func isHash(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && hex.EncodeToString(b) == s
}

// Share is the secret of who ordered a sample: 32 bytes, as 64 digits in base 16. Its SHA-256 stands in the order, and itself in what was drawn.
type Share string

// ErrShare says that a share is none, or not the one of the order.
var ErrShare = errors.New("not the share to which the order is bound")

// Sum is what stands in the order: the SHA-256 of the share as it is written, without a line feed.
func (s Share) Sum() string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// admits reports whether a share is the order's; an order without one wants none.
func (o Order) admits(s Share) error {
	if o.Share == "" && s == "" || o.Share != "" && isHash(string(s)) && s.Sum() == o.Share {
		return nil
	}
	return ErrShare
}

// Trust is whom somebody who draws, or draws again, believes.
type Trust struct {
	Policy      *verify.Policy      // the log's keys, the witnesses' and their quorum
	Authorities []*x509.Certificate // of timestamps
}

// Why an order cannot be believed.
var (
	ErrQuorum    = errors.New("the policy asks for no witnesses, or the order names one that it does not name, or too few for its quorum")
	ErrAuthority = errors.New("the order is for another timestamp authority")
)

// ParseAuthorities reads the certificates of timestamp authorities from PEM.
func ParseAuthorities(content []byte) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read a certificate: %w", err)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errors.New("no certificate in it")
	}
	return out, nil
}

// CertificateSum is how an order names a certificate.
func CertificateSum(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// bound are the witnesses that an order names, in its sequence, and its authorities.
func (t Trust) bound(o Order) ([]verify.Witness, *x509.CertPool, error) {
	var witnesses []verify.Witness
	for _, id := range o.Witnesses {
		i := slices.IndexFunc(t.Policy.Witnesses(), func(w verify.Witness) bool { return w.ID() == id })
		if i < 0 || slices.ContainsFunc(witnesses, func(w verify.Witness) bool { return w.ID() == id }) {
			return nil, nil, ErrQuorum
		}
		witnesses = append(witnesses, t.Policy.Witnesses()[i])
	}
	if t.Policy.Keys().Quorum() == nil || !t.Policy.Reaches(func(w verify.Witness) bool { return slices.Contains(o.Witnesses, w.ID()) }) {
		return nil, nil, ErrQuorum
	}
	pool, named := x509.NewCertPool(), 0
	for _, c := range t.Authorities {
		if slices.Contains(o.Authorities, CertificateSum(c)) {
			pool.AddCert(c)
			named++
		}
	}
	if named == 0 {
		return nil, nil, ErrAuthority
	}
	return witnesses, pool, nil
}

// Placed is an order where it stands in the log.
type Placed struct {
	Order
	Place      int64
	Commitment format.Hash
}
