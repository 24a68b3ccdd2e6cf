package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Names of the pairs that Write makes: NAME.pem holds the certificate and its authority's, NAME.key the key (PKCS #8).
const (
	Authority = "authority"
	TLS       = "tls"
	Seal      = "seal"
)

// Write makes an authority, a TLS pair and a seal pair in dir. When all are there already it keeps them and returns
// false; when only some are, it refuses, because new ones would not fit the old. With force it makes all of them anew.
func Write(dir, owner string, now time.Time, force bool) (bool, error) {
	present, err := count(dir)
	if err != nil {
		return false, fmt.Errorf("write certificates: %w", err)
	}
	const all = 6
	if present == all && !force {
		return false, nil
	}
	if present > 0 && !force {
		return false, fmt.Errorf("write certificates: %s holds %d of %d files: remove them, or force new ones", dir, present, all)
	}
	pairs, err := newSet(owner, now)
	if err != nil {
		return false, fmt.Errorf("write certificates: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // the keys in it are 0600
		return false, fmt.Errorf("write certificates: %w", err)
	}
	for name, pair := range pairs {
		if err := pair.Save(dir, name); err != nil {
			return false, err
		}
	}
	return true, nil
}

func newSet(owner string, now time.Time) (map[string]Pair, error) {
	authority, err := NewAuthority(now)
	if err != nil {
		return nil, err
	}
	tls, err := NewTLS(authority, now)
	if err != nil {
		return nil, err
	}
	seal, err := NewSeal(authority, owner, now)
	if err != nil {
		return nil, err
	}
	return map[string]Pair{Authority: authority, TLS: tls, Seal: seal}, nil
}

func count(dir string) (int, error) {
	n := 0
	for _, name := range []string{Authority, TLS, Seal} {
		for _, suffix := range []string{".pem", ".key"} {
			_, err := os.Stat(filepath.Join(dir, name+suffix))
			if err == nil {
				n++
			} else if !errors.Is(err, os.ErrNotExist) {
				return 0, err
			}
		}
	}
	return n, nil
}

// Save writes a pair as dir/name.pem and dir/name.key, replacing what was there. Only the owner can read the key.
func (p Pair) Save(dir, name string) error {
	var chain bytes.Buffer
	for _, c := range p.Chain {
		if err := pem.Encode(&chain, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
			return fmt.Errorf("write certificate %s: %w", name, err)
		}
	}
	der, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		return fmt.Errorf("write key %s: %w", name, err)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := replace(filepath.Join(dir, name+".key"), key, 0o600); err != nil {
		return fmt.Errorf("write key %s: %w", name, err)
	}
	if err := replace(filepath.Join(dir, name+".pem"), chain.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write certificate %s: %w", name, err)
	}
	return nil
}

// replace writes a file anew: an old one keeps neither its mode nor its readers.
func replace(path string, content []byte, mode os.FileMode) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, content, mode)
}

// Load reads what Save wrote.
func Load(dir, name string) (Pair, error) {
	keyPEM, err := os.ReadFile(filepath.Join(dir, name+".key"))
	if err != nil {
		return Pair{}, fmt.Errorf("read key: %w", err)
	}
	block, _ := pem.Decode(keyPEM)
	if block == nil || block.Type != "PRIVATE KEY" {
		return Pair{}, fmt.Errorf("read key %s: not a PKCS #8 key in PEM", name)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return Pair{}, fmt.Errorf("read key %s: not a PKCS #8 key", name) // the parser's error is not needed, and keys stay out of errors
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return Pair{}, fmt.Errorf("read key %s: not an ECDSA key", name)
	}
	chain, err := loadChain(filepath.Join(dir, name+".pem"))
	if err != nil {
		return Pair{}, fmt.Errorf("read certificate %s: %w", name, err)
	}
	if !key.PublicKey.Equal(chain[0].PublicKey) {
		return Pair{}, fmt.Errorf("read certificate %s: it is not that of the key", name)
	}
	return Pair{Key: key, Chain: chain}, nil
}

func loadChain(path string) ([]*x509.Certificate, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var chain []*x509.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		chain = append(chain, cert)
	}
	if len(chain) == 0 {
		return nil, errors.New("no certificate in it")
	}
	return chain, nil
}
