package verify

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"mandat/internal/journal/format"
)

// An export of this many entries is tampered with: two files, the second one not full, kept checkpoints and forgotten entries in both. So that it
// is checked fast, most of the first file is forgotten too.
const (
	tamperedEntries = format.FileEntries + 700
	tamperedEvery   = 500
	second0         = format.FileEntries // the first entry of the second file
	emptyFirst      = 5000
	emptyLast       = 63999
)

// tampered is the log of all these tests, which none of them changes.
var tampered = sync.OnceValue(func() *synthetic {
	return newSyntheticOf(&quiet{}, tamperedEntries, tamperedEvery, func(i int) (string, bool) {
		return someDetail(i), i%11 == 7 || i >= emptyFirst && i <= emptyLast
	})
})

// tampering is what somebody does to an export, and what verification must name: entries first to last, a file, or, with first -1 and no file, the log.
type tampering struct {
	name        string
	do          func(t *testing.T, s *synthetic, m memory) memory
	first, last int64
	file        string
}

func entriesFile(n int64) string { return fmt.Sprintf(format.EntriesName, n) }
func hashesFile(n int64) string  { return fmt.Sprintf(format.HashesName, n) }
func keptFile(n int64) string    { return fmt.Sprintf(format.CheckpointsName, n) }

// edited changes the bytes of a file.
func edited(name string, change func([]byte) []byte) func(*testing.T, *synthetic, memory) memory {
	return func(_ *testing.T, _ *synthetic, m memory) memory {
		return m.having(name, change(bytes.Clone(m[name].Data)))
	}
}

func flip(at int) func([]byte) []byte {
	return func(b []byte) []byte {
		if at < 0 {
			at = len(b) + at
		}
		b[at] ^= 1
		return b
	}
}

// relined changes the lines of a file of entries.
func relined(n int, change func([][]byte) [][]byte) func(*testing.T, *synthetic, memory) memory {
	return func(t *testing.T, _ *synthetic, m memory) memory { return m.with(t, n, change(m.lines(t, n))) }
}

// swapped exchanges two files.
func swapped(a, b string) func(*testing.T, *synthetic, memory) memory {
	return func(_ *testing.T, _ *synthetic, m memory) memory { return m.having(a, m[b].Data).having(b, m[a].Data) }
}

// reworded replaces the text of an entry, and makes commitment, and the file of hashes, fit: all that can be done without the key.
func reworded(at int64, from, to string) func(*testing.T, *synthetic, memory) memory {
	return func(t *testing.T, _ *synthetic, m memory) memory {
		n, k := at/format.FileEntries, at%format.FileEntries
		lines := m.lines(t, int(n))
		l, what := format.ParseLine(bytes.TrimSuffix(lines[k], []byte("\n")))
		if what != "" || !bytes.Contains(l.Body, []byte(from)) {
			t.Fatalf("%s: %s", lines[k], what)
		}
		body := bytes.Replace(l.Body, []byte(from), []byte(to), 1)
		c := format.Commitment(l.Salt, body)
		lines[k] = format.AppendLine(nil, at, c[:], l.Salt[:], body)
		hashes, leaf := bytes.Clone(m[hashesFile(n)].Data), format.LeafHash(c)
		copy(hashes[k*int64(len(leaf)):], leaf[:])
		return m.with(t, int(n), lines).having(hashesFile(n), hashes)
	}
}

// notes changes the kept checkpoints of a file.
func notes(n int64, change func([]string) []string) func(*testing.T, *synthetic, memory) memory {
	return edited(keptFile(n), func(b []byte) []byte { return []byte(strings.Join(change(notesOf(b)), "")) })
}

// notesOf cuts a file of kept checkpoints: each is a text, a blank line, a signature, a blank line.
func notesOf(b []byte) []string {
	var out []string
	for halves := strings.SplitAfter(string(b), "\n\n"); len(halves) > 1; halves = halves[2:] {
		out = append(out, halves[0]+halves[1])
	}
	return out
}

