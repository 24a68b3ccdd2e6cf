// Package tsa is a small timestamp authority (RFC 3161) for the demonstration and for tests. Nobody believes it: its certificate is made on the
// spot, its key lies beside the data that it stamps, and its clock is this machine's. In production an authority is somebody else.
package tsa

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"time"

	"mandat/internal/certs"
)

// Authority gives timestamps.
type Authority struct {
	pair certs.Pair
	now  func() time.Time
}

// leafName is the name under which Open keeps its pair.
const leafName = "stamp"

// New makes an authority that is gone with the program.
func New(now func() time.Time) (*Authority, error) {
	root, err := certs.NewAuthority(now())
	if err != nil {
		return nil, err
	}
	leaf, err := certs.NewTimestamping(root, now())
	return &Authority{leaf, now}, err
}

// With is an authority that signs with a pair, whatever its certificate is for.
func With(pair certs.Pair, now func() time.Time) *Authority { return &Authority{pair, now} }

// Open finds the authority that is kept in a folder, or makes it.
func Open(dir string, now func() time.Time) (*Authority, error) {
	leaf, err := certs.Load(dir, leafName)
	if err == nil {
		return &Authority{leaf, now}, nil
	}
	a, err := New(now)
	if err != nil {
		return nil, err
	}
	return a, a.pair.Save(dir, leafName)
}

// PEM is the certificate to be trusted.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root().Raw})
}

// Roots is the same for who checks.
func (a *Authority) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root())
	return pool
}

func (a *Authority) root() *x509.Certificate { return a.pair.Chain[len(a.pair.Chain)-1] }

var (
	oidSHA256             = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidECDSAWithSHA256    = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidSignedData         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo            = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertificate = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidPolicy             = asn1.ObjectIdentifier{2, 25, 1} // nobody's: there is no policy
)

type imprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Hash      []byte
}

type query struct {
	Version int
	Imprint imprint
	Policy  asn1.ObjectIdentifier `asn1:"optional"`
	Nonce   *big.Int              `asn1:"optional"`
	Certs   bool                  `asn1:"optional"`
}

type info struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint imprint
	Serial  *big.Int
	Time    time.Time `asn1:"generalized"`
	Nonce   *big.Int  `asn1:"optional"`
}

type status struct{ Status int }

// Handler answers timestamp queries.
func (a *Authority) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 8<<10))
		var q query
		if err == nil {
			_, err = asn1.Unmarshal(body, &q)
		}
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" || err != nil {
			http.Error(w, "not a timestamp query", http.StatusBadRequest)
			return
		}
		reply, err := a.reply(q)
		if err != nil {
			http.Error(w, "no timestamp could be made", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(reply)
	})
}

func (a *Authority) reply(q query) ([]byte, error) {
	if q.Version != 1 || !q.Imprint.Algorithm.Algorithm.Equal(oidSHA256) || len(q.Imprint.Hash) != sha256.Size {
		return asn1.Marshal(struct{ Status status }{status{2}}) // rejected
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, err
	}
	content, err := asn1.Marshal(info{Version: 1, Policy: oidPolicy, Imprint: q.Imprint, Serial: serial, Time: a.now().UTC().Truncate(time.Second), Nonce: q.Nonce})
	if err != nil {
		return nil, err
	}
	token, err := a.sign(content)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(struct {
		Status status
		Token  asn1.RawValue
	}{status{0}, asn1.RawValue{FullBytes: token}})
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []any `asn1:"set"`
}

type signer struct {
	Version int
	Signer  struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
}

// sign makes the CMS around the content (RFC 5652).
func (a *Authority) sign(content []byte) ([]byte, error) {
	leaf := a.pair.Certificate()
	attributes, err := attributesOf(content, leaf)
	if err != nil {
		return nil, err
	}
	set, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: attributes})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(set)
	s := signer{Version: 1, Digest: pkix.AlgorithmIdentifier{Algorithm: oidSHA256}, Attributes: implicit0(attributes), Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidECDSAWithSHA256}}
	s.Signer.Issuer, s.Signer.Serial = asn1.RawValue{FullBytes: leaf.RawIssuer}, leaf.SerialNumber
	if s.Signature, err = a.pair.Key.Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	var chain []byte
	for _, c := range a.pair.Chain {
		chain = append(chain, c.Raw...)
	}
	octets, err := asn1.Marshal(content)
	if err != nil {
		return nil, err
	}
	type encapsulated struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}
	type signed struct {
		Version      int
		Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
		Content      encapsulated
		Certificates asn1.RawValue
		Signers      []signer `asn1:"set"`
	}
	inner, err := asn1.Marshal(signed{3, []pkix.AlgorithmIdentifier{{Algorithm: oidSHA256}}, encapsulated{oidTSTInfo, implicit0(octets)}, implicit0(chain), []signer{s}})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(encapsulated{oidSignedData, implicit0(inner)})
}

func implicit0(content []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: content}
}

func attributesOf(content []byte, leaf *x509.Certificate) ([]byte, error) {
	digest, certificate := sha256.Sum256(content), sha256.Sum256(leaf.Raw)
	type certificateID struct{ Hash []byte }
	type signingCertificate struct{ Certificates []certificateID }
	var encoded [][]byte
	var faults []error
	for _, one := range []attribute{{oidContentType, []any{oidTSTInfo}}, {oidMessageDigest, []any{digest[:]}}, {oidSigningCertificate, []any{signingCertificate{[]certificateID{{certificate[:]}}}}}} {
		der, err := asn1.Marshal(one)
		encoded, faults = append(encoded, der), append(faults, err)
	}
	slices.SortFunc(encoded, bytes.Compare)
	return bytes.Join(encoded, nil), errors.Join(faults...)
}
