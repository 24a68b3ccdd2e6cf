package stamp

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"
)

// forgery is a timestamp by an authority that may sign timestamps and signs what it likes: whatever is wrong with it, its signature is right.
type forgery struct {
	outer, inner asn1.ObjectIdentifier // types of content
	info         tstInfo
	more         []byte // behind info, and signed with it
	behind       []byte // behind the signed data
	digest       asn1.ObjectIdentifier
	hash         crypto.Hash
	algorithm    asn1.ObjectIdentifier
	attributes   []attribute
	bare         bool          // the signature is over the content, and there are no attributes
	signer       asn1.RawValue // by which the certificate is named
	signers      int
	certificates []byte
	by           *x509.Certificate
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func der(t testing.TB, v any) asn1.RawValue {
	t.Helper()
	b, err := asn1.Marshal(v)
	check(t, err)
	return asn1.RawValue{FullBytes: b}
}

// certificate makes a certificate below another one, or of its own.
func certificate(t testing.TB, name string, key *ecdsa.PrivateKey, above *x509.Certificate, aboveKey *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	if name == "stamps" {
		value, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
		check(t, err)
		c.ExtraExtensions, c.SubjectKeyId = []pkix.Extension{{Id: oidExtKeyUsage, Critical: true, Value: value}}, []byte("key id")
	} else {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	}
	if above == nil {
		above, aboveKey = c, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, c, above, &key.PublicKey, aboveKey)
	check(t, err)
	c, err = x509.ParseCertificate(raw)
	check(t, err)
	return c
}

// own are the attributes that a timestamp has to have, each with its one value.
func (f *forgery) own(t testing.TB) {
	t.Helper()
	type hashed struct{ Hash []byte }
	sum := sha256.Sum256(f.by.Raw)
	f.attributes = []attribute{{oidContentType, []asn1.RawValue{der(t, oidTSTInfo)}}, {oidMessageDigest, nil}, {oidSigningCertificateV2, []asn1.RawValue{der(t, struct{ All []hashed }{[]hashed{{sum[:]}}})}}}
}

// set gives an attribute other values.
func (f *forgery) set(of asn1.ObjectIdentifier, values ...asn1.RawValue) {
	f.without(of)
	f.attributes = append(f.attributes, attribute{of, values})
}

func (f *forgery) without(of asn1.ObjectIdentifier) {
	f.attributes = slices.DeleteFunc(f.attributes, func(a attribute) bool { return a.Type.Equal(of) })
}

// make signs it.
func (f *forgery) make(t testing.TB, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	content := append(der(t, f.info).FullBytes, f.more...)
	h := f.hash.New()
	h.Write(content)
	signed, attributes := content, asn1.RawValue{}
	if !f.bare {
		for i, a := range f.attributes {
			if a.Type.Equal(oidMessageDigest) && a.Values == nil {
				f.attributes[i].Values = []asn1.RawValue{der(t, h.Sum(nil))}
			}
		}
		var err error
		signed, err = asn1.MarshalWithParams(f.attributes, "set")
		check(t, err)
		attributes = asn1.RawValue{FullBytes: append([]byte{0xa0}, signed[1:]...)}
	}
	sum := sha256.Sum256(signed)
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	check(t, err)
	var d signedData
	d.Version, d.DigestAlgorithms = 3, []pkix.AlgorithmIdentifier{{Algorithm: f.digest}}
	d.Content.Type, d.Content.Content = f.inner, asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: der(t, content).FullBytes}
	d.Certificates = asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: f.certificates}
	for range f.signers {
		d.Signers = append(d.Signers, signerInfo{Version: 1, Signer: f.signer, Digest: pkix.AlgorithmIdentifier{Algorithm: f.digest}, SignedAttributes: attributes,
			SignatureAlgorithm: pkix.AlgorithmIdentifier{Algorithm: f.algorithm}, Signature: signature})
	}
	return der(t, contentInfo{f.outer, asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: append(der(t, d).FullBytes, f.behind...)}}).FullBytes
}

