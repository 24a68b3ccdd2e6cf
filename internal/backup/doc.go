// Package backup copies everything that an installation must not lose into two files, and makes an installation of them again:
//
//	database  what pg_dump writes (custom format): mandates, people, the journal
//	keys      a tar of KEYS_DIR, without which no citizen's data can be read, and of STATE_DIR, the last checkpoint that was seen
//
// They are two so that they can be kept apart. The key-encryption keyset, without which both are noise, is in neither: it changes
// rarely, and whoever keeps it keeps it elsewhere. Each file is encrypted besides to the recipients that it is given (age,
// https://age-encryption.org), whose identities need not be on this machine.
//
// Left out are sessions, links to sign in, challenges, codes of contacts and allowances. The hashes by which the links of invitations and resets are
// recognised are copied with their rows, and cleared by Restore. Citizens who were erased since the copy are there again; the ledger of erasures, a file of the
// state, says who they are (package erasure), and a copy of it that is newer is worth more than the one in here. What else somebody has lost since the copy, a role, a factor, a recovery code, is
// there again: docs/operations.md says what to look through.
//
// The programs of PostgreSQL do the work; they must be of the server's major version or later.
package backup

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"filippo.io/age"
)

// Place is an installation: the files of a copy, and what they are copies of.
type Place struct {
	OwnerURL string // of the database, for the login mandat_owner: postgres://…
	KeysDir  string
	StateDir string
	KEK      string // text of the key-encryption keyset: it is not copied, and what is restored must open with it

	Database, Keys string // paths of the two files
}

// passing are the tables whose rows are not copied.
var passing = []string{"session", "session_attempt", "maillink", "credential_challenge", "person_contact", "throttle"}

// program finds a program of PostgreSQL: in PG_BIN, else the newest of Debian's, else on the PATH.
func program(name string) (string, error) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(dirs, func(a, b string) int { return major(b) - major(a) })
	if dir := os.Getenv("PG_BIN"); dir != "" {
		dirs = []string{dir}
	}
	for _, dir := range dirs {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("there is no %s on this machine (apt-get install postgresql-client, or set PG_BIN)", name)
	}
	return path, nil
}

func major(dir string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
	return n
}

// target splits the password from an address, because everybody on the machine can read the arguments of a program.
func target(address string) (without string, env []string, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", nil, errors.New("DATABASE_URL_OWNER: want postgres://mandat_owner…") // the parser's error may quote a password
	}
	env = os.Environ()
	if password, ok := u.User.Password(); ok {
		env = append(env, "PGPASSWORD="+password)
		u.User = url.User(u.User.Username())
	}
	return u.String(), env, nil
}

// Recipients reads public keys of age ("age1…").
func Recipients(keys []string) ([]age.Recipient, error) {
	out := make([]age.Recipient, 0, len(keys))
	for _, k := range keys {
		r, err := age.ParseX25519Recipient(k)
		if err != nil {
			return nil, fmt.Errorf("%q is no recipient such as age1… (age-keygen -y prints it)", k)
		}
		out = append(out, r)
	}
	return out, nil
}
