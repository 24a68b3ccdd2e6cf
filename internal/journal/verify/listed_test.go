package verify

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"testing"

	"mandat/internal/journal/format"
)

// listed is the export as it is written since exports have a list of their files.
func (s *synthetic) listed(t testing.TB) memory {
	t.Helper()
	m := s.having(format.RequestName, format.Request{Form: format.FormLines}.Text())
	s.described(m)
	size := int64(len(s.leaves))
	for level := 1; size>>(8*level) > 0; level++ {
		for index := int64(0); index*format.TileWidth < size>>(8*level); index++ {
			s.putTile(t, m, level, index)
		}
	}
	return m.list()
}

// described puts the files that only tell.
func (s *synthetic) described(m memory) {
	_ = m.Put(format.ReadmeName, []byte("what this is"))
	_ = m.Put(format.KeyName, []byte(s.signer.VerifierKey()+"\n"))
	_ = m.Put(format.PolicyName, []byte(s.signer.Policy("")))
}

func (s *synthetic) putTile(t testing.TB, m memory, level int, index int64) {
	t.Helper()
	size := int64(len(s.leaves))
	path := format.TilePath{Level: level, Index: index, Width: int(min(format.TileWidth, size>>(8*level)-index*format.TileWidth))}
	b, ok := s.tile(size, path.String())
	if !ok {
		t.Fatalf("there is no tile %s", path)
	}
	_ = m.Put(path.String(), b)
}

// list makes the list of the files anew, as somebody would who wants to hide that one was changed.
func (m memory) list() memory {
	out := m.having(format.SumsName, nil)
	var list []byte
	for _, name := range slices.Sorted(maps.Keys(out)) {
		list = format.AppendSum(list, sha256.Sum256(out[name].Data), name)
	}
	_ = out.Put(format.SumsName, list)
	return out
}

// part is the export of a part: the lines of some indexes, in order, in a form. It is made without the code that makes exports.
func (s *synthetic) part(t testing.TB, asked format.Request, indexes []int64, every int) memory {
	t.Helper()
	m := memory{}
	s.described(m)
	size := int64(len(s.leaves))
	_ = m.Put(format.RequestName, asked.Text())
	_ = m.Put(format.CheckpointName, s.sign(t, len(s.leaves)))
	all := map[int64][][]byte{}
	entries, hashes, kept, last := map[int64][]byte{}, map[int64][]byte{}, map[int64][]byte{}, int64(-1)
	for _, i := range indexes {
		n := i / format.FileEntries
		if all[n] == nil {
			all[n] = s.lines(t, int(n))
		}
		l, what := format.ParseLine(bytes.TrimSuffix(all[n][i%format.FileEntries], []byte("\n")))
		if what != "" {
			t.Fatal(what)
		}
		salt := l.Salt[:]
		if l.Over {
			salt = nil
		}
		entries[n] = asked.Form.Append(entries[n], i, l.Commitment[:], salt, l.Body)
		if tile := i / format.TileWidth; tile != last {
			last = tile
			for at := tile * format.TileWidth; at < min((tile+1)*format.TileWidth, size); at++ {
				hashes[n] = append(hashes[n], s.leaves[at][:]...)
				if int(at+1)%every == 0 {
					kept[n] = append(append(kept[n], s.sign(t, int(at+1))...), '\n')
				}
			}
		}
	}
	for n, lines := range entries {
		if asked.Form.Zipped() {
			e, err := encoder()
			if err != nil {
				t.Fatal(err)
			}
			lines = e.EncodeAll(lines, nil)
		}
		_ = m.Put(asked.Form.Name(n), lines)
		_ = m.Put(fmt.Sprintf(format.HashesName, n), hashes[n])
		_ = m.Put(fmt.Sprintf(format.CheckpointsName, n), kept[n])
		if size>>8 > n*format.TileWidth {
			s.putTile(t, m, 1, n)
		}
	}
	for index := int64(0); index*format.TileWidth < size>>16; index++ {
		s.putTile(t, m, 2, index)
	}
	for level := range 2 {
		if total := size >> (8 * level); total%format.TileWidth != 0 {
			s.putTile(t, m, level, total/format.TileWidth)
		}
	}
	return m.list()
}

// between lists indexes.
func between(first, end int64) []int64 {
	var out []int64
	for ; first < end; first++ {
		out = append(out, first)
	}
	return out
}
