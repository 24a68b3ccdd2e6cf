package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"mandat/internal/app"
	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/erasure"
	"mandat/internal/journal"
	"mandat/internal/keyring"
	"mandat/internal/phone"
)

type afterRestore struct {
	URL     string `env:"DATABASE_URL" required:"" help:"Connection string of the login mandat_app."`
	KeysDir string `env:"KEYS_DIR" required:"" help:"The folder of keys."`
	keyEncryption
	Ledger []string `required:"" type:"existingfile" placeholder:"FILE" help:"Ledger of erasures (STATE_DIR/erasures), the newest there is of every server; several may be named."`
}

// Run erases again who was erased after the copy was made, and says what it did.
func (r afterRestore) Run(ctx context.Context) error {
	var noted []erasure.Noted
	var damaged error
	for _, path := range r.Ledger {
		content, err := os.ReadFile(filepath.Clean(path))
		if err != nil {
			return err
		}
		all, torn, err := erasure.ReadLedger(content)
		if err != nil {
			damaged = errors.Join(damaged, fmt.Errorf("%s: %w. What was said there cannot be done again: find a copy of the file that has it, and run this again with both", path, err))
		}
		if torn {
			fmt.Printf("%s: the last line is cut off: that erasure was not done\n", path)
		}
		fmt.Printf("%s: %d erasures\n", path, len(all))
		if len(all) > 0 {
			last := all[len(all)-1]
			fmt.Printf("  the last of %s, SHA-256 of its line %s: an entry citizen.erased in a newer export says if others came after it\n", last.At.Format(time.RFC3339), last.SHA256)
		}
		noted = append(noted, all...)
	}
	register, stop, err := r.register(ctx)
	if err != nil {
		return err
	}
	defer stop()
	done, err := register.Again(ctx, noted)
	return errors.Join(report(done), err, missing(ctx, register, noted), damaged)
}

func (r afterRestore) register(ctx context.Context) (*erasure.Register, func(), error) {
	kek, err := r.text()
	if err != nil {
		return nil, nil, err
	}
	keys, err := keyring.Load(r.KeysDir, kek)
	if err != nil {
		return nil, nil, err
	}
	d, err := db.Open(ctx, db.Options{URL: r.URL, MaxConns: 2})
	if err != nil {
		return nil, nil, err
	}
	j := journal.New(d, nil)
	phones := phone.New(d, j, citizen.New(keys.Envelope), keys.Envelope, nil, nil)
	return app.Erasures(d, j, phones, nil, nil), d.Close, nil
}

// missing names the erasures that the journal tells of and no ledger.
func missing(ctx context.Context, register *erasure.Register, noted []erasure.Noted) error {
	unledgered, err := register.Unledgered(ctx, noted)
	for _, at := range unledgered {
		fmt.Printf("the erasure of %s, which the journal tells of, stands in none of these ledgers\n", at.Format(time.RFC3339))
	}
	if len(unledgered) > 0 {
		err = errors.New("a ledger is missing, or lines of one: find it, or a newer copy of it, and run this again with it; who was erased besides, nothing else says")
	}
	return err
}

// report prints what came of each, and returns an error if somebody is there still.
func report(done []erasure.Replayed) error {
	erased, gone, left := 0, 0, 0
	for _, one := range done {
		switch {
		case one.Refused != nil:
			left++
			fmt.Printf("citizen %s of organisation %s: still there: %v\n", one.Citizen, one.Organisation, one.Refused)
		case one.Erased:
			erased++
			fmt.Printf("citizen %s of organisation %s: erased again\n", one.Citizen, one.Organisation)
		default:
			gone++
		}
	}
	fmt.Printf("%d erased again, %d were not there, %d are still there\n", erased, gone, left)
	if left > 0 {
		return errors.New("not everybody is erased: see above, and run this again")
	}
	return nil
}
