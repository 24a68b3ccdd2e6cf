package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"filippo.io/age"

	"mandat/internal/backup"
)

// installation is what a copy is of, or is made again.
type installation struct {
	URL      string `env:"DATABASE_URL_OWNER" required:"" help:"Connection string of the login mandat_owner, as postgres://…"`
	KeysDir  string `env:"KEYS_DIR" required:"" help:"The folder of keys."`
	StateDir string `env:"STATE_DIR" required:"" help:"The folder of what a server must remember."`
	keyEncryption
	Database string `required:"" help:"File of the copy: the database."`
	Keys     string `required:"" help:"File of the copy: keys and state. Keep it apart from the other, and the key-encryption keyset, which is in neither, apart from both."`
}

func (i installation) place() (backup.Place, error) {
	kek, err := i.text()
	return backup.Place{OwnerURL: i.URL, KeysDir: i.KeysDir, StateDir: i.StateDir, KEK: kek, Database: i.Database, Keys: i.Keys}, err
}

type backupCmd struct {
	installation
	To    []string `help:"Public key of age (age1…) to which both files are encrypted; several may open them."`
	Plain bool     `help:"Do not encrypt: something else does."`
}

// Run writes the two files.
func (b backupCmd) Run(ctx context.Context) error {
	if b.Plain == (len(b.To) > 0) {
		return errors.New("want --to with a public key of age (age-keygen makes one), or --plain")
	}
	to, err := backup.Recipients(b.To)
	if err != nil {
		return err
	}
	place, err := b.place()
	if err != nil {
		return err
	}
	if err := backup.Write(ctx, place, to...); err != nil {
		return err
	}
	for _, path := range []string{b.Database, b.Keys} {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		fmt.Printf("wrote %s, %d bytes\n", path, info.Size())
	}
	fmt.Println("The key-encryption keyset is in neither: keep it in a third place. Copy STATE_DIR/erasures more often, and apart: it says who must be erased again after a restore.")
	return nil
}

type restoreCmd struct {
	installation
	Identity string `type:"existingfile" help:"File with the secret key of age (AGE-SECRET-KEY-…) that opens both files."`
}

// Run makes an installation of the two files.
func (r restoreCmd) Run(ctx context.Context) error {
	var with []age.Identity
	if r.Identity != "" {
		f, err := os.Open(r.Identity)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if with, err = age.ParseIdentities(f); err != nil {
			return errors.New("--identity: the file holds no secret key of age")
		}
	}
	place, err := r.place()
	if err != nil {
		return err
	}
	checkpoint, err := backup.Restore(ctx, place, with...)
	if err != nil {
		return err
	}
	fmt.Println("restored the database, its journal taken over by this cluster, and the keys")
	if checkpoint {
		fmt.Println("restored the last checkpoint of the copy: what was signed after it is lost, and whoever saw a later checkpoint will notice")
	} else {
		fmt.Println("kept the checkpoint that is in STATE_DIR: if it is later than the copy, the program will not start, and says so")
	}
	fmt.Println("Holds that were made after the copy are gone, and what they kept goes when a server starts: start with KEEP_ALL=true until they are made again.")
	fmt.Println("Whoever was erased after the copy is there again: when it serves, mandat admin after-restore --ledger FILE, with the newest ledger of every server (STATE_DIR/erasures).")
	fmt.Println("Everybody signs in again. The original must never run again. Now: mandat migrate, mandat serve, mandat journal compare.")
	return nil
}
