package keyring

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
)

// The keyset of each step opens the folder of the step before and of its own; when the first key is out, what was copied before is closed.
func TestKEK_Changes(t *testing.T) {
	t.Parallel()
	dir, text := full(t)
	path := filepath.Join(t.TempDir(), "kek")
	first, err := ReadKEK(text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Use(); !errors.Is(err, ErrNoneWait) {
		t.Errorf("used what does not wait: %v", err)
	}
	waits, err := first.Add()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := waits.Add(); !errors.Is(err, ErrWaits) {
		t.Errorf("a second one waits: %v", err)
	}
	used, err := waits.Use()
	if err != nil {
		t.Fatal(err)
	}
	load := func(k *KEK) (*Keyring, error) {
		t.Helper()
		if err := k.Save(path); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		return Load(dir, string(content(t, path)))
	}
	before, err := load(first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := load(waits); err != nil {
		t.Errorf("while it waits: %v", err)
	}

	// Interrupted after any of the files, both open, and the rest is done by the next call.
	was := map[string][]byte{}
	for _, name := range private {
		was[name] = content(t, filepath.Join(dir, name))
	}
	if err := used.Reseal(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range private {
		put(t, filepath.Join(dir, name), was[name])
		for what, k := range map[string]*KEK{"waits": waits, "used": used} {
			if _, err := load(k); err != nil {
				t.Errorf("%s is not resealed, %s: %v", name, what, err)
			}
		}
		alone, err := used.Without(before.Envelope.Prefix())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := load(alone); !errors.Is(err, ErrSealed) {
			t.Errorf("%s is under the first key, and opens without it: %v", name, err)
		}
		if err := used.Reseal(dir); err != nil {
			t.Fatal(err)
		}
		again := content(t, filepath.Join(dir, name))
		if err := used.Reseal(dir); err != nil || string(again) != string(content(t, filepath.Join(dir, name))) {
			t.Errorf("%s is resealed for nothing: %v", name, err)
		}
	}
	alone, err := used.Without(before.Envelope.Prefix())
	if err != nil {
		t.Fatal(err)
	}
	after, err := load(alone)
	if err != nil {
		t.Fatal(err)
	}
	if after.Journal.VerifierKey() != before.Journal.VerifierKey() || after.Envelope.Prefix() == before.Envelope.Prefix() {
		t.Error("other keys are in the folder, or the first one wraps still")
	}
	org := uuid.New()
	a, err := before.Envelope.Index(org, "sub", "x")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := after.Envelope.Index(org, "sub", "x"); err != nil || string(a) != string(b) {
		t.Errorf("nobody is known any more: %v", err)
	}
	if _, err := Load(dir, text); !errors.Is(err, ErrSealed) {
		t.Errorf("the first key opens the folder still: %v", err)
	}
	if _, err := alone.Without(after.Envelope.Prefix()); err == nil {
		t.Error("the key that wraps was taken out")
	}
}
