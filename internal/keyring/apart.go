package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A copy of the folder of keys is a copy of all that lies in it, and of what links in it lead to: so the keyset that opens it lies nowhere below it, under
// any name.

// maxKEK is more than a keyset has, in bytes.
const maxKEK = 64 << 10

// apart refuses a path of the keyset that leads into a folder, by its names or by what they are links to. Neither needs to be there yet.
func apart(path, dir string) error {
	for _, look := range []func(string) (string, error){filepath.Abs, resolved} {
		p, errP := look(path)
		d, errD := look(dir)
		if err := errors.Join(errP, errD); err != nil {
			return fmt.Errorf("KEY_ENCRYPTION_KEY_FILE: %w", err)
		}
		if rel, err := filepath.Rel(d, p); err == nil && filepath.IsLocal(rel) {
			return ErrKEKHere
		}
	}
	return nil
}

// resolved is where a path leads in the end. What is not there yet stays as it is called.
func resolved(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	there, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return there, err
	}
	above, err := resolved(filepath.Dir(path))
	return filepath.Join(above, filepath.Base(path)), err
}

// checkAlone refuses a folder of keys in which, or below which, there is a key-encryption keyset, or a link to one. What this program may not read it does
// not judge: the folder of lost files of a disk is one of those.
func checkAlone(dir string) error {
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return readable(err)
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || info.Size() > maxKEK {
			return readable(err)
		}
		content, err := os.ReadFile(filepath.Clean(path)) //nolint:gosec // the folder is the operator's, and nothing that is read here is used
		if err != nil {
			return readable(err)
		}
		if _, err := ReadKEK(string(content)); err == nil || e.Name() == fileKEK {
			return ErrKEKHere
		}
		return nil
	})
	if err != nil && !errors.Is(err, ErrKEKHere) {
		return fmt.Errorf("KEYS_DIR: %w", err)
	}
	return err
}

// readable is nil for what is not there, or not for us.
func readable(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}
