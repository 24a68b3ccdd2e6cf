package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"mandat/internal/keyring"
	"mandat/internal/load"
)

type loadTestData struct {
	App     string `name:"url" env:"DATABASE_URL" required:"" help:"Connection string of the login mandat_app."`
	Owner   string `name:"owner-url" env:"DATABASE_URL_OWNER" required:"" help:"Connection string of the login mandat_owner."`
	KeysDir string `env:"KEYS_DIR" required:"" help:"The folder of keys."`
	keyEncryption
	StateDir      string `env:"STATE_DIR" required:"" help:"The folder of what a server must remember."`
	Yes           string `placeholder:"DATABASE" help:"The name of the database, to say that it is meant. Without it nothing is done."`
	Mandates      int    `default:"10000000" help:"How many mandates; there are twice as many entries."`
	Organisations int    `default:"500" help:"How many organisations, of two aidants each."`
}

// Run fills the database, and says how far it is.
func (l loadTestData) Run(ctx context.Context) error {
	if l.Yes == "" {
		return fmt.Errorf("this would put %d invented mandates into the database, which can then serve nobody; to have that, say --yes and the database's name", l.Mandates)
	}
	kek, err := l.text()
	if err != nil {
		return err
	}
	ring, err := keyring.Load(l.KeysDir, kek)
	if err != nil {
		return err
	}
	begun, said := time.Now(), time.Time{}
	err = load.Run(ctx, load.Options{App: l.App, Owner: l.Owner, Name: l.Yes, Keys: ring.Envelope, Signer: ring.Journal, StateFile: filepath.Join(l.StateDir, "checkpoint"),
		Mandates: l.Mandates, Organisations: l.Organisations, Progress: func(what string, done, all int) {
			if done > 0 && done < all && time.Since(said) < 5*time.Second {
				return
			}
			said = time.Now()
			if all > 0 {
				what = fmt.Sprintf("%s: %d of %d", what, done, all)
			}
			fmt.Printf("%6.0f s  %s\n", time.Since(begun).Seconds(), what)
		}})
	if err != nil {
		return err
	}
	fmt.Printf("loaded %d mandates in %v\n", l.Mandates, time.Since(begun).Round(time.Second))
	return nil
}
