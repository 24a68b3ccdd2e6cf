package keyring

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}

func folder(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// Wherever names and links lead, the keyset does not lie with what it opens.
func TestFindKEK_NotInTheFolderNorBelow(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	dir, beside := folder(t, filepath.Join(home, "keys")), folder(t, filepath.Join(home, "beside"))
	folder(t, filepath.Join(dir, "below"))
	link(t, dir, filepath.Join(home, "by-link"))
	link(t, filepath.Join(dir, "below"), filepath.Join(beside, "in"))
	link(t, beside, filepath.Join(dir, "out"))
	put(t, filepath.Join(dir, "below", "there"), []byte(newKeyset(t)))
	link(t, filepath.Join(dir, "below", "there"), filepath.Join(beside, "file"))
	for name, c := range map[string]struct{ path, dir string }{
		"below":                         {filepath.Join(dir, "below", "kek"), dir},
		"below what is not there":       {filepath.Join(dir, "x", "y", "kek"), dir},
		"the folder itself":             {dir, dir},
		"by a link to the folder":       {filepath.Join(home, "by-link", "kek"), dir},
		"by a link, what is not there":  {filepath.Join(home, "by-link", "x", "kek"), dir},
		"the folder by a link":          {filepath.Join(dir, "kek"), filepath.Join(home, "by-link")},
		"by a link to below":            {filepath.Join(beside, "in", "kek"), dir},
		"a link to a file below":        {filepath.Join(beside, "file"), dir},
		"out by a link in it":           {filepath.Join(dir, "out", "kek"), dir},
		"a folder that is not there":    {filepath.Join(home, "new", "kek"), filepath.Join(home, "new")},
		"it by a link, and not there":   {filepath.Join(home, "by-link", "new", "kek"), filepath.Join(dir, "new")},
		"below, with a way out and in":  {filepath.Join(dir, "..", "keys", "kek"), dir},
		"a name that begins with ..":    {filepath.Join(dir, "..kek"), dir},
		"the folder with a final slash": {filepath.Join(dir, "kek"), dir + "/"},
	} {
		if _, made, err := FindKEK(c.path, c.dir); !errors.Is(err, ErrKEKHere) || made {
			t.Errorf("%s: made %t, %v", name, made, err)
		}
	}
	for name, path := range map[string]string{"beside": filepath.Join(beside, "kek"), "a name that begins alike": filepath.Join(home, "keys2", "kek"), "above": filepath.Join(home, "kek")} {
		if _, made, err := FindKEK(path, dir); err != nil || !made {
			t.Errorf("%s: made %t, %v", name, made, err)
		}
	}
}

// Every command and every server refuses a folder that has its keyset with it, under any name: a backup would take it along.
func TestLoad_NotWithItsKeyset(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(dir, kek, elsewhere string){
		"under another name": func(dir, kek, _ string) { put(t, filepath.Join(dir, "root.txt"), []byte(kek+"\n")) },
		"below": func(dir, kek, _ string) {
			put(t, filepath.Join(folder(t, filepath.Join(dir, "a", "b")), "x"), []byte(kek))
		},
		"by a link":      func(dir, _, elsewhere string) { link(t, elsewhere, filepath.Join(dir, "x")) },
		"another keyset": func(dir, _, _ string) { put(t, filepath.Join(dir, "x"), []byte(newKeyset(t))) },
		"what was one":   func(dir, _, _ string) { put(t, filepath.Join(dir, fileKEK), []byte("{}")) },
	} {
		dir, kek := full(t)
		elsewhere := filepath.Join(filepath.Dir(dir), "kek")
		put(t, elsewhere, []byte(kek))
		put(t, filepath.Join(dir, "README"), []byte("nothing of ours"))
		link(t, filepath.Join(dir, "nowhere"), filepath.Join(dir, "dangling"))
		k, err := ReadKEK(kek)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir, kek); err != nil {
			t.Fatalf("%s, before: %v", name, err)
		}
		spoil(dir, kek, elsewhere)
		if _, err := Load(dir, kek); !errors.Is(err, ErrKEKHere) {
			t.Errorf("%s: loaded: %v", name, err)
		}
		if err := k.Reseal(dir); !errors.Is(err, ErrKEKHere) {
			t.Errorf("%s: resealed: %v", name, err)
		}
	}
}