// Whatever is wrong with a timestamp is seen though the authority signed it so; and what is odd and allowed is taken.
func TestVerify_WhatIsSigned(t *testing.T) {
	t.Parallel()
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	midKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	root := certificate(t, "root", rootKey, nil, nil)
	mid := certificate(t, "between", midKey, root, rootKey)
	by := certificate(t, "stamps", key, mid, midKey)
	roots := x509.NewCertPool()
	roots.AddCert(root)
	sum := Sum([]byte("text"))
	type hashed struct{ Hash []byte }
	type named struct {
		Algorithm pkix.AlgorithmIdentifier
		Hash      []byte
	}
	sha1Sum, sha256Sum, sha512Sum := sha1.Sum(by.Raw), sha256.Sum256(by.Raw), sha512.Sum512(by.Raw)
	for name, c := range map[string]struct {
		change func(*forgery)
		want   error
	}{
		"as it should be":                  {func(*forgery) {}, nil},
		"of no signed data":                {func(f *forgery) { f.outer = oidTSTInfo }, errToken},
		"of no timestamp":                  {func(f *forgery) { f.inner = oidSignedData }, errToken},
		"of another version":               {func(f *forgery) { f.info.Version = 2 }, errToken},
		"by nobody":                        {func(f *forgery) { f.signers = 0 }, errToken},
		"by two":                           {func(f *forgery) { f.signers = 2 }, errToken},
		"with more signed behind it":       {func(f *forgery) { f.more = []byte{5, 0} }, errToken},
		"with more behind the signed data": {func(f *forgery) { f.behind = []byte{5, 0} }, errToken},
		"as large as may be": {func(f *forgery) {
			f.certificates = append(f.certificates, der(t, make([]byte, MaxToken-3000)).FullBytes...)
		}, nil},
		"too large": {func(f *forgery) { f.certificates = append(f.certificates, der(t, make([]byte, MaxToken)).FullBytes...) }, errToken},
		"with something else among the certificates": {func(f *forgery) { f.certificates = append([]byte{5, 0}, f.certificates...) }, nil},
		"with a torn certificate":                    {func(f *forgery) { f.certificates = append(f.certificates, 0x30, 7) }, errToken},
		"of another digest": {func(f *forgery) {
			f.info.Imprint.Algorithm.Algorithm = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
		}, ErrOther},
		"of something else": {func(f *forgery) { f.info.Imprint.Hash = make([]byte, 32) }, ErrOther},
		"by another serial number": {func(f *forgery) {
			f.signer = der(t, issuerAndSerial{asn1.RawValue{FullBytes: by.RawIssuer}, big.NewInt(99)})
		}, ErrSignature},
		"by another issuer": {func(f *forgery) {
			f.signer = der(t, issuerAndSerial{asn1.RawValue{FullBytes: root.RawSubject}, by.SerialNumber})
		}, ErrSignature},
		"by the key's id":     {func(f *forgery) { f.signer = asn1.RawValue{Class: asn1.ClassContextSpecific, Bytes: by.SubjectKeyId} }, nil},
		"by another key's id": {func(f *forgery) { f.signer = asn1.RawValue{Class: asn1.ClassContextSpecific, Bytes: []byte("no")} }, ErrSignature},
		"by no key's id":      {func(f *forgery) { f.signer = asn1.RawValue{Class: asn1.ClassContextSpecific} }, ErrSignature},
		"by the key's id under another tag": {func(f *forgery) {
			f.signer = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 7, Bytes: by.SubjectKeyId}
		}, ErrSignature},
		"by the key's id under another class": {func(f *forgery) { f.signer = asn1.RawValue{Class: asn1.ClassPrivate, Bytes: by.SubjectKeyId} }, ErrSignature},
		"without attributes":                  {func(f *forgery) { f.bare = true }, ErrSignature},
		"without a type of content":           {func(f *forgery) { f.without(oidContentType) }, ErrSignature},
		"with another type of content":        {func(f *forgery) { f.set(oidContentType, der(t, oidSignedData)) }, ErrSignature},
		"with two types of content":           {func(f *forgery) { f.set(oidContentType, der(t, oidTSTInfo), der(t, oidTSTInfo)) }, ErrSignature},
		"with the type of content twice": {func(f *forgery) {
			f.attributes = append(f.attributes, attribute{oidContentType, []asn1.RawValue{der(t, oidTSTInfo)}})
		}, ErrSignature},
		"without a digest":                  {func(f *forgery) { f.without(oidMessageDigest) }, ErrSignature},
		"with the digest of something else": {func(f *forgery) { f.set(oidMessageDigest, der(t, make([]byte, 32))) }, ErrSignature},
		"with another attribute besides":    {func(f *forgery) { f.set(asn1.ObjectIdentifier{1, 2, 3}, der(t, 7)) }, nil},
		"without the certificate's hash":    {func(f *forgery) { f.without(oidSigningCertificateV2) }, ErrSignature},
		"with the hash of no certificate":   {func(f *forgery) { f.set(oidSigningCertificateV2, der(t, struct{ All []hashed }{[]hashed{}})) }, ErrSignature},
		"with the hash of another certificate": {func(f *forgery) {
			f.set(oidSigningCertificateV2, der(t, struct{ All []hashed }{[]hashed{{make([]byte, 32)}}}))
		}, ErrSignature},
		"with the hash of the second certificate": {func(f *forgery) {
			f.set(oidSigningCertificateV2, der(t, struct{ All []hashed }{[]hashed{{make([]byte, 32)}, {sha256Sum[:]}}}))
		}, ErrSignature},
		"with a hash that is not of a list": {func(f *forgery) { f.set(oidSigningCertificateV2, der(t, sha256Sum[:])) }, ErrSignature},
		"with a hash by SHA-512": {func(f *forgery) {
			f.set(oidSigningCertificateV2, der(t, struct{ All []named }{[]named{{pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}}, sha512Sum[:]}}}))
		}, nil},
		"with a hash by nothing that is known": {func(f *forgery) {
			f.set(oidSigningCertificateV2, der(t, struct{ All []named }{[]named{{pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}}, sha1Sum[:]}}}))
		}, ErrSignature},
		"with a hash by SHA-1": {func(f *forgery) {
			f.without(oidSigningCertificateV2)
			f.set(oidSigningCertificate, der(t, struct{ All []hashed }{[]hashed{{sha1Sum[:]}}}))
		}, nil},
		"with another hash by SHA-1": {func(f *forgery) {
			f.without(oidSigningCertificateV2)
			f.set(oidSigningCertificate, der(t, struct{ All []hashed }{[]hashed{{make([]byte, 20)}}}))
		}, ErrSignature},
		"with no hash by SHA-1": {func(f *forgery) {
			f.without(oidSigningCertificateV2)
			f.set(oidSigningCertificate, der(t, struct{ All []hashed }{[]hashed{}}))
		}, ErrSignature},
		"with a hash by SHA-1 that is not of a list": {func(f *forgery) {
			f.without(oidSigningCertificateV2)
			f.set(oidSigningCertificate, der(t, sha1Sum[:]))
		}, ErrSignature},
		"with a good hash by SHA-1 and another one by SHA-256": {func(f *forgery) {
			f.set(oidSigningCertificate, der(t, struct{ All []hashed }{[]hashed{{sha1Sum[:]}}}))
			f.set(oidSigningCertificateV2, der(t, struct{ All []hashed }{[]hashed{{make([]byte, 32)}}}))
		}, ErrSignature},
		"with a digest by SHA-512": {func(f *forgery) {
			f.digest, f.hash = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512
		}, nil},
		"with a digest by SHA-1":          {func(f *forgery) { f.digest, f.hash = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, crypto.SHA1 }, ErrSignature},
		"signed by nothing that is known": {func(f *forgery) { f.algorithm = asn1.ObjectIdentifier{1, 2, 3} }, ErrSignature},
		"signed by RSA, it says":          {func(f *forgery) { f.algorithm = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1} }, ErrSignature},
		"without the certificate":         {func(f *forgery) { f.certificates = mid.Raw }, ErrSignature},
		"without that above it":           {func(f *forgery) { f.certificates = by.Raw }, ErrAuthority},
		"of a time when it was not valid": {func(f *forgery) { f.info.Time = f.info.Time.Add(-48 * time.Hour) }, ErrAuthority},
	} {
		f := &forgery{outer: oidSignedData, inner: oidTSTInfo, digest: oidSHA256, hash: crypto.SHA256, algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, signers: 1, by: by,
			certificates: bytes.Join([][]byte{mid.Raw, by.Raw}, nil), signer: der(t, issuerAndSerial{asn1.RawValue{FullBytes: by.RawIssuer}, by.SerialNumber}),
			info: tstInfo{Version: 1, Policy: asn1.ObjectIdentifier{1, 2, 3}, Imprint: messageImprint{pkix.AlgorithmIdentifier{Algorithm: oidSHA256}, sum[:]}, Serial: big.NewInt(1), Time: time.Now().UTC().Truncate(time.Second)}}
		f.own(t)
		c.change(f)
		if _, err := Verify(f.make(t, key), sum, roots); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
