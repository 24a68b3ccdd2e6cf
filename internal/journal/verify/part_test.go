package verify

import (
	"bytes"
	"fmt"
	"testing"

	"mandat/internal/journal/format"
)

// A part is whole when each of its lines leads to the root; what was asked for is told.
func TestLog_OfAPart(t *testing.T) {
	t.Parallel()
	const every = 100
	few := map[format.Form]*synthetic{}
	for _, n := range []int{1, 255, 256, 257, 700, format.FileEntries, format.FileEntries + 1, format.FileEntries + 700} {
		s := newSynthetic(t, n, every)
		for _, form := range []format.Form{format.FormLines, format.FormJSON, format.FormJSONZip} {
			few[form] = s
			size := int64(n)
			for _, c := range []struct {
				asked   format.Request
				indexes []int64
			}{
				{format.Request{Form: form, From: size / 3, To: size/3 + size/2 + 1}, between(size/3, min(size/3+size/2+1, size))},
				{format.Request{Form: form, From: size - 1}, between(size-1, size)},
				{format.Request{Form: form, To: (size + 1) / 2}, between(0, (size+1)/2)},
				{format.Request{Form: form, Filter: format.Filter{Action: "power.used"}}, []int64{0, size / 2 / 7 * 7, size - 1}},
				{format.Request{Form: form, From: size / 2, Filter: format.Filter{Person: "p"}}, nil},
			} {
				indexes := unique(c.indexes)
				r, err := verified(t, s.part(t, c.asked, indexes, every), s.policy)
				if c.asked.Whole(size) {
					continue // it is the log, and is checked as such
				}
				if err != nil || r.Asked == nil || *r.Asked != c.asked || r.Entries+r.Over != int64(len(indexes)) || r.Size != size || r.Root != s.roots[n] {
					t.Errorf("%d entries, %s: %+v, %v", n, c.asked.Text(), r, err)
				}
			}
		}
	}
}

func unique(indexes []int64) []int64 {
	var out []int64
	for _, i := range indexes {
		if len(out) == 0 || i > out[len(out)-1] {
			out = append(out, i)
		}
	}
	return out
}

// Lines as JSON have one form, which is read back.
func TestForm_JSONThereAndBack(t *testing.T) {
	t.Parallel()
	commitment, salt := bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{9}, 32)
	for _, body := range []string{`{}`, `{"action":"power.used","detail":{"a":[1,2]}}`} {
		line := bytes.TrimSuffix(format.FormJSON.Append(nil, 42, commitment, salt, []byte(body)), []byte("\n"))
		l, rest, what := format.FormJSON.Parse(bytes.Clone(line))
		if what != "" || l.Index != 42 || string(l.Body) != body || !bytes.HasSuffix(rest, []byte(body)) || l.Over {
			t.Errorf("%s: %+v, %q", line, l, what)
		}
		for at := range line[:len(line)-len(body)-1] { // of what stands before the entry every byte counts; the rest is Check's
			changed := bytes.Clone(line)
			changed[at] ^= 1
			if m, _, what := format.FormJSON.Parse(changed); what == "" && m.Index == 42 && m.Commitment == l.Commitment && m.Salt == l.Salt {
				t.Errorf("byte %d changed unseen: %s", at, changed)
			}
		}
	}
	line := bytes.TrimSuffix(format.FormJSON.Append(nil, 0, commitment, nil, nil), []byte("\n"))
	if l, _, what := format.FormJSON.Parse(line); what != "" || !l.Over || fmt.Sprint(l.Commitment) != fmt.Sprint(format.Hash(commitment)) {
		t.Errorf("%s: %+v, %q", line, l, what)
	}
}
