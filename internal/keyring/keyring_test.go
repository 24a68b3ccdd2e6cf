package keyring

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mandat/internal/certs"
)

const testOrigin = "mandat.exemple.invalid/journal"

// newKeyset is the text of a new key-encryption keyset.
func newKeyset(t *testing.T) string {
	t.Helper()
	k, err := MakeKEK()
	if err != nil {
		t.Fatal(err)
	}
	text, err := k.Text()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// addSeal puts a seal into a folder, in clear as it comes, and encrypts it.
func addSeal(t *testing.T, dir, kek string) {
	t.Helper()
	seal, err := certs.NewSeal(authority, "Essai", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := seal.Save(dir, "seal"); err != nil {
		t.Fatal(err)
	}
	if done, err := Encrypt(dir, kek); err != nil || len(done) != 1 || done[0] != FileSealKey {
		t.Fatal(done, err)
	}
}

func TestGenerate_NeverReplacesAKey(t *testing.T) {
	dir, kek := filepath.Join(t.TempDir(), "keys"), newKeyset(t)
	made, err := Generate(dir, testOrigin, kek)
	if err != nil || len(made) != 2 {
		t.Fatal(made, err)
	}
	before := map[string]string{}
	for _, name := range made {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		before[name] = string(content)
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if err := os.Remove(filepath.Join(dir, fileIndex)); err != nil {
		t.Fatal(err)
	}
	if made, err = Generate(dir, testOrigin, kek); err != nil || len(made) != 1 || made[0] != fileIndex {
		t.Fatal(made, err)
	}
	for name, content := range before {
		now, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || (string(now) == content) == (name == fileIndex) {
			t.Errorf("%s: replaced, or not made: %v", name, err)
		}
	}
}

// A journal's name is for ever: one that cannot be one, or is not that of the key that is there, makes nothing.
func TestGenerate_RefusesAnotherOrigin(t *testing.T) {
	t.Parallel()
	dir, kek := filepath.Join(t.TempDir(), "keys"), newKeyset(t)
	for _, origin := range []string{"", "https://mandat.exemple.invalid/journal", "mandat exemple", "a+b"} {
		if made, err := Generate(dir, origin, kek); err == nil || len(made) != 0 {
			t.Errorf("%q: made %v", origin, made)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("a folder for nothing: %v", err)
	}
	if _, err := Generate(dir, testOrigin, kek); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, fileIndex)); err != nil {
		t.Fatal(err)
	}
	if made, err := Generate(dir, "another.exemple.invalid/journal", kek); err == nil || len(made) != 0 || !strings.Contains(err.Error(), "mandat.exemple.invalid/journal") {
		t.Errorf("another name: made %v, %v", made, err)
	}
}

func TestLoad_SaysWhichFileIsWrongAndNotWhatIsInIt(t *testing.T) {
	dir, kek := t.TempDir(), newKeyset(t)
	if _, err := Generate(dir, testOrigin, kek); err != nil {
		t.Fatal(err)
	}
	addSeal(t, dir, kek)
	if _, err := Load(dir, kek); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{fileIndex, fileJournal, FileSealKey, FileSealChain} {
		path := filepath.Join(dir, name)
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"secret-word", "", sealMark + " secret-word", sealMark + " c2VjcmV0LXdvcmQ=", string(good[:len(good)/3])} {
			if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(dir, kek); err == nil || strings.Contains(err.Error(), "secret-word") {
				t.Errorf("%s holds %q: %v", name, bad, err)
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir, kek); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s missing: %v", name, err)
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
