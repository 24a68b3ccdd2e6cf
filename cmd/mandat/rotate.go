package main

import (
	"context"
	"fmt"
	"slices"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/keyring"
	"mandat/internal/oidc"
	"mandat/internal/signingkey"
)

type rotate struct {
	URL     string `env:"DATABASE_URL" required:"" help:"Connection string of the login mandat_app."`
	KeysDir string `env:"KEYS_DIR" required:"" help:"The folder of keys."`
	keyEncryption
	Use    []string `placeholder:"USE" help:"What the keys sign: id_token, receipt, assertion; several may be named. Without it, everything."`
	Stolen bool     `help:"Somebody may have the keys: replace the next ones too, and believe nothing that any of them signed."`
}

// Run rotates the keys in the database, as the program; servers that run take them up within seconds.
func (r rotate) Run(ctx context.Context) error {
	uses, err := r.uses()
	if err != nil {
		return err
	}
	kek, err := r.text()
	if err != nil {
		return err
	}
	keys, err := keyring.Load(r.KeysDir, kek)
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, db.Options{URL: r.URL, MaxConns: 2})
	if err != nil {
		return err
	}
	defer d.Close()
	why := signingkey.Command
	if r.Stolen {
		why = signingkey.Stolen
	}
	if err := signingkey.New(d, journal.New(d, nil), keys.Envelope, nil, oidc.GenerateKey).Rotate(ctx, journal.Program(), why, uses...); err != nil {
		return err
	}
	fmt.Println("rotated:", uses)
	if r.Stolen {
		fmt.Println("Servers take the new keys up within", signingkey.Every, "- clients that keep our key set, when they read it again.")
	}
	return nil
}

func (r rotate) uses() ([]signingkey.Use, error) {
	if len(r.Use) == 0 {
		return signingkey.Uses(), nil
	}
	var out []signingkey.Use
	for _, name := range r.Use {
		use := signingkey.Use(name)
		if !slices.Contains(signingkey.Uses(), use) {
			return nil, fmt.Errorf("--use %s: want one of %v", name, signingkey.Uses())
		}
		if !slices.Contains(out, use) {
			out = append(out, use)
		}
	}
	return out, nil
}
