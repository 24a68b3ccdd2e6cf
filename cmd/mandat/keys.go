package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"mandat/internal/keyring"
)

// keyEncryption is where the key-encryption keyset comes from.
type keyEncryption struct {
	KEK     string `name:"key-encryption-key" env:"KEY_ENCRYPTION_KEY" hidden:"" help:"The key-encryption keyset itself: give it in the environment."`
	KEKFile string `name:"key-encryption-key-file" env:"KEY_ENCRYPTION_KEY_FILE" help:"File of the key-encryption keyset, which is not in the folder of keys."`
}

// text is the keyset.
func (k keyEncryption) text() (string, error) {
	if k.KEKFile == "" {
		if k.KEK == "" {
			return "", errors.New("set KEY_ENCRYPTION_KEY_FILE or KEY_ENCRYPTION_KEY: what opens the keys")
		}
		return k.KEK, nil
	}
	content, err := os.ReadFile(filepath.Clean(k.KEKFile))
	if err != nil {
		return "", fmt.Errorf("KEY_ENCRYPTION_KEY_FILE: %w", err)
	}
	return string(content), nil
}

type keys struct {
	keyEncryption
	Dir    string `arg:"" help:"The folder. It is made if it is not there."`
	Origin string `env:"JOURNAL_ORIGIN" required:"" help:"The journal's name, for ever: a host and path of yours."`
}

// Run makes what is missing, encrypts what lies in clear, and says what it was.
func (k keys) Run() error {
	if err := os.MkdirAll(k.Dir, 0o700); err != nil {
		return fmt.Errorf("KEYS_DIR: %w", err)
	}
	unlock, err := keyring.Lock(k.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	kek := k.KEK
	if k.KEKFile != "" {
		text, made, err := keyring.FindKEK(k.KEKFile, k.Dir)
		if err != nil {
			return err
		}
		if made {
			fmt.Println("made", k.KEKFile)
		}
		kek = text
	}
	if kek == "" {
		return errors.New("set KEY_ENCRYPTION_KEY_FILE: the file of the key-encryption keyset, which is made if it is not there; or KEY_ENCRYPTION_KEY")
	}
	encrypted, err := keyring.Encrypt(k.Dir, kek)
	for _, name := range encrypted {
		fmt.Println("encrypted", name)
	}
	if err != nil {
		return err
	}
	made, err := keyring.Generate(k.Dir, k.Origin, kek)
	for _, name := range made {
		fmt.Println("made", name)
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(k.Dir, keyring.FileSealKey)); err != nil {
		fmt.Printf("The seal is yours to add: %s (PKCS #8) and %s (certificate chain). Then run this again: it encrypts the key.\n", keyring.FileSealKey, keyring.FileSealChain)
	}
	return nil
}
