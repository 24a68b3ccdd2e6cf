package apptest

import (
	"os"
	"path"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"mandat/internal/certs"
	"mandat/internal/keyring"
)

// origin is the name of every test's journal.
const origin = "test.exemple.invalid/journal"

// keyFiles are the program's keys, made once for all tests of a process: their content by file name, and beside the folder the keyset that opens it.
var keyFiles = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "mandat-keys-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	kek, _, err := keyring.FindKEK(filepath.Join(dir, "kek"), filepath.Join(dir, "keys"))
	if err != nil {
		return nil, err
	}
	if _, err := keyring.Generate(filepath.Join(dir, "keys"), origin, kek); err != nil {
		return nil, err
	}
	now := time.Now()
	authority, err := certs.NewAuthority(now)
	if err != nil {
		return nil, err
	}
	seal, err := certs.NewSeal(authority, "Mandat, tests", now)
	if err != nil {
		return nil, err
	}
	if err := seal.Save(filepath.Join(dir, "keys"), "seal"); err != nil {
		return nil, err
	}
	if _, err := keyring.Encrypt(filepath.Join(dir, "keys"), kek); err != nil {
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "keys", "*"))
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{"kek": []byte(kek)}
	for _, name := range names {
		if out["keys/"+filepath.Base(name)], err = os.ReadFile(name); err != nil {
			return nil, err
		}
	}
	return out, nil
})

// LogPolicy is the policy file of every test's journal, without witnesses: what a witness of it is given.
func LogPolicy(t testing.TB) string {
	t.Helper()
	files, err := keyFiles()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range files {
		if path.Dir(name) == "keys" {
			if err := os.WriteFile(filepath.Join(dir, path.Base(name)), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	signer, err := keyring.LoadJournal(dir, string(files["kek"]))
	if err != nil {
		t.Fatal(err)
	}
	return signer.Policy("")
}

// keys writes the keys into the site's folder and reads them.
func (s *Site) keys(t testing.TB) *keyring.Keyring {
	t.Helper()
	files, err := keyFiles()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"keys", "state"} {
		if err := os.Mkdir(s.path(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range files {
		if err := os.WriteFile(s.path(name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ring, err := keyring.Load(s.path("keys"), string(files["kek"]))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// KEK is the text of the key-encryption keyset.
func (s *Site) KEK(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(s.path("kek"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