// raised makes the tiles above a leaf fit what the file of hashes says, as the next thing that somebody would do who has reworded an entry.
func raised(at int64, before func(*testing.T, *synthetic, memory) memory) func(*testing.T, *synthetic, memory) memory {
	return func(t *testing.T, s *synthetic, m memory) memory {
		m = before(t, s, m)
		n, tile := at/format.FileEntries, at/format.TileWidth%format.TileWidth
		var leaves, tiles []format.Hash
		for b := m[hashesFile(n)].Data[tile*format.TileWidth*32:][:format.TileWidth*32]; len(b) > 0; b = b[32:] {
			leaves = append(leaves, format.Hash(b[:32]))
		}
		root := format.PerfectRoot(leaves)
		name := map[int64]string{0: "tile/1/000", 1: "tile/1/001.p/2"}[n]
		b := bytes.Clone(m[name].Data)
		copy(b[tile*32:], root[:])
		m = m.having(name, b)
		if len(b) < format.TileWidth*32 {
			return m
		}
		for ; len(b) > 0; b = b[32:] {
			tiles = append(tiles, format.Hash(b[:32]))
		}
		root = format.PerfectRoot(tiles)
		return m.having("tile/2/000.p/1", root[:])
	}
}

// dated changes the time of an entry in its line.
func dated(k int) func([][]byte) [][]byte {
	return func(lines [][]byte) [][]byte {
		lines[k] = bytes.Replace(lines[k], []byte("2026-11-21T"), []byte("2026-11-20T"), 1)
		return lines
	}
}

func without(k int) func([][]byte) [][]byte {
	return func(lines [][]byte) [][]byte { return slices.Delete(slices.Clone(lines), k, k+1) }
}

func twice(k int) func([][]byte) [][]byte {
	return func(lines [][]byte) [][]byte { return slices.Insert(slices.Clone(lines), k, lines[k]) }
}

func exchanged(a, b int) func([][]byte) [][]byte {
	return func(lines [][]byte) [][]byte {
		lines[a], lines[b] = lines[b], lines[a]
		return lines
	}
}

