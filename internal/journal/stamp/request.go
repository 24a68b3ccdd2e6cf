package stamp

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// The media types of a question and its answer (RFC 3161 section 3.4).
const (
	QueryType = "application/timestamp-query"
	ReplyType = "application/timestamp-reply"
)

// MaxToken is the most bytes a timestamp may have: one with its chain of certificates has some 2 to 8 KiB.
const MaxToken = 32 << 10

var oidSHA256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}

type messageImprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Hash      []byte
}

// request is TimeStampReq.
type request struct {
	Version int
	Imprint messageImprint
	Nonce   *big.Int
	Certs   bool `asn1:"optional"`
}

// Request is the question for a timestamp over a SHA-256, with a number that the answer repeats. The authority's certificates are
// asked for too, so that the timestamp can be checked when it is gone.
func Request(sum [32]byte, nonce *big.Int) ([]byte, error) {
	der, err := asn1.Marshal(request{Version: 1, Imprint: messageImprint{pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}, sum[:]}, Nonce: nonce, Certs: true})
	if err != nil {
		return nil, fmt.Errorf("ask for a timestamp: %w", err)
	}
	return der, nil
}

// response is TimeStampResp.
type response struct {
	Status struct {
		Status int
		Text   []string       `asn1:"optional,utf8"`
		Fail   asn1.BitString `asn1:"optional"`
	}
	Token asn1.RawValue `asn1:"optional"`
}

var errRefused = errors.New("the authority gave no timestamp")

// Token takes the timestamp from an answer. It checks nothing of it.
func Token(reply []byte) ([]byte, error) {
	var r response
	if rest, err := asn1.Unmarshal(reply, &r); err != nil || len(rest) > 0 {
		return nil, errors.New("not an answer of a timestamp authority")
	}
	if r.Status.Status > 1 || len(r.Token.FullBytes) == 0 { // granted, or granted with changes (RFC 3161 section 2.4.2)
		return nil, fmt.Errorf("%w: status %d", errRefused, r.Status.Status)
	}
	return r.Token.FullBytes, nil
}
