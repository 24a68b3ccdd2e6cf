package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"mandat/internal/keyring"
)

// Write copies an installation into new files, encrypted to the recipients; without any they are as they are. It may run while
// servers do. The folders are copied before the database: a checkpoint must never be ahead of the journal that it is kept with.
//
// It refuses a folder of keys that do not open with the keyset: their copy would be worth nothing.
func Write(ctx context.Context, p Place, to ...age.Recipient) error {
	if _, err := keyring.Load(p.KeysDir, p.KEK); err != nil {
		return fmt.Errorf("copy the keys: %w", err)
	}
	if err := create(p.Keys, to, func(w io.Writer) error { return pack(w, map[string]string{"keys": p.KeysDir, "state": p.StateDir}) }); err != nil {
		return fmt.Errorf("copy the keys: %w", err)
	}
	if err := create(p.Database, to, func(w io.Writer) error { return dump(ctx, p.OwnerURL, w) }); err != nil {
		return errors.Join(fmt.Errorf("copy the database: %w", err), os.Remove(p.Keys))
	}
	return nil
}

// create writes a file that was not there, for its owner alone, and leaves nothing when it fails.
func create(path string, to []age.Recipient, write func(io.Writer) error) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = encrypted(f, to, write)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func encrypted(f io.Writer, to []age.Recipient, write func(io.Writer) error) error {
	if len(to) == 0 {
		return write(f)
	}
	w, err := age.Encrypt(f, to...)
	if err != nil {
		return err
	}
	return errors.Join(write(w), w.Close())
}

func dump(ctx context.Context, address string, w io.Writer) error {
	path, err := program("pg_dump")
	if err != nil {
		return err
	}
	to, env, err := target(address)
	if err != nil {
		return err
	}
	args := []string{"--format=custom", "--no-owner", "--no-password", "--dbname=" + to}
	for _, table := range passing {
		args = append(args, "--exclude-table-data=public."+table)
	}
	return run(ctx, path, args, env, nil, w)
}

// run returns what the program complained of.
func run(ctx context.Context, path string, args, env []string, in io.Reader, out io.Writer) error {
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...) //nolint:gosec // a program of PostgreSQL’s, from the folder that the operator names
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, in, out, &complaint
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(path), err, strings.TrimSpace(complaint.String()))
	}
	return nil
}

// pack writes the files of folders under the names of the folders.
func pack(w io.Writer, dirs map[string]string) error {
	t := tar.NewWriter(w)
	for _, name := range []string{"keys", "state"} {
		list, err := os.ReadDir(dirs[name])
		if err != nil {
			return err
		}
		for _, e := range list {
			if !e.Type().IsRegular() {
				continue
			}
			content, err := os.ReadFile(filepath.Join(dirs[name], e.Name()))
			if err != nil {
				return err
			}
			if err := t.WriteHeader(&tar.Header{Name: name + "/" + e.Name(), Mode: 0o600, Size: int64(len(content)), ModTime: time.Unix(0, 0)}); err != nil {
				return err
			}
			if _, err := t.Write(content); err != nil {
				return err
			}
		}
	}
	return t.Close()
}
