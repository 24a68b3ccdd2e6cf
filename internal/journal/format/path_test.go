package format

import "testing"

func TestTilePath_HasOneForm(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]TilePath{
		"tile/0/000":                  {0, 0, 256},
		"tile/0/000.p/1":              {0, 0, 1},
		"tile/1/x001/x234/067":        {1, 1234067, 256},
		"tile/63/255.p/255":           {63, 255, 255},
		"tile/entries/x001/000.p/112": {EntriesLevel, 1000, 112},
	} {
		got, err := ParseTilePath(path)
		if err != nil || got != want || got.String() != path {
			t.Errorf("%s: %+v, %v", path, got, err)
		}
	}
	for _, path := range []string{"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/-1/000",
		"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/0/x000/000", "tile/0/001/000", "tile/0/x001/x000", "tile/0/000/", "tile/x/000",
		"tile/data/000", "/tile/0/000", "tile/0/../000", "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/8/0/000", "tile/0/٠٠٠"} {
		if got, err := ParseTilePath(path); err == nil {
			t.Errorf("%q is taken for %+v", path, got)
		}
	}
}

func FuzzTilePath(f *testing.F) {
	f.Add("tile/0/x001/234.p/5")
	f.Fuzz(func(t *testing.T, path string) {
		if got, err := ParseTilePath(path); err == nil && (got.String() != path || got.Index < 0 || got.Index > MaxIndex) {
			t.Errorf("%q becomes %+v", path, got)
		}
	})
}
