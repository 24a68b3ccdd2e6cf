package testimony_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"mandat/internal/journal/format"
	"mandat/internal/journal/testimony"
	"mandat/internal/journal/tree"
	"mandat/internal/journal/verify"
	"mandat/internal/tsa"
)

func newAuthority(t testing.TB) *tsa.Authority {
	t.Helper()
	a, err := tsa.New(time.Now)
	must(t, err)
	return a
}

func (h *house) stamper(t testing.TB, a http.Handler, roots *x509.CertPool) *testimony.Stamper {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return testimony.NewStamper(testimony.StampOptions{DB: h.DB, URL: server.URL, Roots: roots, Witnessed: true})
}

// memory is an export that is kept nowhere.
type memory fstest.MapFS

// Put keeps a file.
func (m memory) Put(name string, content []byte) error {
	m[name] = &fstest.MapFile{Data: bytes.Clone(content)}
	return nil
}

// export is the log as far as witnesses have cosigned it, without its list of files when it is to be changed.
func (h *house) export(t testing.TB) memory {
	t.Helper()
	m := memory{}
	_, err := tree.Export(t.Context(), h.OpenAuditor(t), h.policy.Keys(), m)
	must(t, err)
	return m
}

func (h *house) verify(m memory, roots *x509.CertPool) (verify.Report, error) {
	return verify.Log(context.Background(), verify.Options{Policy: h.policy, Export: fstest.MapFS(m), Authority: roots})
}

// What is published is stamped once, stands in exports, and is checked by who names the authority.
func TestStamp(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	w := newObserver(t, "un", keysOf(t, secret))
	h := newHouse(t, secret, 1, w)
	a := newAuthority(t)
	s := h.stamper(t, a.Handler(), a.Roots())
	h.acts(t, 3)
	must(t, s.Stamp(t.Context()))
	if n := h.number(t, `select count(*) from journal_timestamp`); n != 0 {
		t.Errorf("what no witness has seen was stamped")
	}
	h.collect(t)
	for range 2 {
		must(t, s.Stamp(t.Context()))
	}
	h.acts(t, 4)
	h.collect(t)
	must(t, s.Stamp(t.Context()))
	if n := h.number(t, `select count(*) from journal_timestamp`); n != 2 {
		t.Errorf("%d timestamps", n)
	}
	if last, err := s.Last(t.Context()); err != nil || time.Since(last) > time.Minute {
		t.Errorf("the last: %v, %v", last, err)
	}

	whole := h.export(t)
	if r, err := h.verify(whole, a.Roots()); err != nil || r.Stamps != 2 || r.Unchecked != 0 || time.Since(r.LastStamp) > time.Minute {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := h.verify(whole, nil); err != nil || r.Stamps != 0 || r.Unchecked != 2 {
		t.Errorf("without an authority: %+v, %v", r, err)
	}
	three, seven := format.TimestampName(3), format.TimestampName(7)
	for name, change := range map[string]func(m memory) *x509.CertPool{
		"under another authority": func(memory) *x509.CertPool { return newAuthority(t).Roots() },
		"of another tree":         func(m memory) *x509.CertPool { m[three], m[seven] = m[seven], m[three]; return a.Roots() },
		"changed": func(m memory) *x509.CertPool {
			b := bytes.Clone(m[seven].Data)
			b[len(b)-1] ^= 1
			m[seven] = &fstest.MapFile{Data: b}
			return a.Roots()
		},
		"of no checkpoint": func(m memory) *x509.CertPool { m[format.TimestampName(2)] = m[three]; return a.Roots() },
	} {
		m := memory{}
		for file, content := range whole {
			m[file] = content
		}
		roots := change(m)
		m.list()
		if _, err := h.verify(m, roots); err == nil {
			t.Errorf("a timestamp %s passed", name)
		}
	}
}

// A timestamp of more entries is not of an earlier time than one of fewer.
func TestStamp_GoesForward(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	w := newObserver(t, "un", keysOf(t, secret))
	h := newHouse(t, secret, 1, w)
	dir := t.TempDir()
	for _, ago := range []time.Duration{0, 5 * time.Minute} {
		a, err := tsa.Open(dir, func() time.Time { return time.Now().Add(-ago) })
		must(t, err)
		h.acts(t, 3)
		h.collect(t)
		must(t, h.stamper(t, a.Handler(), a.Roots()).Stamp(t.Context()))
		if _, err := h.verify(h.export(t), a.Roots()); (err == nil) != (ago == 0) {
			t.Errorf("the second is of %v before the first: %v", ago, err)
		}
	}
}

// list makes the list of files anew, as who changes one does.
func (m memory) list() {
	delete(m, format.SumsName)
	var list []byte
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = format.AppendSum(list, sha256.Sum256(m[name].Data), name)
	}
	m[format.SumsName] = &fstest.MapFile{Data: list}
}

// What an authority sends that is no timestamp of what it was asked for is not kept.
func TestStamp_AnAuthorityThatLies(t *testing.T) {
	t.Parallel()
	secret := newSecret(t)
	w := newObserver(t, "un", keysOf(t, secret))
	h := newHouse(t, secret, 1, w)
	h.acts(t, 3)
	h.collect(t)
	a := newAuthority(t)
	late, err := tsa.New(func() time.Time { return time.Now().Add(-time.Hour) })
	must(t, err)
	replayed := func(change func(query []byte)) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			query, _ := io.ReadAll(r.Body)
			change(query)
			r.Body = io.NopCloser(bytes.NewReader(query))
			a.Handler().ServeHTTP(rw, r)
		})
	}
	for name, c := range map[string]struct {
		handler http.Handler
		roots   *x509.CertPool
	}{
		"nothing":             {http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), a.Roots()},
		"an error":            {http.NotFoundHandler(), a.Roots()},
		"another's":           {newAuthority(t).Handler(), a.Roots()},
		"of an hour ago":      {late.Handler(), late.Roots()},
		"of something else":   {replayed(func(q []byte) { q[len(q)/2] ^= 1 }), a.Roots()},
		"of another question": {replayed(func(q []byte) { q[len(q)-4] ^= 1 }), a.Roots()}, // the end of the nonce; certReq follows
	} {
		if err := h.stamper(t, c.handler, c.roots).Stamp(t.Context()); !errors.Is(err, testimony.ErrStamp) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := h.number(t, `select count(*) from journal_timestamp`); n != 0 {
		t.Errorf("%d timestamps were kept", n)
	}
	must(t, h.stamper(t, a.Handler(), a.Roots()).Stamp(t.Context()))
	for _, sql := range []string{`update journal_timestamp set at = now()`, `delete from journal_timestamp`, `truncate journal_timestamp`} {
		if _, err := h.Connect(t, h.Owner).Exec(t.Context(), sql); err == nil {
			t.Errorf("done: %s", sql)
		}
	}
}
