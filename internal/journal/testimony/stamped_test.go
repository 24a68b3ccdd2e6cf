package testimony_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"mandat/internal/db"
	"mandat/internal/journal/format"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/verify"
)

// newStamped makes a log of seven entries, of which three and then all were stamped.
func newStamped(t *testing.T) (*house, *x509.CertPool) {
	t.Helper()
	secret := newSecret(t)
	w := newObserver(t, "un", keysOf(t, secret))
	h := newHouse(t, secret, 1, w)
	a := newAuthority(t)
	s := h.stamper(t, a.Handler(), a.Roots())
	if _, _, err := h.log.Stamped(t.Context()); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("before there is one: %v", err)
	}
	for _, n := range []int{3, 4} {
		h.acts(t, n)
		h.collect(t)
		must(t, s.Stamp(t.Context()))
	}
	return h, a.Roots()
}

// A part has the timestamps of the checkpoints that it has, and they are checked as those of the whole.
func TestStamped_APart(t *testing.T) {
	t.Parallel()
	h, roots := newStamped(t)
	for _, want := range []format.Request{{From: 4, To: 6}, {Form: format.FormJSON, Filter: format.Filter{Action: "session.opened"}}} {
		m := memory{}
		_, err := tree.ExportWanted(t.Context(), h.OpenAuditor(t), h.policy.Keys(), tree.Wanted{Request: want}, m)
		must(t, err)
		if r, err := h.verify(m, roots); err != nil || r.Asked == nil || r.Stamps != 2 || r.Dated == 0 {
			t.Errorf("%+v, %v", r, err)
		}
		if r, err := h.verify(m, nil); err != nil || r.Unchecked != 2 {
			t.Errorf("without an authority: %+v, %v", r, err)
		}
		if _, err := h.verify(m, newAuthority(t).Roots()); err == nil {
			t.Error("timestamps of another authority passed")
		}
		three, seven := format.TimestampName(3), format.TimestampName(7)
		m[three], m[seven] = m[seven], m[three]
		m.list()
		if _, err := h.verify(m, roots); err == nil {
			t.Error("exchanged timestamps passed")
		}
	}
}

// A proof is under the first stamped checkpoint over its entry, so that its timestamp says when the entry was there.
func TestStamped_AProof(t *testing.T) {
	t.Parallel()
	h, roots := newStamped(t)
	h.acts(t, 1)
	h.collect(t)
	for index, size := range []int64{3, 3, 3, 7, 7, 7, 7, 8} {
		text, line, token, err := h.log.ProveStamped(t.Context(), int64(index))
		must(t, err)
		p, err := verify.Proof(text, bytes.Clone(line), h.policy)
		if err != nil || p.Checkpoint.Size != size || (token == nil) != (size == 8) {
			t.Fatalf("entry %d: %+v, %v, %d bytes of a timestamp", index, p.Checkpoint, err, len(token))
		}
		if token == nil {
			continue
		}
		if at, err := p.Stamped(token, roots); err != nil || time.Since(at) > time.Minute {
			t.Errorf("entry %d: %v, %v", index, at, err)
		}
		if _, err := p.Stamped(token, newAuthority(t).Roots()); err == nil {
			t.Error("another authority's passed")
		}
		late := p
		late.Body = bytes.Replace(p.Body, []byte(time.Now().UTC().Format(`"at":"2006-`)), []byte(`"at":"2099-`), 1)
		if _, err := late.Stamped(token, roots); err == nil {
			t.Error("an entry of after its timestamp passed")
		}
		other := p
		other.Checkpoint.Size++
		if _, err := other.Stamped(token, roots); err == nil {
			t.Error("the timestamp of another checkpoint passed")
		}
	}
}

// site serves the log as the site does. change, if any, is what it shows instead.
func (h *house) site(t *testing.T, change func(path string, b []byte) []byte) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/journal/")
		var b []byte
		var err error
		switch path {
		case format.CheckpointName:
			b, err = h.log.Checkpoint(r.Context())
		case format.StampedName:
			var signed, token []byte
			signed, token, err = h.log.Stamped(r.Context())
			b = format.AppendStamped(nil, signed, token)
		default:
			b, _, err = h.log.Tile(r.Context(), path)
		}
		if change != nil && err == nil {
			b = change(path, b)
		}
		if err != nil || b == nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(b)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// A site shows its newest timestamp, which is checked with it, alone or beside an export.
func TestStamped_ASite(t *testing.T) {
	t.Parallel()
	h, roots := newStamped(t)
	h.acts(t, 1)
	h.collect(t)
	export := fstest.MapFS(h.export(t))
	fork := func(size int64, root format.Hash) []byte {
		signed, err := h.signer.Sign(size, root)
		must(t, err)
		return signed
	}
	for name, c := range map[string]struct {
		change func(path string, b []byte) []byte
		roots  *x509.CertPool
		stamp  bool
		fault  bool
	}{
		"as it is":           {nil, roots, true, false},
		"nobody is believed": {nil, nil, false, false},
		"another authority":  {nil, newAuthority(t).Roots(), false, true},
		"it shows none":      {func(path string, b []byte) []byte { return unless(path == format.StampedName, b) }, roots, false, false},
		"it cannot be read":  {replaced(func([]byte) []byte { return []byte("x\n") }), roots, false, true},
		"of another log": {replaced(func(b []byte) []byte {
			return append(fork(7, format.Hash{1}), b[bytes.LastIndex(b, []byte("\n\n"))+1:]...)
		}), roots, false, true},
		"a byte of the stamp": {replaced(func(b []byte) []byte { b[len(b)-9] ^= 1; return b }), roots, false, true},
		"without its witness": {replaced(unwitnessed), roots, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, o := range []verify.Options{{}, {Export: export}} {
				o.Policy, o.Site, o.Authority = h.policy, h.site(t, c.change), c.roots
				r, err := verify.Log(t.Context(), o)
				if _, fault := verify.AsFault(err); fault != c.fault || err != nil && !fault || !c.fault && r.SiteStamp.IsZero() == c.stamp {
					t.Errorf("with an export %t: %+v, %v", o.Export != nil, r.SiteStamp, err)
				}
			}
		})
	}
}

func unless(hidden bool, b []byte) []byte {
	if hidden {
		return nil
	}
	return b
}

// replaced changes the timestamp that a site shows.
func replaced(f func([]byte) []byte) func(string, []byte) []byte {
	return func(path string, b []byte) []byte {
		if path == format.StampedName {
			return f(b)
		}
		return b
	}
}

// unwitnessed takes the last signature, which is the witness', from a checkpoint with its timestamp.
func unwitnessed(b []byte) []byte {
	at := bytes.LastIndex(b, []byte("\n\n"))
	return append(bytes.Clone(b[:bytes.LastIndexByte(b[:at], '\n')+1]), b[at+1:]...)
}
