package keyring

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"path/filepath"
	"time"

	"mandat/internal/pdf"
)

// ReplaceSeal puts another seal in a folder: its key (PEM, PKCS #8), which is encrypted on the way, and its certificate chain (PEM). They are refused if they are not
// each other's or cannot seal a document now. What was sealed before stays as it is: each document carries its chain. Interrupted between the two files, the folder
// does not load, and the same call does the rest.
func ReplaceSeal(dir, kek string, key, chain []byte, now time.Time) error {
	k, err := ReadKEK(kek)
	if err != nil {
		return err
	}
	if _, err := sealer(key, chain); err != nil {
		return err
	}
	list, err := parseChain(chain)
	if err != nil {
		return err
	}
	for _, c := range list {
		if now.Before(c.NotBefore) || now.After(c.NotAfter) {
			return fmt.Errorf("the certificate of %s counts from %s to %s", c.Subject.CommonName, c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly))
		}
	}
	if err := k.write(dir, FileSealKey, string(key)); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, FileSealChain), chain); err != nil {
		return fmt.Errorf("KEYS_DIR: %w", err)
	}
	return nil
}

func loadSealer(dir string, root *KEK) (*pdf.Sealer, error) {
	key, err := root.read(dir, FileSealKey)
	if err != nil {
		return nil, err
	}
	chain, err := read(dir, FileSealChain)
	if err != nil {
		return nil, err
	}
	return sealer(key, chain)
}

func sealer(keyPEM, chainPEM []byte) (*pdf.Sealer, error) {
	key, err := parseSealKey(keyPEM)
	if err != nil {
		return nil, err
	}
	chain, err := parseChain(chainPEM)
	if err != nil {
		return nil, err
	}
	s, err := pdf.NewSealer(key, chain, chain[0].Subject.CommonName)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", FileSealChain, err)
	}
	return s, nil
}

func parseChain(file []byte) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", FileSealChain, err)
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, fmt.Errorf("%s: holds no certificate", FileSealChain)
	}
	return chain, nil
}

func parseSealKey(file []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(file)
	if block == nil {
		return nil, fmt.Errorf("%s: not PEM", FileSealKey)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: not a PKCS #8 key", FileSealKey)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s: cannot sign", FileSealKey)
	}
	return signer, nil
}
