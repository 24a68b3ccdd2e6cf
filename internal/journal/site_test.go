package journal

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
)

// published is the log as a site shows it; change may falsify an answer.
func published(t *testing.T, l *Log, change func(path string, b []byte) []byte) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, "/journal/")
		var b []byte
		var err error
		if path == "checkpoint" {
			b, err = l.Checkpoint(r.Context())
		} else {
			b, _, err = l.Tile(r.Context(), path)
		}
		if !ok || err != nil {
			http.NotFound(w, r)
			return
		}
		if change != nil {
			b = change(path, b)
		}
		_, _ = w.Write(b)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestVerify_TheSiteAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.bulk(t, 70_000)
	c := h.catchUp(t)
	p := h.policy(t)
	r, err := Verify(t.Context(), VerifyOptions{Policy: p, Site: published(t, h.in.Log(), nil)})
	if err != nil || r.Size != 70_000 || r.Root != c.Root || r.Tiles != 2*274+1+1+1 {
		t.Fatalf("%+v, %v", r, err)
	}
	for path, want := range map[string]int64{"tile/0/100": 100*256 + 3, "tile/entries/100": 100*256 + 2, "tile/0/273.p/112": 273*256 + 3, "tile/1/000": 3 * 256, "tile/1/001.p/17": (256 + 3) * 256, "tile/2/000.p/1": 0} {
		site := published(t, h.in.Log(), func(got string, b []byte) []byte {
			if got == path {
				b = bytes.Clone(b)
				b[min(100, len(b)-1)] ^= 1 // in the fourth hash of a tile, the third of a bundle
			}
			return b
		})
		_, err := Verify(t.Context(), VerifyOptions{Policy: p, Site: site})
		if f, ok := AsFault(err); !ok || f.Index != want {
			t.Errorf("%s falsified: %v", path, err)
		}
	}
	cut := published(t, h.in.Log(), func(got string, b []byte) []byte {
		if got == "tile/entries/005" {
			return b[:len(b)-1]
		}
		return b
	})
	if _, err := Verify(t.Context(), VerifyOptions{Policy: p, Site: cut}); err == nil {
		t.Error("a bundle that is cut off passed")
	}
}

func TestVerify_TheExportAndTheSite(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.acts(t, 300)
	h.catchUp(t)
	export := fstest.MapFS(h.export(t))
	p := h.policy(t)
	check := func(site string) (Report, error) {
		return Verify(t.Context(), VerifyOptions{Policy: p, Export: export, Site: site})
	}
	if r, err := check(published(t, h.in.Log(), nil)); err != nil || r.SiteSize != 300 {
		t.Fatalf("the same: %+v, %v", r, err)
	}
	h.acts(t, 300)
	h.catchUp(t)
	if r, err := check(published(t, h.in.Log(), nil)); err != nil || r.SiteSize != 600 || r.Size != 300 {
		t.Fatalf("longer: %+v, %v", r, err)
	}
	show := func(size int64, root Hash) string {
		signed, err := h.in.signer.sign(size, root)
		if err != nil {
			t.Fatal(err)
		}
		return published(t, h.in.Log(), func(path string, b []byte) []byte {
			if path == "checkpoint" {
				return signed
			}
			return b
		})
	}
	for name, site := range map[string]string{"a fork of the same size": show(300, Hash{1}), "a longer fork": show(600, Hash{1}), "a shorter log": show(5, Hash{1})} {
		if _, ok := AsFault(second(check(site))); !ok {
			t.Errorf("%s passed", name)
		}
	}
	stranger := newHouse(t)
	stranger.catchUp(t)
	if _, ok := AsFault(second(check(published(t, stranger.in.Log(), nil)))); !ok {
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
func TestVerify_RepeatsNoWordsOfTheSite(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
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
	_, err = Verify(t.Context(), VerifyOptions{Policy: h.policy(t), Site: "http://" + l.Addr().String()})
	if err == nil || strings.Contains(err.Error(), "verified") || !strings.HasSuffix(err.Error(), "status 404") {
		t.Errorf("%q", err)
	}
}
