package stamp

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"
)

var (
	oidSignedData           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo              = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertificate   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertificateV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version          int
	DigestAlgorithms []pkix.AlgorithmIdentifier `asn1:"set"`
	Content          struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,optional,tag:0"`
	}
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	CRLs         asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version            int
	Signer             asn1.RawValue // issuer and serial number, or [0] the subject's key identifier
	Digest             pkix.AlgorithmIdentifier
	SignedAttributes   asn1.RawValue `asn1:"optional,tag:0"`
	SignatureAlgorithm pkix.AlgorithmIdentifier
	Signature          []byte
	UnsignedAttributes asn1.RawValue `asn1:"optional,tag:1"`
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

// tstInfo is what the authority signs.
type tstInfo struct {
	Version  int
	Policy   asn1.ObjectIdentifier
	Imprint  messageImprint
	Serial   *big.Int
	Time     time.Time `asn1:"generalized"`
	Accuracy struct {
		Seconds int `asn1:"optional"`
		Millis  int `asn1:"optional,tag:0"`
		Micros  int `asn1:"optional,tag:1"`
	} `asn1:"optional"`
	Ordering   bool             `asn1:"optional"`
	Nonce      *big.Int         `asn1:"optional"`
	Authority  asn1.RawValue    `asn1:"explicit,optional,tag:0"`
	Extensions []pkix.Extension `asn1:"optional,tag:1"`
}

// token is a timestamp, read and not believed.
type token struct {
	content      []byte // the DER of info
	info         tstInfo
	signer       signerInfo
	certificates []*x509.Certificate
}

var errToken = errors.New("not a timestamp (RFC 3161)")

func parseToken(der []byte) (*token, error) {
	var outer contentInfo
	var signed signedData
	if len(der) > MaxToken || !whole(der, &outer) || !outer.Type.Equal(oidSignedData) || !whole(outer.Content.Bytes, &signed) {
		return nil, errToken
	}
	t := &token{}
	if !signed.Content.Type.Equal(oidTSTInfo) || len(signed.Signers) != 1 || !whole(signed.Content.Content.Bytes, &t.content) || !whole(t.content, &t.info) || t.info.Version != 1 {
		return nil, errToken
	}
	t.signer = signed.Signers[0]
	for rest := signed.Certificates.Bytes; len(rest) > 0; {
		var one asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &one); err != nil {
			return nil, errToken
		}
		if c, err := x509.ParseCertificate(one.FullBytes); err == nil { // others may stand there for others
			t.certificates = append(t.certificates, c)
		}
	}
	return t, nil
}

// whole reads a value that is all of der.
func whole(der []byte, into any) bool {
	rest, err := asn1.Unmarshal(der, into)
	return err == nil && len(rest) == 0
}

// certificate finds the certificate of who signed.
func (t *token) certificate() *x509.Certificate {
	var by issuerAndSerial
	byName := whole(t.signer.Signer.FullBytes, &by)
	for _, c := range t.certificates {
		if byName && bytes.Equal(c.RawIssuer, by.Issuer.FullBytes) && c.SerialNumber.Cmp(by.Serial) == 0 {
			return c
		}
		if id := t.signer.Signer; id.Class == asn1.ClassContextSpecific && id.Tag == 0 && len(id.Bytes) > 0 && bytes.Equal(c.SubjectKeyId, id.Bytes) {
			return c
		}
	}
	return nil
}

// attributes are the signed attributes, each with its only value, and the DER that is signed of them.
func (t *token) attributes() (values map[string]asn1.RawValue, signed []byte, ok bool) {
	raw := t.signer.SignedAttributes
	if len(raw.FullBytes) == 0 {
		return nil, nil, false
	}
	values = map[string]asn1.RawValue{}
	for rest := raw.Bytes; len(rest) > 0; {
		var a attribute
		var err error
		if rest, err = asn1.Unmarshal(rest, &a); err != nil || len(a.Values) != 1 {
			return nil, nil, false
		}
		if _, twice := values[a.Type.String()]; twice {
			return nil, nil, false
		}
		values[a.Type.String()] = a.Values[0]
	}
	// They are sent under the tag [0], and signed as the SET that they are (RFC 5652 section 5.4).
	signed = append([]byte{asn1.TagSet | 0x20}, raw.FullBytes[1:]...)
	return values, signed, true
}
