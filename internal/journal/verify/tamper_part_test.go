package verify

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"

	"mandat/internal/journal/format"
)

// The part that is tampered with goes from within the last tiles of the first file on to the second.
const (
	partFirst = second0 - 792
	partEnd   = second0 + 300
)

// tamperingsOfPart are of an export of a part, asked for without a filter.
var tamperingsOfPart = []tampering{
	{"a byte of a text", relined(0, func(l [][]byte) [][]byte { l[34][200] ^= 1; return l }), partFirst + 34, partFirst + 34, ""},
	{"a byte of a commitment", relined(0, func(l [][]byte) [][]byte { l[34][10] ^= 2; return l }), partFirst + 34, partFirst + 34, ""},
	{"the first entry dropped", relined(0, without(0)), partFirst, partFirst, ""},
	{"an entry dropped", relined(0, without(34)), partFirst + 34, partFirst + 34, ""},
	{"the last entry of a file dropped", relined(0, func(l [][]byte) [][]byte { return l[:len(l)-1] }), second0 - 1, second0 - 1, ""},
	{"the last entry dropped", relined(1, func(l [][]byte) [][]byte { return l[:len(l)-1] }), partEnd - 1, partEnd - 1, ""},
	{"an entry repeated", relined(0, twice(34)), partFirst + 35, partFirst + 35, ""},
	{"two entries exchanged", relined(0, exchanged(34, 400)), partFirst + 34, partFirst + 34, ""},
	{"an entry dated back", relined(1, dated(3)), second0 + 3, second0 + 3, ""},
	{"an entry from before", func(t *testing.T, s *synthetic, m memory) memory {
		return m.with(t, 0, slices.Insert(m.lines(t, 0), 0, s.lines(t, 0)[partFirst-1]))
	}, partFirst, partFirst, ""},
	{"an entry from behind", func(t *testing.T, s *synthetic, m memory) memory {
		return m.with(t, 1, append(m.lines(t, 1), s.lines(t, 1)[300]))
	}, partEnd, partEnd, ""},
	{"a line cut off", relined(1, func(l [][]byte) [][]byte { l[3] = l[3][:100]; return l[:4] }), second0 + 3, second0 + 3, ""},
	{"a file of entries removed", edited(entriesFile(1), func([]byte) []byte { return nil }), second0, second0, ""},
	{"a byte of the hashes", edited(hashesFile(0), flip(32*300)), 253 * 256, 254*256 - 1, "tile/0/253"}, // of the second tile that is there
	{"a tile of hashes dropped", edited(hashesFile(0), func(b []byte) []byte { return b[8192:] }), 252 * 256, 253*256 - 1, "tile/0/252"},
	{"a tile of hashes too many", edited(hashesFile(0), func(b []byte) []byte { return append(b, b[:8192]...) }), second0, second0, ""},
	{"a file of hashes removed", edited(hashesFile(0), func([]byte) []byte { return nil }), partFirst, partFirst, ""},
	{"a byte of a tile over the leaves", edited("tile/1/000", flip(32*9)), 0, second0 - 1, "tile/1/000"},
	{"a byte of the last tile over the leaves", edited("tile/1/001.p/2", flip(3)), -1, -1, ""},
	{"a byte of the tile over the files", edited("tile/2/000.p/1", flip(3)), -1, -1, ""},
	{"a byte of the last leaves", edited("tile/0/258.p/188", flip(3)), -1, -1, ""},
	{"a tile removed", edited("tile/1/000", func([]byte) []byte { return nil }), -1, -1, "tile/1/000"},
	{"a byte of the checkpoint", edited(format.CheckpointName, flip(30)), -1, -1, ""},
	{"an older checkpoint", func(t *testing.T, s *synthetic, m memory) memory {
		return m.having(format.CheckpointName, s.sign(t, 66000))
	}, -1, -1, "tile/1/001.p/1"},
	{"a kept checkpoint of a fork", func(t *testing.T, s *synthetic, m memory) memory {
		fork, err := s.signer.Sign(65300, format.Hash{1})
		if err != nil {
			t.Fatal(err)
		}
		return notes(0, func(n []string) []string { return slices.Insert(n, 1, string(fork)+"\n") })(t, s, m) // behind 65000
	}, 255 * 256, 65299, ""},
	{"a byte of a kept checkpoint", edited(keptFile(1), flip(20)), second0, tamperedEntries - 1, ""},
	{"a kept checkpoint whose tile is not there", func(t *testing.T, s *synthetic, m memory) memory {
		return m.having(keptFile(0), slices.Concat(s.sign(t, 500), []byte("\n"), m[keptFile(0)].Data))
	}, 499, 499, ""},
	{"asked for more", edited(format.RequestName, func([]byte) []byte {
		return format.Request{Form: format.FormLines, From: partFirst - 1, To: partEnd}.Text()
	}), partFirst - 1, partFirst - 1, ""},
	{"asked for less", edited(format.RequestName, func([]byte) []byte {
		return format.Request{Form: format.FormLines, From: partFirst, To: partEnd - 1}.Text()
	}), partEnd - 1, partEnd - 1, ""},
	{"asked for everything", edited(format.RequestName, func([]byte) []byte { return format.Request{Form: format.FormLines}.Text() }), 0, 0, ""},
}

