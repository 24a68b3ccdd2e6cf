package verify

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"mandat/internal/journal/format"
)

// tile is what a site shows at a path, of a log of size entries.
func (s *synthetic) tile(size int64, path string) ([]byte, bool) {
	p, err := format.ParseTilePath(path)
	if err != nil {
		return nil, false
	}
	row := s.commitments[:size]
	if p.Level != format.EntriesLevel {
		if p.Level >= len(s.rows) {
			return nil, false
		}
		row = s.rows[p.Level][:size>>(8*p.Level)]
	}
	first := p.Index * format.TileWidth
	if first+int64(p.Width) > int64(len(row)) {
		return nil, false
	}
	var out []byte
	for _, h := range row[first : first+int64(p.Width)] {
		if p.Level == format.EntriesLevel {
			out = append(out, 0, 32)
		}
		out = append(out, h[:]...)
	}
	return out, true
}

// published is the log, when it had so many entries, as a site shows it; change may falsify an answer.
func (s *synthetic) published(t *testing.T, size int, change func(path string, b []byte) []byte) string {
	t.Helper()
	signed := s.sign(t, size)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, "/journal/")
		b := signed
		if path != format.CheckpointName {
			b, ok = s.tile(int64(size), path)
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		if change != nil {
			b = change(path, bytes.Clone(b))
		}
		_, _ = w.Write(b)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// A site shows the log that keys which ended have signed, or it is another one.
func TestLog_TheSiteAfterAKeyEnded(t *testing.T) {
	t.Parallel()
	const n, size = 3000, 1000
	s := newSynthetic(t, n, n)
	site := s.published(t, n, nil)
	for what, c := range map[string]struct {
		root  format.Hash
		end   int64
		whole bool
	}{"where it ended": {s.roots[size], size, true}, "another log": {s.roots[size-1], size, false}, "at the size shown": {s.roots[n], n, true}, "another log of that size": {s.roots[size], n, false}, "beyond": {s.roots[size], n + 1, true}} {
		signer, err := s.signer.With(nil, []format.Key{{VKey: newSigner(t).VerifierKey(), End: &format.End{Size: c.end, Root: c.root}}})
		if err != nil {
			t.Fatal(err)
		}
		policy, err := ParsePolicy([]byte(signer.Policy("")))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []Options{{Policy: policy, Site: site}, {Policy: policy, Export: fstest.MapFS(s.memory), Gone: n}} {
			if _, err := Log(t.Context(), o); (err == nil) != c.whole {
				t.Errorf("%s, of the site %t: %v", what, o.Site != "", err)
			}
		}
	}
}

func TestLog_TheSiteAlone(t *testing.T) {
	t.Parallel()
	const n = 70_000
	s := newSynthetic(t, n, n)
	r, err := Log(t.Context(), Options{Policy: s.policy, Site: s.published(t, n, nil)})
	if err != nil || r.Size != n || r.Root != s.roots[n] || r.Tiles != 2*274+1+1+1 {
		t.Fatalf("%+v, %v", r, err)
	}
	for path, want := range map[string]int64{"tile/0/100": 100*256 + 3, "tile/entries/100": 100*256 + 2, "tile/0/273.p/112": 273*256 + 3, "tile/1/000": 3 * 256, "tile/1/001.p/17": (256 + 3) * 256, "tile/2/000.p/1": 0} {
		site := s.published(t, n, func(got string, b []byte) []byte {
			if got == path {
				b[min(100, len(b)-1)] ^= 1 // in the fourth hash of a tile, the third of a bundle
			}
			return b
		})
		_, err := Log(t.Context(), Options{Policy: s.policy, Site: site})
		if f, ok := AsFault(err); !ok || f.Index != want {
			t.Errorf("%s falsified: %v", path, err)
		}
	}
	cut := s.published(t, n, func(got string, b []byte) []byte {
		if got == "tile/entries/005" {
			return b[:len(b)-1]
		}
		return b
	})
	if _, err := Log(t.Context(), Options{Policy: s.policy, Site: cut}); err == nil {
		t.Error("a bundle that is cut off passed")
	}
}

func TestLog_TheExportAndTheSite(t *testing.T) {
	t.Parallel()
	const n = 300
	s := newSynthetic(t, 2*n, 100)
	before := *s
	before.memory = memory{}
	before.write(t, s.lines(t, 0)[:n], 100)
	check := func(site string) (Report, error) {
		return Log(t.Context(), Options{Policy: s.policy, Export: fstest.MapFS(before.memory), Site: site, Gone: n})
	}
	if r, err := check(s.published(t, n, nil)); err != nil || r.SiteSize != n {
		t.Fatalf("the same: %+v, %v", r, err)
	}
	if r, err := check(s.published(t, 2*n, nil)); err != nil || r.SiteSize != 2*n || r.Size != n {
		t.Fatalf("longer: %+v, %v", r, err)
	}
	show := func(size int64, root format.Hash) string {
		signed, err := s.signer.Sign(size, root)
		if err != nil {
			t.Fatal(err)
		}
		return s.published(t, 2*n, func(path string, b []byte) []byte {
			if path == "checkpoint" {
				return signed
			}
			return b
		})
	}
	for name, site := range map[string]string{"a fork of the same size": show(n, format.Hash{1}), "a longer fork": show(2*n, format.Hash{1}), "a shorter log": show(5, format.Hash{1})} {
		if _, ok := AsFault(second(check(site))); !ok {
			t.Errorf("%s passed", name)
		}
	}
	if _, ok := AsFault(second(check(newSynthetic(t, n, n).published(t, n, nil)))); !ok {
		t.Error("a site signed by a stranger passed")
	}
	if _, err := check("ftp://x"); err == nil {
		t.Error("an address that is none passed")
	}
	if _, err := check("http://127.0.0.1:1"); err == nil {
		t.Error("a site that does not answer passed")
	} else if _, ok := AsFault(err); ok {
		t.Error("a site that does not answer is no fault of the log")
	}
}

// The words of a status line are the site's: they do not reach the terminal of who verifies.
func TestLog_RepeatsNoWordsOfTheSite(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = http.ReadRequest(bufio.NewReader(conn))
		_, _ = io.WriteString(conn, "HTTP/1.1 404 \x1b[2Jverified\r\nContent-Length: 0\r\n\r\n")
		_ = conn.Close()
	}()
	_, err = Log(t.Context(), Options{Policy: newSynthetic(t, 1, 1).policy, Site: "http://" + l.Addr().String()})
	if err == nil || strings.Contains(err.Error(), "verified") || !strings.HasSuffix(err.Error(), "status 404") {
		t.Errorf("%q", err)
	}
}