// tamperings of a whole export. The list of the files is made anew after each, so that it gives nothing away.
var tamperings = []tampering{
	// entries
	{"a byte of a text", relined(0, func(l [][]byte) [][]byte { l[1234][200] ^= 1; return l }), 1234, 1234, ""},
	{"a byte of a salt", relined(0, func(l [][]byte) [][]byte { l[1234][60] ^= 2; return l }), 1234, 1234, ""},
	{"a byte of a commitment", relined(0, func(l [][]byte) [][]byte { l[1234][10] ^= 2; return l }), 1234, 1234, ""},
	{"a byte of an index", relined(0, func(l [][]byte) [][]byte { l[1234][0] ^= 1; return l }), 1234, 1234, ""},
	{"a byte of the last entry", relined(1, func(l [][]byte) [][]byte { l[699][200] ^= 1; return l }), tamperedEntries - 1, tamperedEntries - 1, ""},
	{"an entry dropped", relined(0, without(1234)), 1234, 1234, ""},
	{"the first entry dropped", relined(0, without(0)), 0, 0, ""},
	{"the last entry of a file dropped", relined(0, without(format.FileEntries-1)), format.FileEntries - 1, format.FileEntries - 1, ""},
	{"the last entry dropped", relined(1, without(699)), tamperedEntries - 1, tamperedEntries - 1, ""},
	{"an entry repeated", relined(0, twice(1234)), 1235, 1235, ""},
	{"an entry repeated in another file", relined(1, func(l [][]byte) [][]byte { return append(l, l[3]) }), tamperedEntries, tamperedEntries, ""},
	{"two entries exchanged", relined(0, exchanged(1234, 4000)), 1234, 1234, ""},
	{"two neighbours exchanged", relined(1, exchanged(10, 11)), second0 + 10, second0 + 10, ""},
	{"an entry dated back", relined(0, dated(1234)), 1234, 1234, ""},
	{"an entry dated back, with its commitment and leaf", reworded(1234, "2026-11-21T", "2026-11-20T"), 1024, 1279, "tile/1/000"},
	{"an entry reworded, with its commitment and leaf", reworded(1234, "aidant", "system"), 1024, 1279, "tile/1/000"},
	{"the same in the second file", reworded(second0+10, "aidant", "system"), second0, second0 + 255, "tile/1/001.p/2"},
	{"an entry dated back, with all above it", raised(1234, reworded(1234, "2026-11-21T", "2026-11-20T")), 1000, 1499, ""},
	{"an entry reworded, with all above it", raised(1234, reworded(1234, "aidant", "system")), 1000, 1499, ""},
	{"an entry of the second file reworded, with all above it", raised(second0+10, reworded(second0+10, "aidant", "system")), second0 / 500 * 500, second0/500*500 + 499, ""},
	{"the text of an entry taken out", relined(1, func(l [][]byte) [][]byte {
		l[10] = append(slices.Clone(l[10][:bytes.IndexByte(l[10], '{')]), []byte("{}\n")...)
		return l
	}), second0 + 10, second0 + 10, ""},
	{"a blank in an entry", relined(0, func(l [][]byte) [][]byte {
		l[1234] = bytes.Replace(l[1234], []byte(`,"at"`), []byte(`, "at"`), 1)
		return l
	}), 1234, 1234, ""},
	{"a line cut off", relined(0, func(l [][]byte) [][]byte { l[1234] = l[1234][:100]; return l[:1235] }), 1234, 1234, ""},
	{"an empty line", relined(0, func(l [][]byte) [][]byte { return slices.Insert(l, 1234, []byte("\n")) }), 1234, 1234, ""},
	{"a file of entries emptied", relined(1, func([][]byte) [][]byte { return nil }), second0, second0, ""},
	// files
	{"a file of entries removed", edited(entriesFile(1), func([]byte) []byte { return nil }), second0, second0, ""},
	{"a file of entries cut in half", edited(entriesFile(0), func(b []byte) []byte { return b[:len(b)/2] }), somewhere, somewhere, ""},
	{"a file of entries that is not zstd", edited(entriesFile(0), func(b []byte) []byte { return b[10:] }), 0, 0, ""},
	{"files of entries exchanged", swapped(entriesFile(0), entriesFile(1)), 0, 0, ""},
	{"one more file of entries", func(_ *testing.T, _ *synthetic, m memory) memory {
		return m.having(entriesFile(2), m[entriesFile(1)].Data)
	}, tamperedEntries, tamperedEntries, ""},
	{"a byte of the hashes", edited(hashesFile(0), flip(32*1234)), 1234, 1234, ""},
	{"a hash dropped", edited(hashesFile(0), func(b []byte) []byte { return slices.Delete(b, 32*1234, 32*1235) }), 1234, 1234, ""},
	{"a hash too many", edited(hashesFile(1), func(b []byte) []byte { return append(b, b[:32]...) }), tamperedEntries, tamperedEntries, ""},
	{"a file of hashes removed", edited(hashesFile(0), func([]byte) []byte { return nil }), 0, 0, ""},
	{"files of hashes exchanged", swapped(hashesFile(0), hashesFile(1)), 0, 0, ""},
	// tiles
	{"a byte of a tile", edited("tile/1/000", flip(32*7+3)), 7 * 256, 8*256 - 1, "tile/1/000"},
	{"a byte of a tile that is not full", edited("tile/1/001.p/2", flip(33)), second0 + 256, second0 + 511, "tile/1/001.p/2"},
	{"a byte of a tile above the files", edited("tile/2/000.p/1", flip(5)), 0, second0 - 1, "tile/2/000.p/1"},
	{"a tile cut off", edited("tile/1/000", func(b []byte) []byte { return b[:len(b)-1] }), -1, -1, "tile/1/000"},
	{"a tile removed", edited("tile/2/000.p/1", func([]byte) []byte { return nil }), -1, -1, "tile/2/000.p/1"},
	// checkpoints
	{"a byte of the checkpoint's size", edited(format.CheckpointName, flip(20)), -1, -1, ""},
	{"a byte of the checkpoint's root", edited(format.CheckpointName, flip(30)), -1, -1, ""},
	{"a byte of the checkpoint's signature", edited(format.CheckpointName, flip(-20)), -1, -1, ""},
	{"the checkpoint of another log", func(t *testing.T, s *synthetic, m memory) memory {
		foreign, err := newSigner(t).Sign(tamperedEntries, s.roots[tamperedEntries])
		if err != nil {
			t.Fatal(err)
		}
		return m.having(format.CheckpointName, foreign)
	}, -1, -1, ""},
	{"an older checkpoint", func(t *testing.T, s *synthetic, m memory) memory {
		return m.having(format.CheckpointName, s.sign(t, 1500))
	}, 1500, 1500, ""},
	{"a checkpoint that is signed, of other entries", func(t *testing.T, s *synthetic, m memory) memory {
		fork, err := s.signer.Sign(tamperedEntries, format.Hash{1})
		if err != nil {
			t.Fatal(err)
		}
		return m.having(format.CheckpointName, fork)
	}, tamperedEntries / 500 * 500, tamperedEntries - 1, ""},
	{"the checkpoint removed", edited(format.CheckpointName, func([]byte) []byte { return nil }), -1, -1, format.CheckpointName},
	{"a byte of a kept checkpoint", notes(0, func(n []string) []string { n[2] = strings.Replace(n[2], "1500", "1501", 1); return n }), 1000, second0 - 1, ""},
	{"a kept checkpoint cut off", notes(0, func(n []string) []string { n[2] = n[2][:40]; return n[:3] }), 1000, second0 - 1, ""},
	{"kept checkpoints exchanged", notes(0, func(n []string) []string { n[2], n[3] = n[3], n[2]; return n }), 2000, second0 - 1, ""},
	{"a kept checkpoint twice", notes(0, func(n []string) []string { return slices.Insert(n, 2, n[1]) }), 1000, second0 - 1, ""},
	{"all kept checkpoints of a file removed", notes(0, func([]string) []string { return nil }), 0, second0/500*500 + 499, ""},
	{"a kept checkpoint of a fork", func(t *testing.T, s *synthetic, m memory) memory {
		fork, err := s.signer.Sign(1700, format.Hash{1})
		if err != nil {
			t.Fatal(err)
		}
		return notes(0, func(n []string) []string { return slices.Insert(n, 3, string(fork)+"\n") })(t, s, m)
	}, 1500, 1699, ""},
	{"a file of kept checkpoints removed", edited(keptFile(1), func([]byte) []byte { return nil }), second0, second0, ""},
	{"files of kept checkpoints exchanged", swapped(keptFile(0), keptFile(1)), 0, second0 - 1, ""},
	// what says what it is
	{"asked for less", edited(format.RequestName, func([]byte) []byte { return format.Request{Form: format.FormLines, From: 10}.Text() }), -1, -1, "tile/0/258.p/188"},
	{"asked for in another form", edited(format.RequestName, func([]byte) []byte { return format.Request{Form: format.FormJSON}.Text() }), 0, 0, ""},
	{"asked for something unknown", edited(format.RequestName, flip(2)), -1, -1, format.RequestName},
	{"what was asked for removed", edited(format.RequestName, func([]byte) []byte { return nil }), -1, -1, format.RequestName},
}

