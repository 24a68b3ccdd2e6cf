package verify

import (
	"bytes"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/fstest"

	"mandat/internal/journal/format"
)

// fuzzed are the exports that are mutated: of everything, and of parts in each form.
var fuzzed = sync.OnceValues(func() (*synthetic, []memory) {
	t := &quiet{}
	const every = 50
	s := newSynthetic(t, 700, every)
	asked := format.Request{Form: format.FormJSON, Filter: format.Filter{Action: "power.used"}}
	return s, []memory{s.listed(t), s.part(t, format.Request{Form: format.FormJSONZip, From: 100, To: 500}, between(100, 500), every), s.part(t, asked, []int64{0, 5, 300, 699}, every)}
})

// quiet stands for a test where there is none.
type quiet struct{ testing.TB }

func (*quiet) Helper() {}

// FuzzTamper changes something somewhere in an export: it is always named, and nothing crashes. When the list of the files is made anew, a
// change may pass that says nothing of the log; then the log that was found is the one that was signed.
func FuzzTamper(f *testing.F) {
	for kind := range uint8(8) {
		f.Add(uint8(0), uint8(kind), kind, uint32(77), []byte("x"), false)
		f.Add(uint8(1), uint8(3), kind, uint32(7), []byte{0, 255}, true)
		f.Add(uint8(2), uint8(5), kind, uint32(7000), []byte("\n"), kind%2 == 0)
	}
	f.Fuzz(func(t *testing.T, export, file, kind uint8, at uint32, with []byte, relist bool) {
		s, exports := fuzzed()
		m := exports[int(export)%len(exports)]
		names := slices.Sorted(maps.Keys(m))
		name := names[int(file)%len(names)]
		changed := mutated(m, names, name, kind, int(at), with)
		if same(m, changed) {
			return
		}
		if relist {
			changed = changed.list()
		}
		r, err := verified(t, changed, s.policy)
		if _, named := AsFault(err); named {
			return
		}
		switch {
		case err != nil:
			t.Fatalf("%s: %v is no fault", name, err)
		case !relist:
			t.Fatalf("%s: %d at %d passes", name, kind, at)
		case r.Root != s.roots[r.Size]:
			t.Fatalf("%s: another log passes: %+v", name, r)
		}
	})
}

// mutated changes a file in one of eight ways.
func mutated(m memory, names []string, name string, kind uint8, at int, with []byte) memory {
	b := bytes.Clone(m[name].Data)
	at %= len(b) + 1
	end := min(at+len(with), len(b))
	switch kind % 8 {
	case 0: // a byte
		if at < len(b) {
			b[at] ^= append(bytes.Clone(with), 1)[0]
		}
	case 1: // put in
		b = slices.Insert(b, at, with...)
	case 2: // taken out
		b = slices.Delete(b, at, end)
	case 3: // put in place
		copy(b[at:end], with)
	case 4: // cut off
		b = b[:at]
	case 5: // a piece twice
		b = slices.Insert(b, at, b[at/2:at]...)
	case 6: // another file's content
		b = bytes.Clone(m[names[at%len(names)]].Data)
	case 7:
		b = nil
	}
	if b == nil && kind%8 != 7 {
		b = []byte{}
	}
	return m.having(name, b)
}

func same(a, b memory) bool {
	return maps.EqualFunc(a, b, func(x, y *fstest.MapFile) bool { return bytes.Equal(x.Data, y.Data) })
}
