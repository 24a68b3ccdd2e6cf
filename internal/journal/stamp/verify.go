package stamp

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // which certificate signed is told by it in older timestamps, next to the signature (RFC 3161 section 2.4.1)
	"crypto/sha256"
	_ "crypto/sha512" // SHA-384 and SHA-512, in digests
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// Stamp is what a timestamp says that was found good.
type Stamp struct {
	At        time.Time // by the authority's clock
	Authority string    // as its certificate names it
	Nonce     *big.Int  // of the question; nil: it had none
	Signature []byte    // what of the authority's nobody else can spell otherwise (fixed)
}

// Errors of Verify.
var (
	ErrOther     = errors.New("the timestamp is of something else")
	ErrSignature = errors.New("the timestamp is not signed by the authority that it names")
	ErrAuthority = errors.New("the timestamp is not by an authority that is trusted")
)

var digests = map[string]crypto.Hash{oidSHA256.String(): crypto.SHA256, "2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512}

// algorithms of signatures. rsaEncryption says nothing of the digest, which then stands beside it.
var algorithms = map[string]x509.SignatureAlgorithm{
	"1.2.840.113549.1.1.11": x509.SHA256WithRSA, "1.2.840.113549.1.1.12": x509.SHA384WithRSA, "1.2.840.113549.1.1.13": x509.SHA512WithRSA,
	"1.2.840.10045.4.3.2": x509.ECDSAWithSHA256, "1.2.840.10045.4.3.3": x509.ECDSAWithSHA384, "1.2.840.10045.4.3.4": x509.ECDSAWithSHA512,
}

const oidRSA = "1.2.840.113549.1.1.1"

var plainRSA = map[crypto.Hash]x509.SignatureAlgorithm{crypto.SHA256: x509.SHA256WithRSA, crypto.SHA384: x509.SHA384WithRSA, crypto.SHA512: x509.SHA512WithRSA}

// Verify checks that a timestamp (DER) is of these bytes' SHA-256, signed by who it says, and that they are an authority for timestamps below
// one of the roots, by certificates that were valid at its time.
func Verify(der []byte, sum [32]byte, roots *x509.CertPool) (Stamp, error) {
	t, err := parseToken(der)
	if err != nil {
		return Stamp{}, err
	}
	if !t.info.Imprint.Algorithm.Algorithm.Equal(oidSHA256) || !bytes.Equal(t.info.Imprint.Hash, sum[:]) {
		return Stamp{}, ErrOther
	}
	c := t.certificate()
	if c == nil || !t.signedBy(c) {
		return Stamp{}, ErrSignature
	}
	if err := authorised(c, t.certificates, roots, t.info.Time); err != nil {
		return Stamp{}, fmt.Errorf("%w: %w", ErrAuthority, err)
	}
	return Stamp{At: t.info.Time.UTC(), Authority: c.Subject.String(), Nonce: t.info.Nonce, Signature: fixed(t.signer.Signature, c)}, nil
}

// fixed is what of a good signature only who has the key can make: all of one by RSA. One by ECDSA is two numbers, r and s, and anybody who has it can make the other good one of the
// same r, with n - s: it is r alone, as the contents of its INTEGER in DER.
func fixed(signature []byte, by *x509.Certificate) []byte {
	if by.PublicKeyAlgorithm != x509.ECDSA {
		return signature
	}
	var two struct{ R, S asn1.RawValue }
	whole(signature, &two) // a good one is these two numbers
	return two.R.Bytes
}

// signedBy reports whether the signature is over the content, and by the key of this certificate, which the signature names.
func (t *token) signedBy(c *x509.Certificate) bool {
	digest, ok := digests[t.signer.Digest.Algorithm.String()]
	values, signed, ok2 := t.attributes()
	if !ok || !ok2 {
		return false
	}
	var kind asn1.ObjectIdentifier
	var sum []byte
	h := digest.New()
	h.Write(t.content)
	if !whole(values[oidContentType.String()].FullBytes, &kind) || !kind.Equal(oidTSTInfo) ||
		!whole(values[oidMessageDigest.String()].FullBytes, &sum) || !bytes.Equal(sum, h.Sum(nil)) || !namesCertificate(values, c) {
		return false
	}
	algorithm, ok := algorithms[t.signer.SignatureAlgorithm.Algorithm.String()]
	if !ok && t.signer.SignatureAlgorithm.Algorithm.String() == oidRSA {
		algorithm, ok = plainRSA[digest]
	}
	return ok && c.CheckSignature(algorithm, signed, t.signer.Signature) == nil
}

// namesCertificate reports whether the signed attributes name the certificate, by its hash (RFC 5035): so that none that somebody else got for
// the same key can be put in its place.
func namesCertificate(values map[string]asn1.RawValue, c *x509.Certificate) bool {
	if v, ok := values[oidSigningCertificateV2.String()]; ok {
		var s struct {
			Certificates []struct {
				Algorithm pkix.AlgorithmIdentifier `asn1:"optional"`
				Hash      []byte
				Issuer    asn1.RawValue `asn1:"optional"`
			}
			Policies asn1.RawValue `asn1:"optional"`
		}
		if !whole(v.FullBytes, &s) || len(s.Certificates) == 0 {
			return false
		}
		first := s.Certificates[0]
		digest := crypto.SHA256
		if len(first.Algorithm.Algorithm) > 0 {
			var ok bool
			if digest, ok = digests[first.Algorithm.Algorithm.String()]; !ok {
				return false
			}
		}
		h := digest.New()
		h.Write(c.Raw)
		return bytes.Equal(h.Sum(nil), first.Hash)
	}
	var s struct {
		Certificates []struct {
			Hash   []byte
			Issuer asn1.RawValue `asn1:"optional"`
		}
		Policies asn1.RawValue `asn1:"optional"`
	}
	v, ok := values[oidSigningCertificate.String()]
	sum := sha1.Sum(c.Raw) //nolint:gosec // as above
	return ok && whole(v.FullBytes, &s) && len(s.Certificates) > 0 && bytes.Equal(s.Certificates[0].Hash, sum[:])
}

var oidExtKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}

// authorised checks that a certificate is for timestamps and nothing else (RFC 3161 section 2.3), and below one of the roots.
func authorised(c *x509.Certificate, others []*x509.Certificate, roots *x509.CertPool, at time.Time) error {
	critical := slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidExtKeyUsage) && e.Critical })
	if !critical || len(c.UnknownExtKeyUsage) > 0 || !slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}) {
		return errors.New("its certificate is not for timestamps alone")
	}
	between := x509.NewCertPool()
	for _, other := range others {
		between.AddCert(other)
	}
	_, err := c.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}})
	return err
}

// Sum is the SHA-256 that a timestamp is asked over.
func Sum(b []byte) [32]byte { return sha256.Sum256(b) }
