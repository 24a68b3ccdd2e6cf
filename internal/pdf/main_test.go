package pdf

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

// rootKey and rootPEM are the authority that pdfcpu is told to trust: it
// knows only one set of roots for the whole process.
var (
	rootKey *ecdsa.PrivateKey
	rootPEM []byte
)

func TestMain(m *testing.M) { os.Exit(withRoot(m)) }

func withRoot(m *testing.M) int {
	dir, err := os.MkdirTemp("", "pdf-roots")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := trustRoot(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	api.DisableConfigDir()
	model.TrustedCertDir = dir
	return m.Run()
}

func trustRoot(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := certificate("AC d'essai", key.Public(), nil, key, asAuthority)
	if err != nil {
		return err
	}
	rootKey = key
	rootPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return os.WriteFile(filepath.Join(dir, "root.pem"), rootPEM, 0o600)
}
