package keyring

import (
	"bytes"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mandat/internal/journal/tree"
)

// whole is a folder with every key, and its keyset.
func whole(t *testing.T) (dir, kek string) {
	t.Helper()
	dir, kek = filepath.Join(t.TempDir(), "keys"), newKeyset(t)
	if _, err := Generate(dir, testOrigin, kek); err != nil {
		t.Fatal(err)
	}
	addSeal(t, dir, kek)
	return dir, kek
}

// full is whole, while the journal passes to its next key.
func full(t *testing.T) (dir, kek string) {
	t.Helper()
	dir, kek = whole(t)
	if _, err := AnnounceJournal(dir, kek); err != nil {
		t.Fatal(err)
	}
	return dir, kek
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Whoever has the folder alone has nothing: no key stands in it in clear, whatever form it would have.
func TestFolder_HoldsNoPrivateKeyInClear(t *testing.T) {
	t.Parallel()
	dir, kek := full(t)
	for _, name := range private {
		b := content(t, filepath.Join(dir, name))
		if block, _ := pem.Decode(b); block != nil || !isSealed(b) || bytes.Contains(b, []byte("PRIVATE")) {
			t.Errorf("%s is in clear", name)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if _, err := Load(dir, newKeyset(t)); !errors.Is(err, ErrSealed) {
		t.Errorf("another keyset opens it: %v", err)
	}
	for _, text := range []string{"", "{}", "secret-word", kek[:len(kek)-20]} {
		if _, err := Load(dir, text); !errors.Is(err, ErrKEK) || strings.Contains(err.Error(), "secret-word") {
			t.Errorf("%.20q is a keyset: %v", text, err)
		}
	}
}

// A file does not open in another's place, whoever could write to the folder.
func TestLoad_RefusesSwappedAndClearFiles(t *testing.T) {
	t.Parallel()
	dir, kek := full(t)
	index, journal := filepath.Join(dir, fileIndex), filepath.Join(dir, fileJournal)
	was := content(t, journal)
	put(t, journal, content(t, index))
	if _, err := Load(dir, kek); !errors.Is(err, ErrSealed) || !strings.Contains(err.Error(), fileJournal) {
		t.Errorf("another file in its place: %v", err)
	}
	own, _, err := tree.GenerateKey(testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	put(t, journal, []byte(own+"\n"))
	if _, err := Load(dir, kek); !errors.Is(err, ErrPlain) || !strings.Contains(err.Error(), fileJournal) {
		t.Errorf("a key in clear is taken: %v", err)
	}
	put(t, journal, was)
	put(t, filepath.Join(dir, fileKEK), []byte(kek))
	if _, err := Load(dir, kek); !errors.Is(err, ErrKEKHere) {
		t.Errorf("the keyset lies beside what it opens: %v", err)
	}
}

// older makes a folder of what it was when nothing was encrypted: the keyset in it, all in clear.
func older(t *testing.T) (dir string, plain map[string][]byte) {
	t.Helper()
	dir, kek := full(t)
	k, err := ReadKEK(kek)
	if err != nil {
		t.Fatal(err)
	}
	plain = map[string][]byte{}
	for _, name := range private {
		if plain[name], err = k.read(dir, name); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, name), plain[name])
	}
	put(t, filepath.Join(dir, fileKEK), []byte(kek))
	return dir, plain
}

// A folder of before is turned into one of today without loss, whatever step it was interrupted at.
func TestEncrypt_TakesOverAFolderInClear(t *testing.T) {
	t.Parallel()
	for _, interrupted := range []string{"never", "after the keyset was copied", "after the first file", "before the keyset was removed"} {
		dir, plain := older(t)
		path := filepath.Join(filepath.Dir(dir), "kek")
		inside := content(t, filepath.Join(dir, fileKEK))
		kek, made, err := FindKEK(path, dir)
		if err != nil || !made || kek != string(inside) {
			t.Fatalf("%s: made %t, %v", interrupted, made, err)
		}
		switch interrupted {
		case "after the first file":
			k, err := ReadKEK(kek)
			if err != nil {
				t.Fatal(err)
			}
			sealed, err := k.seal(private[0], plain[private[0]])
			if err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, private[0]), sealed)
		case "before the keyset was removed":
			if _, err := Encrypt(dir, kek); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, fileKEK), inside)
		}
		if kek, made, err = FindKEK(path, dir); err != nil || made {
			t.Fatalf("%s: made again %t, %v", interrupted, made, err)
		}
		if _, err := Encrypt(dir, kek); err != nil {
			t.Fatalf("%s: %v", interrupted, err)
		}
		if _, err := Load(dir, kek); err != nil {
			t.Errorf("%s: %v", interrupted, err)
		}
		k, err := ReadKEK(kek)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range plain {
			if got, err := k.read(dir, name); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %s is another key: %v", interrupted, name, err)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, fileKEK)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the keyset is still in the folder", interrupted)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", interrupted, info, err)
		}
	}
}

// The keyset is gone: no other one is made in its place, which would open nothing; and one that lies in the folder and is not
// the one that is given is not thrown away.
func TestFindKEK_Lost(t *testing.T) {
	t.Parallel()
	dir, _ := full(t)
	path := filepath.Join(filepath.Dir(dir), "kek")
	if _, made, err := FindKEK(path, dir); !errors.Is(err, ErrKEKLost) || made {
		t.Errorf("made another: %t, %v", made, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was left: %v", err)
	}
	if _, _, err := FindKEK(filepath.Join(dir, "kek"), dir); !errors.Is(err, ErrKEKHere) {
		t.Errorf("in the folder: %v", err)
	}
	dir, _ = older(t)
	inside := content(t, filepath.Join(dir, fileKEK))
	if _, err := Encrypt(dir, newKeyset(t)); err == nil {
		t.Error("another keyset takes the place of the one in the folder")
	}
	if now := content(t, filepath.Join(dir, fileKEK)); !bytes.Equal(now, inside) {
		t.Error("the keyset in the folder was changed")
	}
	if isSealed(content(t, filepath.Join(dir, fileJournal))) {
		t.Error("a file was encrypted under the other keyset")
	}
}
