package procedure

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestVersions(t *testing.T) {
	t.Parallel()
	c := newest(t)
	if got := Versions(); !slices.Equal(got, []string{"2026-12-1", "2026-11-1"}) || c.Version() != got[0] {
		t.Errorf("versions %q, newest %s", got, c.Version())
	}
	if old, ok := Version("2026-11-1"); !ok || old.Version() != "2026-11-1" {
		t.Error("the version of older mandates is gone")
	}
	for _, unknown := range []string{"", "2026-12", "2026-12-2", "../procedure"} {
		if _, ok := Version(unknown); ok {
			t.Errorf("version %q was found", unknown)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	if p, ok := Find("argent-impots-declaration"); !ok || p.Site == "" {
		t.Errorf("%v %v, want the newest version of it", p, ok)
	}
	if _, ok := Find("argent"); ok {
		t.Error("a theme was taken for a procedure")
	}
}

// TestVersionsAreFrozen holds that no byte of a version changes once it was in use: mandates name it.
func TestVersionsAreFrozen(t *testing.T) {
	t.Parallel()
	old, _ := Version("2026-11-1")
	if sum := sha256.Sum256(old.File()); hex.EncodeToString(sum[:]) != "32d089e88b04773bf2021be8d9c681d04ebf92b43e4e76f603a7f028517f859e" {
		t.Errorf("version %s is %x now", old.Version(), sum)
	}
}

// TestKeysKeepTheirMeaning compares each version with the one before: what has gone is listed, and nothing has moved.
func TestKeysKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	versions := Versions()
	for i := range versions[1:] {
		newer, _ := Version(versions[i])
		older, _ := Version(versions[i+1])
		for _, fault := range moved(older, newer) {
			t.Errorf("%s after %s: %s", newer.Version(), older.Version(), fault)
		}
	}
}

// moved lists the keys of an older version that are not in a newer one with the same theme and name, nor retired there.
func moved(older, newer *Catalogue) []string {
	gone := map[string]string{}
	for _, r := range newer.Retired() {
		gone[r.Key] = r.Theme
	}
	var faults []string
	for _, theme := range older.Themes() {
		for _, p := range theme.Procedures {
			now, ok := newer.Find(p.Key)
			switch {
			case ok && now.Theme == p.Theme && cmp.Equal(now.Name, p.Name):
			case !ok && gone[p.Key] == p.Theme:
			default:
				faults = append(faults, p.Key)
			}
		}
	}
	for _, r := range older.Retired() {
		if gone[r.Key] != r.Theme {
			faults = append(faults, r.Key)
		}
	}
	return faults
}

func TestMoved(t *testing.T) {
	t.Parallel()
	read := func(data string) *Catalogue {
		c, err := parse([]byte(data))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	other := replace(t, `"a-b"`, `"a-c"`)
	retired := func(key string) *Catalogue {
		data := written(other)
		return read(data[:len(data)-len(`[]}`)] + `[{"key":"` + key + `","theme":"a","since":"2030-01-31"}]}`)
	}
	older := read(written(one))
	for name, c := range map[string]struct {
		older, newer *Catalogue
		want         []string
	}{
		"the same":                     {older, older, nil},
		"retired":                      {older, retired("a-b"), nil},
		"gone":                         {older, read(written(other)), []string{"a-b"}},
		"another meaning":              {older, read(written(replace(t, `"fr":"x"`, `"fr":"z"`))), []string{"a-b"}},
		"another one retired":          {older, retired("a-d"), []string{"a-b"}},
		"no more listed":               {retired("a-b"), read(written(other)), []string{"a-b"}},
		"taken again after retirement": {retired("a-b"), read(written(one + "," + other)), []string{"a-b"}},
	} {
		if got := moved(c.older, c.newer); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestFirstFormatIsReadSafely holds what is read where version 2026-11-1 is silent.
func TestFirstFormatIsReadSafely(t *testing.T) {
	t.Parallel()
	old, _ := Version("2026-11-1")
	for _, theme := range old.Themes() {
		for _, p := range theme.Procedures {
			want := Procedure{Key: p.Key, Theme: p.Theme, Name: p.Name, Body: p.Body, Warning: p.Warning,
				Reach: Direct, Levels: []Level{See, Act}, Identity: FranceConnect, MaxDays: 365, BankDetails: true}
			if diff := cmp.Diff(want, p); diff != "" {
				t.Errorf("%s: %s", p.Key, diff)
			}
		}
	}
}

func TestReadAll(t *testing.T) {
	t.Parallel()
	as := func(version string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(`{"format":2,"version":"` + version + `",` + written(one)[len(`{"format":2,"version":"2030-1-1",`):])}
	}
	got, err := readAll(fstest.MapFS{"2030-9-2.json": as("2030-9-2"), "2030-10-1.json": as("2030-10-1"), "2030-9-10.json": as("2030-9-10")})
	if err != nil || got[0].version != "2030-10-1" || got[1].version != "2030-9-10" || got[2].version != "2030-9-2" {
		t.Errorf("%v %v, want the newest first", got, err)
	}
	for name, folder := range map[string]fstest.MapFS{
		"none":         {},
		"another name": {"2030-1-1.json": as("2030-1-2")},
		"a bad one":    {"2030-1-1.json": as("2030-1-1"), "2030-1-2.json": {Data: []byte(`{}`)}},
	} {
		if _, err := readAll(folder); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
