package pdf

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
)

// The CMS of the seal (RFC 5652), with the signed attributes of PAdES B-B:
// content type, message digest, and the signing certificate (RFC 5035).

var (
	oidData               = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertificate = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidSHA256             = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidECDSAWithSHA256    = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidSHA256WithRSA      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
)

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content any `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version          int
	DigestAlgorithms []pkix.AlgorithmIdentifier `asn1:"set"`
	Content          struct{ Type asn1.ObjectIdentifier }
	Certificates     asn1.RawValue
	Signers          []signerInfo `asn1:"set"`
}

type signerInfo struct {
	Version            int
	Signer             issuerAndSerial
	DigestAlgorithm    pkix.AlgorithmIdentifier
	SignedAttributes   asn1.RawValue
	SignatureAlgorithm pkix.AlgorithmIdentifier
	Signature          []byte
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []any `asn1:"set"`
}

// signingCertificate is SigningCertificateV2; the hash is SHA-256, which is
// the default and so not named.
type signingCertificate struct {
	Certificates []struct{ Hash []byte }
}

// signedData signs the digest of the document and returns the CMS in DER.
func (s *Sealer) signedData(digest []byte) ([]byte, error) {
	attributes, err := s.attributes(digest)
	if err != nil {
		return nil, fmt.Errorf("encode attributes: %w", err)
	}
	// Signed as a SET (tag 0x31), sent under the implicit tag [0].
	set, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: attributes})
	if err != nil {
		return nil, fmt.Errorf("encode attributes: %w", err)
	}
	hash := sha256.Sum256(set)
	signature, err := s.key.Sign(nil, hash[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if err := s.chain[0].CheckSignature(s.algorithm, set, signature); err != nil {
		return nil, fmt.Errorf("check own signature: %w", err)
	}
	return asn1.Marshal(contentInfo{oidSignedData, s.envelope(attributes, signature)})
}

func (s *Sealer) envelope(attributes, signature []byte) signedData {
	sha := pkix.AlgorithmIdentifier{Algorithm: oidSHA256}
	var certificates []byte
	for _, c := range s.chain {
		certificates = append(certificates, c.Raw...)
	}
	leaf := s.chain[0]
	sd := signedData{
		Version:          1,
		DigestAlgorithms: []pkix.AlgorithmIdentifier{sha},
		Certificates:     implicit0(certificates),
		Signers: []signerInfo{{
			Version:            1,
			Signer:             issuerAndSerial{asn1.RawValue{FullBytes: leaf.RawIssuer}, leaf.SerialNumber},
			DigestAlgorithm:    sha,
			SignedAttributes:   implicit0(attributes),
			SignatureAlgorithm: s.signatureAlgorithm(),
			Signature:          signature,
		}},
	}
	sd.Content.Type = oidData
	return sd
}

func implicit0(content []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: content}
}

func (s *Sealer) signatureAlgorithm() pkix.AlgorithmIdentifier {
	if s.algorithm == x509.SHA256WithRSA {
		return pkix.AlgorithmIdentifier{Algorithm: oidSHA256WithRSA, Parameters: asn1.NullRawValue}
	}
	return pkix.AlgorithmIdentifier{Algorithm: oidECDSAWithSHA256}
}

// attributes encodes the signed attributes in the order DER wants in a set.
func (s *Sealer) attributes(digest []byte) ([]byte, error) {
	certificate := sha256.Sum256(s.chain[0].Raw)
	var encoded [][]byte
	for _, a := range []attribute{
		{oidContentType, []any{oidData}},
		{oidMessageDigest, []any{digest}},
		{oidSigningCertificate, []any{signingCertificate{[]struct{ Hash []byte }{{certificate[:]}}}}},
	} {
		der, err := asn1.Marshal(a)
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, der)
	}
	slices.SortFunc(encoded, bytes.Compare)
	return bytes.Join(encoded, nil), nil
}
