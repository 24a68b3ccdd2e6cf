package pdf

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
)

// Sealer seals documents in the name of an organisation. It may be used by
// several goroutines at once if its key may.
type Sealer struct {
	key       crypto.Signer
	chain     []*x509.Certificate
	name      string
	algorithm x509.SignatureAlgorithm
}

// NewSealer checks that key and chain can make seals that others accept.
// chain begins with the certificate of key, each one signed by the next; the
// root may be left out. The key is ECDSA (P-256, P-384, P-521) or RSA of at
// least 2048 bits and is asked to sign SHA-256 digests, without a source of
// chance: in-memory keys then sign deterministically (RFC 6979 for ECDSA).
// name is shown as that of the signer.
func NewSealer(key crypto.Signer, chain []*x509.Certificate, name string) (*Sealer, error) {
	if key == nil || len(chain) == 0 {
		return nil, errors.New("pdf: a seal needs a key and its certificate")
	}
	if name == "" {
		return nil, errors.New("pdf: a seal needs the name of its owner")
	}
	algorithm, err := algorithmFor(key.Public())
	if err != nil {
		return nil, err
	}
	if err := checkChain(key, chain); err != nil {
		return nil, err
	}
	return &Sealer{key: key, chain: chain, name: name, algorithm: algorithm}, nil
}

func algorithmFor(public crypto.PublicKey) (x509.SignatureAlgorithm, error) {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		if k.Curve.Params().BitSize >= 256 {
			return x509.ECDSAWithSHA256, nil
		}
	case *rsa.PublicKey:
		if k.N.BitLen() >= 2048 {
			return x509.SHA256WithRSA, nil
		}
	}
	return 0, errors.New("pdf: a seal key is ECDSA from P-256 or RSA from 2048 bits")
}

func checkChain(key crypto.Signer, chain []*x509.Certificate) error {
	leaf := chain[0]
	own, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !own.Equal(key.Public()) {
		return errors.New("pdf: the seal certificate is not that of the key")
	}
	if leaf.IsCA {
		return errors.New("pdf: the seal certificate is that of an authority")
	}
	if leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return errors.New("pdf: the seal certificate may not sign documents")
	}
	for i, c := range chain[:len(chain)-1] {
		if err := c.CheckSignatureFrom(chain[i+1]); err != nil {
			return fmt.Errorf("pdf: seal certificate %d is not signed by the next: %w", i+1, err)
		}
	}
	return nil
}
