package cluster

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// maxSocketPath is the longest path of a unix socket on Linux: sun_path has 108 bytes, the last one a zero.
const maxSocketPath = 107

// place is where one cluster lives.
type place struct {
	dir       string // everything below is in it
	data      string // PGDATA
	log       string // what PostgreSQL writes to its standard error
	lock      string // held while a program runs the cluster
	socket    string // folder of the unix socket, at times elsewhere: paths of sockets are short
	throwaway bool
}

// settle decides where the cluster lives, creates the folders and gives them to who.
//
// A folder that who cannot reach (a checkout below /root, mode 0700) is replaced by one below /var/tmp whose name
// derives from the wanted one, and the wanted one becomes a link to it: the next run finds the same data, and so
// does a person who looks for them.
func settle(o Options, who identity) (place, error) {
	if o.Dir == "" {
		dir, err := os.MkdirTemp(scratch(o.Durable, who), "mandat-pg-")
		if err != nil {
			return place{}, err
		}
		return layout(dir, who, true)
	}
	wanted, err := filepath.Abs(o.Dir)
	if err != nil {
		return place{}, err
	}
	if followed := follow(wanted); followed != wanted {
		if err := privateFolder(followed, who); err != nil {
			return place{}, err
		}
		return layout(followed, who, false)
	}
	if err := os.MkdirAll(filepath.Dir(wanted), 0o755); err != nil { //nolint:gosec // the data folder inside is 0700
		return place{}, err
	}
	if reachable(wanted, who) {
		if err := privateFolder(wanted, who); err != nil {
			return place{}, err
		}
		return layout(wanted, who, false)
	}
	dir := filepath.Join("/var/tmp", shortName("mandat-pg", wanted))
	if err := privateFolder(dir, who); err != nil {
		return place{}, err
	}
	if err := pointTo(wanted, dir); err != nil {
		return place{}, err
	}
	return layout(dir, who, false)
}

// layout names the parts of a cluster's folder and creates those that PostgreSQL does not.
func layout(dir string, who identity, throwaway bool) (place, error) {
	p := place{
		dir:       dir,
		data:      filepath.Join(dir, "data"),
		log:       filepath.Join(dir, "postgresql.log"),
		lock:      filepath.Join(dir, "lock"),
		socket:    filepath.Join(dir, "s"),
		throwaway: throwaway,
	}
	if len(filepath.Join(p.socket, ".s.PGSQL."+port)) > maxSocketPath {
		p.socket = filepath.Join("/tmp", shortName("mandat-s", dir))
	}
	if err := who.own(dir); err != nil {
		return place{}, err
	}
	if err := privateFolder(p.socket, who); err != nil {
		return place{}, err
	}
	return p, nil
}

// privateFolder makes a folder of mode 0700 that belongs to who. One that is there already must belong to who
// (or to root, who then gives it away): the names below /tmp and /var/tmp can be guessed, and a folder that
// somebody else put there would be theirs to read.
func privateFolder(dir string, who identity) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	owner, ok := ownerOf(dir)
	if !ok {
		return fmt.Errorf("%s is not a folder: remove it, or choose another one", dir)
	}
	if owner.uid != who.uid && !(who.drop && owner.uid == 0) {
		return fmt.Errorf("%s belongs to another user (uid %d): remove it, or choose another folder", dir, owner.uid)
	}
	if err := who.own(dir); err != nil {
		return err
	}
	return os.Chmod(dir, 0o700) //nolint:gosec // a folder needs its x bit
}

// follow is where an earlier run put the data of a folder: the target of the link it left, else the folder itself.
func follow(dir string) string {
	if target, err := os.Readlink(dir); err == nil && filepath.IsAbs(target) {
		return target
	}
	return dir
}

// pointTo makes path a link to dir; only an empty folder may be in the way.
func pointTo(path, dir string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("%s is in the way of a link to %s: %w", path, dir, err)
	}
	return os.Symlink(dir, path)
}

// reachable reports whether who may pass through every folder above path, and through path if it is there.
func reachable(path string, who identity) bool {
	if !who.drop {
		return true
	}
	if real, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(real, filepath.Base(path))
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if !mayPass(dir, who) {
			return false
		}
		if dir == "/" || dir == "." {
			return true
		}
	}
}

// mayPass looks at the mode of one folder only: access lists are not consulted, and a folder that only they open
// counts as closed.
func mayPass(dir string, who identity) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return false
	case int(st.Uid) == who.uid:
		return info.Mode()&0o100 != 0
	case int(st.Gid) == who.gid:
		return info.Mode()&0o010 != 0
	default:
		return info.Mode()&0o001 != 0
	}
}

// enoughMemory is what a memory file system must have free to hold a throw-away cluster: 64 MB to begin with, the
// write-ahead log, and 9 MB for each database of a running test.
const enoughMemory = 1 << 30

// scratch chooses where throw-away clusters go. A database is a thousand small files, and on some disks it takes half a
// millisecond to create one: measured, a database cloned in 340 ms on ext4 and in 12 ms in memory. So they go to
// memory when there is enough; a durable cluster, which is to meet a real disk, does not.
func scratch(durable bool, who identity) string {
	const memory = "/dev/shm"
	var fs syscall.Statfs_t
	if !durable && syscall.Statfs(memory, &fs) == nil && fs.Type == tmpfsMagic &&
		fs.Bavail*uint64(fs.Bsize) >= enoughMemory && reachable(memory+"/x", who) { //nolint:gosec // a block size is positive
		return memory
	}
	if dir := os.TempDir(); reachable(filepath.Join(dir, "x"), who) && len(dir) < 60 {
		return dir
	}
	return "/tmp"
}

// tmpfsMagic is what statfs(2) calls a tmpfs.
const tmpfsMagic = 0x01021994

// shortName is a name that is the same for the same folder, and short whatever the length of that folder's path.
func shortName(prefix, dir string) string {
	return fmt.Sprintf("%s-%.6x", prefix, sha256.Sum256([]byte(dir)))
}
