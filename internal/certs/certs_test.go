package certs

import (
	"crypto/x509"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(content)
	}
	return all
}

func TestWrite_MakesPairsThatVerify(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if made, err := Write(dir, "Mandat", now, false); err != nil || !made {
		t.Fatal(made, err)
	}
	authority, err := Load(dir, Authority)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority.Certificate())

	tls, err := Load(dir, TLS)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"localhost", "127.0.0.2"} {
		if _, err := tls.Certificate().Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	seal, err := Load(dir, Seal)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Certificate().Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Error(err)
	}
	if usage := seal.Certificate().KeyUsage; usage != x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment {
		t.Errorf("the seal's key usage is %b", usage)
	}
	for _, name := range []string{Authority, TLS, Seal} {
		if info, err := os.Stat(filepath.Join(dir, name+".key")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s.key: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestNewAuthority_VouchesForLocalhostOnly(t *testing.T) {
	t.Parallel()
	authority, err := NewAuthority(now)
	if err != nil {
		t.Fatal(err)
	}
	bank, err := issue(&x509.Certificate{DNSNames: []string{"bank.example"}, NotAfter: now.Add(tlsLife)}, &authority, now)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority.Certificate())
	if _, err := bank.Certificate().Verify(x509.VerifyOptions{Roots: roots, DNSName: "bank.example", CurrentTime: now}); err == nil {
		t.Error("a development authority vouches for any site")
	}
}

func TestWrite_NeverOverwritesUnforced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Write(dir, "Mandat", now, false); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	if made, err := Write(dir, "Mandat", now, false); err != nil || made {
		t.Fatal(made, err)
	}
	if diff := cmp.Diff(before, files(t, dir)); diff != "" {
		t.Error("the files changed")
	}
	if err := os.Remove(filepath.Join(dir, "seal.pem")); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(dir, "Mandat", now, false); err == nil {
		t.Error("made a new set beside the rest of an old one")
	}
	if made, err := Write(dir, "Mandat", now, true); err != nil || !made {
		t.Fatal(made, err)
	}
	for name, content := range files(t, dir) {
		if before[name] == content {
			t.Errorf("%s is the old one after force", name)
		}
	}
}

func TestLoad_RefusesAKeyOfAnother(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Write(dir, "Mandat", now, false); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(dir, "tls.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "seal.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir, Seal); err == nil {
		t.Error("took a certificate that is not of the key")
	}
	names := slices.Sorted(maps.Keys(files(t, dir)))
	if want := []string{"authority.key", "authority.pem", "seal.key", "seal.pem", "tls.key", "tls.pem"}; !slices.Equal(names, want) {
		t.Errorf("files %v", names)
	}
}
