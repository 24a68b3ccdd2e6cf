package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	"mandat/internal/app"
	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/keyring"
	"mandat/internal/wrapping"
)

type kekCmds struct {
	Add   kekAdd   `cmd:"" help:"Add a key to the keyset: it opens, and does not wrap yet."`
	Use   kekUse   `cmd:"" help:"Let the key that was added wrap, and encrypt the folder of keys under it."`
	Renew kekRenew `cmd:"" help:"Wrap anew, now, what is wrapped with the keys before: servers do it once an hour."`
	Left  kekLeft  `cmd:"" help:"Count what is still wrapped with the keys before."`
	End   kekEnd   `cmd:"" help:"Take the keys before out of the keyset, if nothing is wrapped with them any more."`
}

// kekFile is the file of the keyset, which these commands change.
type kekFile struct {
	Path string `name:"key-encryption-key-file" env:"KEY_ENCRYPTION_KEY_FILE" required:"" help:"File of the key-encryption keyset. What stands in an environment variable is put into a file first."`
}

func (f kekFile) read() (*keyring.KEK, error) {
	text, err := keyEncryption{KEKFile: f.Path}.text()
	if err != nil {
		return nil, err
	}
	return keyring.ReadKEK(text)
}

// lock keeps other commands from the keyset, and from the folders.
func (f kekFile) lock(dirs ...string) (unlock func(), err error) {
	var held []func()
	unlock = func() {
		for _, one := range held {
			one()
		}
	}
	if own := filepath.Dir(f.Path); !slices.ContainsFunc(dirs, func(dir string) bool { return filepath.Clean(dir) == own }) {
		dirs = append(dirs, own)
	}
	for _, dir := range dirs {
		one, err := keyring.Lock(dir)
		if err != nil {
			unlock()
			return nil, err
		}
		held = append(held, one)
	}
	return unlock, nil
}

type kekAdd struct{ kekFile }

// Run adds a key that waits.
func (a kekAdd) Run() error {
	unlock, err := a.lock()
	if err != nil {
		return err
	}
	defer unlock()
	k, err := a.read()
	if err != nil {
		return err
	}
	if k, err = k.Add(); err != nil {
		return err
	}
	if err := k.Save(a.Path); err != nil {
		return err
	}
	fmt.Println("added; copy the keyset to every server and restart them, and put a copy where copies of it are kept; then: mandat admin kek use")
	return nil
}

type kekUse struct {
	kekFile
	Dir string `arg:"" help:"The folder (KEYS_DIR)."`
}

// Run lets the key wrap. Interrupted after the keyset was saved, it encrypts what is left of the folder when it is run again.
func (u kekUse) Run() error {
	unlock, err := u.lock(u.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	k, err := u.read()
	if err != nil {
		return err
	}
	used, err := k.Use()
	if err != nil && !errors.Is(err, keyring.ErrNoneWait) {
		return err
	}
	if err == nil {
		if err := used.Save(u.Path); err != nil {
			return err
		}
		k = used
	}
	if resealErr := k.Reseal(u.Dir); resealErr != nil {
		return resealErr
	}
	if err != nil {
		return fmt.Errorf("%w (the folder is under the key that wraps)", err)
	}
	fmt.Println("used; copy the keyset and the folder to every server and restart them. They wrap anew what is in the database, once an hour: mandat admin kek left counts the rest")
	return nil
}

// kekDatabase is what is needed to look at what the database holds.
type kekDatabase struct {
	acting
	kekFile
	Dir string `arg:"" help:"The folder (KEYS_DIR)."`
}

func (d kekDatabase) open(ctx context.Context) (*keyring.KEK, *wrapping.Keeper, func(), error) {
	k, err := d.read()
	if err != nil {
		return nil, nil, nil, err
	}
	text, err := k.Text()
	if err != nil {
		return nil, nil, nil, err
	}
	ring, err := keyring.Load(d.Dir, text)
	if err != nil {
		return nil, nil, nil, err
	}
	conn, err := db.Open(ctx, db.Options{URL: d.URL, MaxConns: 2})
	if err != nil {
		return nil, nil, nil, err
	}
	return k, wrapping.New(conn, journal.New(conn, nil), ring.Envelope, slog.Default(), app.Wrapped()...), conn.Close, nil
}

type kekLeft struct{ kekDatabase }

// Run counts.
func (l kekLeft) Run(ctx context.Context) error {
	_, keeper, stop, err := l.open(ctx)
	if err != nil {
		return err
	}
	defer stop()
	return l.left(ctx, keeper)
}

// left prints what is still under the keys before.
func (kekDatabase) left(ctx context.Context, keeper *wrapping.Keeper) error {
	left, err := keeper.Left(ctx)
	if err != nil {
		return err
	}
	for _, c := range left {
		fmt.Printf("%8d in %s under the key %s\n", c.Count, c.Table, c.Key)
	}
	if len(left) == 0 {
		fmt.Println("nothing is wrapped with a key before the one that wraps now")
	}
	return nil
}

type kekRenew struct{ kekDatabase }

// Run does what the servers' job does.
func (r kekRenew) Run(ctx context.Context) error {
	_, keeper, stop, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer stop()
	if err := keeper.Renew(ctx); err != nil {
		return err
	}
	return r.left(ctx, keeper)
}

type kekEnd struct{ kekDatabase }

// Run ends the keys before: in the database, which takes nothing more that is wrapped with them, then in the keyset.
func (e kekEnd) Run(ctx context.Context) error {
	unlock, err := e.lock(e.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	k, keeper, stop, err := e.open(ctx)
	if err != nil {
		return err
	}
	defer stop()
	if err := k.Reseal(e.Dir); err != nil {
		return err
	}
	ended, err := keeper.End(ctx)
	if err != nil {
		return err
	}
	if len(ended) == 0 {
		return errors.New("there is no key before the one that wraps now")
	}
	if k, err = k.Without(ended...); err != nil {
		return err
	}
	if err := k.Save(e.Path); err != nil {
		return err
	}
	fmt.Printf("took out %d; copy the keyset and the folder to every server. Copies of the database from before open with the keyset of then only: keep it with them, or destroy both\n", len(ended))
	return nil
}
