package cluster

import (
	"os"
	"path/filepath"
	"testing"
)

// A checkout below /root: the user that root drops to cannot go there.
func TestSettle_MovesWhatCannotBeReached(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(folder(t), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(closed, "pg")
	c := start(t, Options{Dir: dir})
	if os.Geteuid() == 0 {
		t.Cleanup(func() { _ = os.RemoveAll(c.Dir()) })
		if link, err := os.Readlink(dir); err != nil || link != c.Dir() || filepath.Dir(link) != "/var/tmp" {
			t.Errorf("%s leads to %s, %v; the data are in %s", dir, link, err, c.Dir())
		}
	} else if c.Dir() != dir {
		t.Errorf("an owner's own folder was moved to %s", c.Dir())
	}
	do(t, c, "create table kept as select 42 as n")
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	c = start(t, Options{Dir: dir})
	if got := query(t, c, "select n::text from kept"); got != "42" {
		t.Errorf("kept %q", got)
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	base := folder(t)
	closed := filepath.Join(base, "closed")
	if err := os.MkdirAll(filepath.Join(closed, "in"), 0o750); err != nil {
		t.Fatal(err)
	}
	stranger := identity{uid: 4242, gid: 4242, drop: true}
	for path, want := range map[string]bool{
		filepath.Join(base, "new"):         true,
		filepath.Join(closed, "new"):       false,
		filepath.Join(closed, "in", "new"): false,
	} {
		if got := reachable(path, stranger); got != want {
			t.Errorf("reachable(%s) = %v", path, got)
		}
	}
	link := filepath.Join(base, "link")
	if err := os.Symlink(closed, link); err != nil {
		t.Fatal(err)
	}
	if reachable(filepath.Join(link, "new"), stranger) {
		t.Error("a link opens a closed folder")
	}
}

func TestPrivateFolder_RefusesAnothersFolder(t *testing.T) {
	t.Parallel()
	stranger := identity{uid: 4242, gid: 4242}
	dir := filepath.Join(folder(t), "guessed")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := privateFolder(dir, stranger); err == nil {
		t.Error("took the folder of another user")
	}
	link := dir + "-link"
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if err := privateFolder(link, identity{uid: os.Geteuid()}); err == nil {
		t.Error("took a link")
	}
}
