package keyring

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"mandat/internal/oidc"
)

const (
	// NextLife is how long the next key of the identity provider must have been published before it signs. Clients keep our
	// key set for an hour (idp says so); a day leaves room for those that keep it longer.
	NextLife = 24 * time.Hour

	// OldLife is how long at least the public half of a key is published after it has signed for the last time: what it
	// signed is good for minutes, but comes back as a hint when somebody signs out, after up to half a day.
	OldLife = 48 * time.Hour

	oldFiles = "idp-old-*.pem"
)

// ErrTooEarly says that the next key was made less than NextLife ago: clients may not know it yet.
var ErrTooEarly = errors.New("idp-next.pem is not a day old: clients that keep our keys may not know it yet")

// Rotate makes the next key of the identity provider the current one, and a new next one. Of the current one only the public
// half is kept, as idp-old-….pem, and published; halves that are older than OldLife are removed. stolen says that
// somebody else may have read the folder, now or before: then both keys are replaced, none of those before is believed any
// longer, and clients that keep our keys have to read them anew.
//
// It changes files only: a running program reads them when it starts. Whatever instant it is interrupted at, what is left
// either loads and signs with a key that is published, or says which file is missing.
func Rotate(dir string, now time.Time, stolen bool) error {
	current, next := filepath.Join(dir, fileIDPCurrent), filepath.Join(dir, fileIDPNext)
	if _, err := loadIDP(dir); err != nil {
		return err
	}
	made, err := os.Stat(next)
	if err != nil {
		return fmt.Errorf("rotate keys: %w", err)
	}
	if stolen {
		return errors.Join(replace(current), replace(next), forget(dir, time.Time{}))
	}
	if now.Sub(made.ModTime()) < NextLife {
		return ErrTooEarly
	}
	for _, step := range []func() error{
		func() error { return forget(dir, now) },
		func() error { return keepOld(dir, now) },
		func() error { return os.Rename(next, current) },
		func() error { return replace(next) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("rotate keys: %w", err)
		}
	}
	return nil
}

// replace puts a new key in a file, which need not be there.
func replace(path string) error {
	content, err := newIDPKey()
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return writeNew(path, content)
}

// keepOld writes the public half of the current key.
func keepOld(dir string, now time.Time) error {
	key, err := idpKey(dir, fileIDPCurrent)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "idp-old-"+now.UTC().Format("20060102T150405Z")+".pem")
	return writeNew(path, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// forget removes old public halves whose time is over; all of them at the zero time.
func forget(dir string, now time.Time) error {
	paths, err := filepath.Glob(filepath.Join(dir, oldFiles))
	if err != nil {
		return err
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if now.IsZero() || now.Sub(info.ModTime()) > OldLife {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

func loadIDP(dir string) (*oidc.KeySet, error) {
	current, err := idpKey(dir, fileIDPCurrent)
	if err != nil {
		return nil, err
	}
	next, err := idpKey(dir, fileIDPNext)
	if err != nil {
		return nil, err
	}
	old, err := loadOld(dir)
	if err != nil {
		return nil, err
	}
	// Of a rotation that was interrupted, the current key stands there too.
	old = slices.DeleteFunc(old, func(k *ecdsa.PublicKey) bool { return k.Equal(&current.PublicKey) || k.Equal(&next.PublicKey) })
	return oidc.NewKeySet(current, next, old...)
}

func idpKey(dir, name string) (*ecdsa.PrivateKey, error) {
	content, err := read(dir, name)
	if err != nil {
		return nil, err
	}
	key, err := oidc.DecodeKey(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return key, nil
}

// loadOld reads the public halves that are published, sorted by their day.
func loadOld(dir string) ([]*ecdsa.PublicKey, error) {
	paths, err := filepath.Glob(filepath.Join(dir, oldFiles))
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	var out []*ecdsa.PublicKey
	for _, path := range paths {
		name := filepath.Base(path)
		content, err := read(dir, name)
		if err != nil {
			return nil, err
		}
		block, _ := pem.Decode(content)
		if block == nil {
			return nil, fmt.Errorf("%s: not PEM", name)
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: not a public key", name)
		}
		key, ok := parsed.(*ecdsa.PublicKey)
		if !ok {
			return nil, fmt.Errorf("%s: not an EC key", name)
		}
		out = append(out, key)
	}
	return out, nil
}
