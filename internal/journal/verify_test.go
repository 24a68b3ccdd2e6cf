package journal

import (
	"bytes"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"
)

// memory is an export in memory.
type memory fstest.MapFS

func (m memory) Put(name string, content []byte) error {
	m[name] = &fstest.MapFile{Data: bytes.Clone(content)}
	return nil
}

func (h *house) export(t testing.TB) memory {
	t.Helper()
	m := memory{}
	if _, err := Export(t.Context(), h.OpenAuditor(t), h.in.signer.VerifierKey(), m); err != nil {
		t.Fatal(err)
	}
	return m
}

func (h *house) policy(t testing.TB) *Policy {
	t.Helper()
	p, err := ParsePolicy([]byte(h.in.signer.Policy("")))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func verified(t testing.TB, m memory, p *Policy) (Report, error) {
	t.Helper()
	return Verify(t.Context(), VerifyOptions{Policy: p, Export: fstest.MapFS(m)})
}

// lines returns the lines of a file of entries.
func (m memory) lines(t testing.TB, number int) [][]byte {
	t.Helper()
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b, err := d.DecodeAll(m[fmt.Sprintf(entriesName, number)].Data, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(b, []byte("\n"))
	return lines[:len(lines)-1]
}

// with returns a copy of the export with other lines in a file.
func (m memory) with(t testing.TB, number int, lines [][]byte) memory {
	t.Helper()
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	out := memory{}
	for name, f := range m {
		out[name] = f
	}
	_ = out.Put(fmt.Sprintf(entriesName, number), e.EncodeAll(bytes.Join(lines, nil), nil))
	return out
}

func TestVerify_ContentWithAnHonestLog(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 255, 256, 257, 3000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.bulk(t, n)
			c := h.catchUp(t)
			r, err := verified(t, h.export(t), h.policy(t))
			if err != nil {
				t.Fatal(err)
			}
			if r.Size != int64(n) || r.Entries != int64(n) || r.Root != c.Root || r.Origin != testOrigin {
				t.Fatalf("%+v, want %+v", r, c)
			}
		})
	}
}
