package keyring

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"mandat/internal/certs"
	"mandat/internal/pdf"
)

// authority is who certifies the seals of these tests. pdfcpu knows one set of roots for the whole process.
var authority certs.Pair

func TestMain(m *testing.M) { os.Exit(withAuthority(m)) }

func withAuthority(m *testing.M) int {
	dir, err := os.MkdirTemp("", "keyring-roots")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		authority, err = certs.NewAuthority(time.Now())
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "root.pem"), chainOf(authority.Certificate()), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	api.DisableConfigDir()
	model.TrustedCertDir = dir
	return m.Run()
}

func chainOf(chain ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// another is a seal as a certification body gives it: key and chain.
func another(t *testing.T, now time.Time) (key, chain []byte) {
	t.Helper()
	seal, err := certs.NewSeal(authority, "Mandat, essai", now)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(seal.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), chainOf(seal.Chain...)
}

// sealed is a document that the folder's seal is on.
func sealed(t *testing.T, dir, kek string) string {
	t.Helper()
	ring, err := Load(dir, kek)
	if err != nil {
		t.Fatal(err)
	}
	d := pdf.New("fr", "Attestation de mandat", time.Now())
	d.Paragraph("Ce document est un essai.")
	data, err := d.Bytes()
	if err == nil {
		data, err = ring.Sealer.Seal(data, "Attestation de mandat", time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "document.pdf")
	put(t, name, data)
	return name
}

// valid asks readers that nobody here wrote; pdfsig where it is installed. Whether a certificate was revoked is all that pdfcpu misses.
func valid(t *testing.T, name string) {
	t.Helper()
	results, err := api.ValidateSignatures(name, true, nil)
	if err != nil || len(results) != 1 || results[0].Reason != model.SignatureReasonCertRevocationUnknown || len(results[0].Problems) > 0 {
		t.Errorf("pdfcpu: %v, %v", results, err)
	}
	if _, err := exec.LookPath("pdfsig"); err == nil {
		if out, _ := exec.Command("pdfsig", "-nocert", name).CombinedOutput(); !bytes.Contains(out, []byte("Signature is Valid")) {
			t.Errorf("pdfsig: %s", out)
		}
	}
}

// A document that was sealed before stays valid by the chain that it carries, after the key is gone.
func TestReplaceSeal(t *testing.T) {
	t.Parallel()
	dir, kek := whole(t)
	key, chain := another(t, time.Now())
	if err := ReplaceSeal(dir, kek, key, chain, time.Now()); err != nil {
		t.Fatal(err)
	}
	before := sealed(t, dir, kek)
	was := content(t, filepath.Join(dir, FileSealKey))
	key, chain = another(t, time.Now())
	if err := ReplaceSeal(dir, kek, key, chain, time.Now()); err != nil {
		t.Fatal(err)
	}
	if now := content(t, filepath.Join(dir, FileSealKey)); bytes.Equal(now, was) || !isSealed(now) {
		t.Error("the key is the one before, or in clear")
	}
	valid(t, before)
	valid(t, sealed(t, dir, kek))
}

// What cannot seal changes nothing; a change that was interrupted between its files is said, and done by the same call.
func TestReplaceSeal_Refuses(t *testing.T) {
	t.Parallel()
	dir, kek := whole(t)
	key, chain := another(t, time.Now())
	other, _ := another(t, time.Now())
	oldKey, oldChain := another(t, time.Now().AddDate(-4, 0, 0))
	was := content(t, filepath.Join(dir, FileSealKey))
	for what, c := range map[string]struct{ key, chain []byte }{"another's chain": {other, chain}, "no key": {[]byte("secret-word"), chain}, "no chain": {key, nil}, "a chain that is over": {oldKey, oldChain}} {
		if err := ReplaceSeal(dir, kek, c.key, c.chain, time.Now()); err == nil || strings.Contains(err.Error(), "secret-word") {
			t.Errorf("%s: %v", what, err)
		}
		if !bytes.Equal(content(t, filepath.Join(dir, FileSealKey)), was) {
			t.Errorf("%s: the key was replaced", what)
		}
	}
	k, err := ReadKEK(kek)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.write(dir, FileSealKey, string(key)); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir, kek); err == nil || !strings.Contains(err.Error(), FileSealChain) {
		t.Errorf("half a seal loads: %v", err)
	}
	if err := ReplaceSeal(dir, kek, key, chain, time.Now()); err != nil {
		t.Fatal(err)
	}
	valid(t, sealed(t, dir, kek))

	// Lost: nothing loads without it, and says what is missing; another one takes its place.
	if err := errors.Join(os.Remove(filepath.Join(dir, FileSealKey)), os.Remove(filepath.Join(dir, FileSealChain))); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir, kek); err == nil || !strings.Contains(err.Error(), "certification body") {
		t.Errorf("without a seal: %v", err)
	}
	if err := ReplaceSeal(dir, kek, key, chain, time.Now()); err != nil {
		t.Fatal(err)
	}
	valid(t, sealed(t, dir, kek))
}
