package main

import (
	"fmt"
	"os"
	"time"

	"mandat/internal/keyring"
)

type sealCmd struct {
	keyEncryption
	Dir   string `arg:"" help:"The folder (KEYS_DIR)."`
	Key   string `required:"" type:"existingfile" help:"The new key: PEM, PKCS #8."`
	Chain string `required:"" type:"existingfile" help:"Its certificate, and those above it: PEM."`
}

// Run puts another seal in the place of the one that is there.
func (s sealCmd) Run() error {
	unlock, err := keyring.Lock(s.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	kek, err := s.text()
	if err != nil {
		return err
	}
	key, err := os.ReadFile(s.Key)
	if err != nil {
		return err
	}
	chain, err := os.ReadFile(s.Chain)
	if err != nil {
		return err
	}
	if err := keyring.ReplaceSeal(s.Dir, kek, key, chain, time.Now()); err != nil {
		return err
	}
	fmt.Println("replaced; copy the folder to every server and restart them, and destroy the file of the key that you gave")
	return nil
}