// somewhere is an entry that the test does not foretell.
const somewhere = -2

func TestLog_NamesTamperings(t *testing.T) {
	t.Parallel()
	s := tampered()
	honest := s.listed(t)
	if r, err := verified(t, honest, s.policy); err != nil || r.Asked != nil || r.Root != s.roots[tamperedEntries] {
		t.Fatalf("%+v, %v", r, err)
	}
	names := map[string]bool{}
	for n, c := range tamperings {
		if names[c.name] {
			t.Errorf("%s is there twice", c.name)
		}
		names[c.name] = true
		if n%3 != 0 && os.Getenv("MANDAT_SOAK") == "" { // each reads an export anew, which takes long under the race detector
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := verified(t, c.do(t, s, honest).list(), s.policy)
			f, ok := AsFault(err)
			switch {
			case !ok:
				t.Errorf("%v; want a fault", err)
			case c.first == somewhere && f.Index < 0, c.first != somewhere && (f.Index != c.first || f.Last != c.last), f.File != c.file:
				t.Errorf("%d to %d, file %q: %v; want %d to %d, file %q", f.Index, f.Last, f.File, err, c.first, c.last, c.file)
			}
		})
	}
}

// Every byte of every file counts, also where it says nothing of the log: the list of the files tells. Long runs try more of them.
func TestLog_NamesTheFileOfWhichAByteWasChanged(t *testing.T) {
	t.Parallel()
	s := newSynthetic(t, 700, 100)
	ends, step := 40, 389
	if os.Getenv("MANDAT_SOAK") != "" {
		ends, step = 300, 97
	}
	for _, m := range []memory{s.listed(t), s.part(t, format.Request{Form: format.FormJSON, From: 100, To: 500}, between(100, 500), 100)} {
		for name, file := range m {
			for at := range file.Data {
				if at > ends && at < len(file.Data)-ends && at%step != 0 {
					continue
				}
				_, err := verified(t, m.having(name, flip(at)(bytes.Clone(file.Data))), s.policy)
				if _, ok := AsFault(err); !ok {
					t.Fatalf("byte %d of %s: %v", at, name, err)
				}
			}
			if len(file.Data) == 0 {
				continue
			}
			for what, changed := range map[string][]byte{"cut off": file.Data[:len(file.Data)-1], "longer": append(bytes.Clone(file.Data), '\n'), "gone": nil} {
				_, err := verified(t, m.having(name, changed), s.policy)
				if _, ok := AsFault(err); !ok {
					t.Errorf("%s %s: %v", name, what, err)
				}
			}
		}
		if f, ok := AsFault(second(verified(t, m.having("entries/00000000.bak", []byte("x")), s.policy))); !ok || f.File != "entries/00000000.bak" {
			t.Errorf("a file too many: %v", f)
		}
	}
}
