package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// identity is the user that PostgreSQL runs as.
type identity struct {
	name     string
	uid, gid int
	drop     bool // the program is root and gives the identity to its children
}

// errOnlyRoot says that a machine has none of the users a program started by root could drop to.
var errOnlyRoot = errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")

// servantFor chooses who runs PostgreSQL on the data in dir: the caller, or, when the caller is root, the owner of
// data that is already there, else postgres, else nobody.
func servantFor(dir string) (identity, error) {
	if os.Geteuid() != 0 {
		return identity{uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	if owner, ok := ownerOf(follow(dir)); ok && owner.uid != 0 {
		owner.drop = true
		return owner, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if who, err := lookup(name); err == nil {
			return who, nil
		}
	}
	return identity{}, errOnlyRoot
}

func lookup(name string) (identity, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return identity{}, fmt.Errorf("look up user %s: %w", name, err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return identity{}, fmt.Errorf("look up user %s: %w", name, err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return identity{}, fmt.Errorf("look up user %s: %w", name, err)
	}
	return identity{name: name, uid: uid, gid: gid, drop: true}, nil
}

// ownerOf reports who owns a folder, not following a link at its end.
func ownerOf(dir string) (identity, bool) {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() {
		return identity{}, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}, false
	}
	return identity{uid: int(st.Uid), gid: int(st.Gid)}, true
}

// credential is what a child process is given: nothing unless the program drops its rights, and then no
// supplementary groups either.
func (w identity) credential() *syscall.Credential {
	if !w.drop {
		return nil
	}
	return &syscall.Credential{Uid: uint32(w.uid), Gid: uint32(w.gid)} //nolint:gosec // ids come from the kernel or the user database
}

// own gives a path to the identity, where that is a change.
func (w identity) own(path string) error {
	if !w.drop {
		return nil
	}
	return os.Lchown(path, w.uid, w.gid)
}
