// Package certs makes the certificates that a development machine and the demo need: an authority of their own, a TLS
// certificate for localhost, and the certificate that attestations are sealed with.
//
// They prove nothing to anybody else. The authority may only vouch for localhost (name constraints, RFC 5280 §4.2.1.10),
// so that a browser told to trust it gives away no more than that. In production both certificates come from a provider:
// see certs/README.md.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"net"
	"time"
)

// How long certificates are valid. Browsers refuse TLS certificates of more than 398 days.
const (
	authorityLife = 10 * 365 * 24 * time.Hour
	tlsLife       = 397 * 24 * time.Hour
	sealLife      = 3 * 365 * 24 * time.Hour
)

// backdate lets a certificate be used at once by a machine whose clock is a little behind.
const backdate = time.Hour

// Pair is a key (P-256) and its certificate, followed in Chain by the authority that signed it. The chain of an
// authority is itself alone.
type Pair struct {
	Key   *ecdsa.PrivateKey
	Chain []*x509.Certificate
}

// Certificate is the certificate of the key.
func (p Pair) Certificate() *x509.Certificate { return p.Chain[0] }

// NewAuthority makes a development authority, valid for ten years from now.
func NewAuthority(now time.Time) (Pair, error) {
	p, err := issue(&x509.Certificate{
		Subject:                     pkix.Name{CommonName: "Mandat, development authority"},
		NotAfter:                    now.Add(authorityLife),
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid:       true,
		IsCA:                        true,
		MaxPathLenZero:              true,
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         []string{"localhost"},
		PermittedIPRanges: []*net.IPNet{
			{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
			{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
		},
	}, nil, now)
	if err != nil {
		return Pair{}, fmt.Errorf("make authority: %w", err)
	}
	return p, nil
}

// NewTLS makes a server certificate for localhost and the loopback addresses that the stand-ins use.
func NewTLS(authority Pair, now time.Time) (Pair, error) {
	p, err := issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: "localhost"},
		NotAfter:    now.Add(tlsLife),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost"},
		IPAddresses: []net.IP{
			net.IPv4(127, 0, 0, 1), net.IPv4(127, 0, 0, 2), net.IPv4(127, 0, 0, 3), net.IPv4(127, 0, 0, 4), net.IPv6loopback,
		},
	}, &authority, now)
	if err != nil {
		return Pair{}, fmt.Errorf("make TLS certificate: %w", err)
	}
	return p, nil
}

// NewSeal makes a certificate to seal documents with, in the name of owner. Its key usage is that of an electronic seal:
// digitalSignature and contentCommitment (ETSI EN 319 412-2 §4.3.2).
func NewSeal(authority Pair, owner string, now time.Time) (Pair, error) {
	p, err := issue(&x509.Certificate{
		Subject:  pkix.Name{CommonName: owner + " (development seal)", Organization: []string{owner}},
		NotAfter: now.Add(sealLife),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	}, &authority, now)
	if err != nil {
		return Pair{}, fmt.Errorf("make seal certificate: %w", err)
	}
	return p, nil
}

// NewTimestamping makes a certificate to sign timestamps with, and nothing else (RFC 3161 section 2.3).
func NewTimestamping(authority Pair, now time.Time) (Pair, error) {
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}}) // id-kp-timeStamping
	if err != nil {
		return Pair{}, fmt.Errorf("make timestamping certificate: %w", err)
	}
	p, err := issue(&x509.Certificate{
		Subject:         pkix.Name{CommonName: "Mandat, development timestamps"},
		NotAfter:        now.Add(sealLife),
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}}, // extKeyUsage
	}, &authority, now)
	if err != nil {
		return Pair{}, fmt.Errorf("make timestamping certificate: %w", err)
	}
	return p, nil
}

// issue makes a key and has its certificate signed by the authority, or by itself when there is none. The serial number
// is drawn by x509.
func issue(template *x509.Certificate, authority *Pair, now time.Time) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	template.NotBefore = now.Add(-backdate)
	parent, signer := template, key
	if authority != nil {
		parent, signer = authority.Certificate(), authority.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return Pair{}, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return Pair{}, err
	}
	chain := []*x509.Certificate{cert}
	if authority != nil {
		chain = append(chain, authority.Certificate())
	}
	return Pair{Key: key, Chain: chain}, nil
}
