package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"mandat/internal/keyring"
)

// Of two commands at once one changes the keys; the other says so, and changes nothing.
func TestKeys_OneCommandAtATime(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	dir, own := filepath.Join(home, "keys"), filepath.Join(home, "own")
	if err := os.Mkdir(own, 0o700); err != nil {
		t.Fatal(err)
	}
	kek := filepath.Join(own, "kek")
	fresh := keys{keyEncryption{KEKFile: kek}, dir, "mandat.exemple.test/journal"}
	if err := fresh.Run(); err != nil {
		t.Fatal(err)
	}
	before := content(t, kek)
	file := kekFile{kek}
	inFolder := map[string]func() error{
		"keys":    fresh.Run,
		"kek use": kekUse{file, dir}.Run,
		"kek end": func() error { return kekEnd{kekDatabase{kekFile: file, Dir: dir}}.Run(t.Context()) },
		"seal":    sealCmd{keyEncryption{KEKFile: kek}, dir, kek, kek}.Run,
		"announce": func() error {
			return announceKey{journalKeys{keyEncryption: keyEncryption{KEKFile: kek}, Dir: dir}}.Run(t.Context())
		},
		"pass": func() error {
			return passKey{journalKeys{keyEncryption: keyEncryption{KEKFile: kek}, Dir: dir}}.Run(t.Context())
		},
		"replace": func() error {
			return replaceKey{journalKeys: journalKeys{keyEncryption: keyEncryption{KEKFile: kek}, Dir: dir}}.Run(t.Context())
		},
	}
	besideKeyset := map[string]func() error{"kek add": kekAdd{file}.Run, "kek use": inFolder["kek use"], "kek end": inFolder["kek end"]}
	for locked, commands := range map[string]map[string]func() error{dir: inFolder, own: besideKeyset} {
		unlock, err := keyring.Lock(locked)
		if err != nil {
			t.Fatal(err)
		}
		for name, run := range commands {
			if err := run(); !errors.Is(err, keyring.ErrBusy) {
				t.Errorf("%s while another command runs: %v", name, err)
			}
		}
		unlock()
	}
	if content(t, kek) != before {
		t.Error("the keyset was changed")
	}
	if err := (kekAdd{file}).Run(); err != nil || content(t, kek) == before {
		t.Errorf("afterwards: %v", err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
