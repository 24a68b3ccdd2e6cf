package backup

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"mandat/internal/journal/tree"
	"mandat/internal/keyring"
)

// Errors of Restore: what is there is never replaced.
var (
	ErrNotEmpty = errors.New("the database has tables already: restore into an empty one")
	ErrKeys     = errors.New("KEYS_DIR has files already: move them away, or name another folder")
	ErrLogins   = errors.New("the cluster lacks the logins mandat_app and mandat_auditor: `mandat admin roles` prints how they are made")
	ErrSealed   = errors.New("the file is encrypted, and none of the identities opens it")
)

// Restore makes an installation of the two files: the database in an empty one, whose journal is taken over by this cluster, then the
// folders. The keys must open with the keyset of the place. No link of before opens anything in it. A checkpoint that is in StateDir already stays: it may be later than the copied
// one, and the program then says so when it starts. The original must never run again. It reports whether the copied checkpoint
// was put in its place.
func Restore(ctx context.Context, p Place, with ...age.Identity) (checkpoint bool, err error) {
	files, err := unpack(p.Keys, with)
	if err != nil {
		return false, fmt.Errorf("read the keys: %w", err)
	}
	if err := keyring.Opens(keysOf(files), p.KEK); err != nil {
		return false, err
	}
	if list, err := os.ReadDir(p.KeysDir); err == nil && len(list) > 0 {
		return false, ErrKeys
	}
	if err := ready(ctx, p.OwnerURL); err != nil {
		return false, err
	}
	if err := load(ctx, p, with); err != nil {
		return false, fmt.Errorf("restore the database: %w", err)
	}
	if err := adopt(ctx, p.OwnerURL); err != nil {
		return false, fmt.Errorf("take the journal over, and close links: %w", err)
	}
	return place(p, files)
}

// ready reports whether a database is empty and can be filled.
func ready(ctx context.Context, address string) error {
	return connected(ctx, address, func(conn *pgx.Conn) error {
		var tables, logins int
		if err := conn.QueryRow(ctx, `select (select count(*) from pg_tables where schemaname = 'public'),
			(select count(*) from pg_roles where rolname in ('mandat_app', 'mandat_auditor'))`).Scan(&tables, &logins); err != nil {
			return err
		}
		if tables > 0 {
			return ErrNotEmpty
		}
		if logins < 2 {
			return ErrLogins
		}
		return nil
	})
}

// load fills the database in one transaction: all of it, or nothing.
func load(ctx context.Context, p Place, with []age.Identity) error {
	tool, err := program("pg_restore")
	if err != nil {
		return err
	}
	to, env, err := target(p.OwnerURL)
	if err != nil {
		return err
	}
	f, in, err := open(p.Database, with)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return run(ctx, tool, []string{"--single-transaction", "--exit-on-error", "--no-owner", "--no-password", "--dbname=" + to}, env, in, io.Discard)
}

// links are the tables whose rows are copied with the hash of a link's secret. Whoever still needs the link is sent another one.
var links = []string{"invitation", "credential_reset"}

func adopt(ctx context.Context, address string) error {
	return connected(ctx, address, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, tree.AdoptSQL); err != nil {
			return err
		}
		for _, table := range links {
			if _, err := conn.Exec(ctx, `update `+table+` set token_hash = null where token_hash is not null`); err != nil {
				return err
			}
		}
		_, err := conn.Exec(ctx, `analyze`)
		return err
	})
}

func connected(ctx context.Context, address string, f func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return fmt.Errorf("connect as owner: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return f(conn)
}

// open reads a file of a copy, decrypted if it is encrypted.
func open(name string, with []age.Identity) (*os.File, io.Reader, error) {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, nil, err
	}
	in := bufio.NewReader(f)
	const mark = "age-encryption.org/"
	if start, _ := in.Peek(len(mark)); string(start) != mark {
		return f, in, nil
	}
	if len(with) == 0 {
		return nil, nil, errors.Join(ErrSealed, f.Close())
	}
	out, err := age.Decrypt(in, with...)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%w: %w", ErrSealed, err), f.Close())
	}
	return f, out, nil
}

// most is how large a file of the folders may be: the ledger of erasures grows, by some 200 bytes each.
const most = 64 << 20

// unpack reads the keys and the state into memory, by "keys/name" and "state/name".
func unpack(name string, with []age.Identity) (map[string][]byte, error) {
	f, in, err := open(name, with)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	out := map[string][]byte{}
	for t := tar.NewReader(in); ; {
		head, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		dir, base := path.Split(head.Name)
		if dir != "keys/" && dir != "state/" || !filepath.IsLocal(base) || head.Size > most {
			return nil, fmt.Errorf("%q is no file of ours", head.Name)
		}
		if out[head.Name], err = io.ReadAll(io.LimitReader(t, most)); err != nil {
			return nil, err
		}
	}
	if len(keysOf(out)) == 0 {
		return nil, errors.New("it holds no keys")
	}
	return out, nil
}

// keysOf are the files of the folder of keys, by their names in it.
func keysOf(files map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	for name, content := range files {
		if dir, base := path.Split(name); dir == "keys/" {
			out[base] = content
		}
	}
	return out
}

// place writes the folders.
func place(p Place, files map[string][]byte) (checkpoint bool, err error) {
	for _, dir := range []string{p.KeysDir, p.StateDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return false, err
		}
	}
	for name, content := range files {
		dir, base := path.Split(name)
		to := filepath.Join(map[string]string{"keys/": p.KeysDir, "state/": p.StateDir}[dir], base)
		f, err := os.OpenFile(filepath.Clean(to), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, os.ErrExist) && dir == "state/" {
			continue // what this machine saw itself may be later
		}
		if err != nil {
			return false, err
		}
		_, err = f.Write(content)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return false, err
		}
		checkpoint = checkpoint || name == "state/checkpoint"
	}
	return checkpoint, nil
}