func TestLog_NamesTamperingsOfAPart(t *testing.T) {
	t.Parallel()
	s := tampered()
	honest := s.part(t, format.Request{Form: format.FormLines, From: partFirst, To: partEnd}, between(partFirst, partEnd), tamperedEvery)
	if r, err := verified(t, honest, s.policy); err != nil || r.Entries+r.Over != partEnd-partFirst || r.Checkpoints != 4 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, c := range tamperingsOfPart {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := verified(t, c.do(t, s, honest).list(), s.policy)
			f, ok := AsFault(err)
			if !ok || f.Index != c.first || f.Last != c.last || f.File != c.file {
				t.Errorf("%v (%+v); want %d to %d, file %q", err, f, c.first, c.last, c.file)
			}
		})
	}
}

// Of what a filter left out nothing is shown, but what is there is held to the tree as well.
func TestLog_NamesTamperingsOfAFilteredPart(t *testing.T) {
	t.Parallel()
	s := tampered()
	indexes := []int64{3, 5, 300, 40000, second0 + 1, second0 + 650}
	asked := format.Request{Form: format.FormLines, Filter: format.Filter{Action: "power.used"}}
	honest := s.part(t, asked, indexes, tamperedEvery)
	if r, err := verified(t, honest, s.policy); err != nil || r.Entries+r.Over != int64(len(indexes)) {
		t.Fatalf("%+v, %v", r, err)
	}
	for name, c := range map[string]struct {
		do    func(*testing.T, *synthetic, memory) memory
		index int64
	}{
		"a byte of a text":      {relined(0, func(l [][]byte) [][]byte { l[2][200] ^= 1; return l }), 300},
		"an entry repeated":     {relined(0, twice(1)), 6},
		"two exchanged":         {relined(0, exchanged(0, 1)), 6},
		"a line of another":     {relined(0, func(l [][]byte) [][]byte { l[1] = append([]byte("4"), l[1][1:]...); return l }), 4},
		"a line without a tile": {relined(0, func(l [][]byte) [][]byte { return l[:3] }), 39999},
		"one more, of a tile that is not there": {func(t *testing.T, s *synthetic, m memory) memory {
			return m.with(t, 0, slices.Insert(m.lines(t, 0), 3, s.lines(t, 0)[30000]))
		}, 117 * 256},
	} {
		_, err := verified(t, c.do(t, s, honest).list(), s.policy)
		if f, ok := AsFault(err); !ok || f.Index != c.index {
			t.Errorf("%s: %v; want %d", name, err, c.index)
		}
	}
	if _, err := verified(t, relined(0, without(1))(t, s, honest).list(), s.policy); err != nil {
		t.Errorf("one left out cannot be known, and is a fault: %v", err)
	}
}

// What a site shows is tampered with: what verification of the site alone names, and of the export with the site.
func TestLog_NamesTamperingsOfASite(t *testing.T) {
	t.Parallel()
	s := tampered()
	fork, err := s.signer.Sign(tamperedEntries, format.Hash{1})
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := newSigner(t).Sign(tamperedEntries, s.roots[tamperedEntries])
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path        string
		change      func([]byte) []byte
		first, last int64
	}{
		"a byte of a bundle":                 {"tile/entries/003", flip(34*4 + 2), 3*256 + 4, 3*256 + 4},
		"the length of an entry in a bundle": {"tile/entries/003", flip(34*4 + 1), 3*256 + 4, 3*256 + 4},
		"a bundle cut off":                   {"tile/entries/003", func(b []byte) []byte { return b[:34*7] }, 3*256 + 7, 3*256 + 7},
		"a byte of a tile of leaves":         {"tile/0/003", flip(32 * 4), 3*256 + 4, 3*256 + 4},
		"two leaves exchanged": {"tile/0/003", func(b []byte) []byte {
			return slices.Concat(b[:32], b[64:96], b[32:64], b[96:])
		}, 3*256 + 1, 3*256 + 1},
		"a byte of the last tile of leaves": {"tile/0/258.p/188", flip(-1), tamperedEntries - 1, tamperedEntries - 1},
		"a byte of a tile above":            {"tile/1/000", flip(32 * 5), 5 * 256, 6*256 - 1},
		"a byte of the tile at the top":     {"tile/2/000.p/1", flip(0), 0, second0 - 1},
		"a checkpoint of a fork":            {"checkpoint", func([]byte) []byte { return fork }, -1, -1},
		"a checkpoint of another log":       {"checkpoint", func([]byte) []byte { return foreign }, -1, -1},
		"a byte of the checkpoint":          {"checkpoint", flip(30), -1, -1},
		"an older checkpoint, cut":          {"checkpoint", func(b []byte) []byte { return b[:40] }, -1, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := s.published(t, tamperedEntries, func(path string, b []byte) []byte {
				if path == c.path {
					return c.change(b)
				}
				return b
			})
			_, err := Log(t.Context(), Options{Policy: s.policy, Site: site})
			if f, ok := AsFault(err); !ok || f.Index != c.first || f.Last != c.last {
				t.Errorf("%v; want %d to %d", err, c.first, c.last)
			}
			if c.path != "checkpoint" {
				return
			}
			export := fstest.MapFS(s.part(t, format.Request{Form: format.FormLines, From: 5, To: 10}, between(5, 10), tamperedEvery))
			if _, ok := AsFault(second(Log(t.Context(), Options{Policy: s.policy, Site: site, Export: export}))); !ok {
				t.Error("a part beside it passed")
			}
		})
	}
	if _, err := Log(t.Context(), Options{Policy: s.policy, Site: s.published(t, tamperedEntries, nil), Export: fstest.MapFS(s.part(t, format.Request{Form: format.FormJSON, From: 5, To: 10}, between(5, 10), tamperedEvery))}); err != nil {
		t.Error(fmt.Errorf("a part beside its site: %w", err))
	}
}
