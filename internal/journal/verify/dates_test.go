package verify

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"mandat/internal/journal/format"
	"mandat/internal/journal/stamp"
	"mandat/internal/journal/witness"
	"mandat/internal/tsa"
)

// A log of nearly twelve hours, in which an act is done each minute.
const (
	datedEntries = 700
	datedEvery   = 50
)

// lived is a log of which others say when its checkpoints were there.
type lived struct {
	*synthetic
	t         testing.TB
	base      time.Time
	stamps    map[int][]byte
	authority *tsa.Authority
	now       time.Time // by the authority
	text      string    // of the policy
}

// done is when an entry was really done.
func (l *lived) done(i int) time.Time { return l.base.Add(time.Duration(i) * time.Minute) }

// newLived makes a log that three witnesses watch, of whom two are enough, and an authority stamps. at is when an entry says that it was done.
func newLived(t testing.TB, witnessed bool, at func(i int, done time.Time) time.Time) *lived {
	t.Helper()
	l := &lived{t: t, base: time.Now().UTC().Truncate(time.Second), stamps: map[int][]byte{}}
	var err error
	l.now = l.base
	if l.authority, err = tsa.New(func() time.Time { return l.now }); err != nil {
		t.Fatal(err)
	}
	l.synthetic = newSyntheticAt(t, datedEntries, datedEvery, func(i int) (string, bool) {
		if i == 400 {
			return `citizen.erased "forgotten":["300-310"]`, false
		}
		return fmt.Sprintf(`"n":%d`, i), i >= 300 && i <= 310
	}, func(i int) string { return at(i, l.done(i)).Format(format.TimeFormat) })
	l.text = l.signer.Policy("")
	if witnessed {
		l.text = l.watched()
	}
	if l.policy, err = ParsePolicy([]byte(l.text)); err != nil {
		t.Fatal(err)
	}
	l.write(t, l.all, datedEvery)
	for size := datedEvery; size <= datedEntries; size += datedEvery {
		l.stamps[size] = l.token(size)
	}
	return l
}

// watched has the checkpoints cosigned, ten seconds after their last entry: by the second witness 40 minutes too late, by the third two hours too early, whose clocks are
// wrong. It returns the policy.
func (l *lived) watched() string {
	keys, lines := make([]witness.Key, 3), ""
	for n := range keys {
		var err error
		if keys[n], err = witness.GenerateKey(fmt.Sprintf("temoin.test/%d", n)); err != nil {
			l.t.Fatal(err)
		}
		lines += fmt.Sprintf("witness w%d %s\n", n, keys[n].VerifierKey())
	}
	l.seen = func(size int, note []byte) []byte {
		text, done := format.TextOf(string(note)), l.done(size-1)
		for n, off := range []time.Duration{10 * time.Second, 40 * time.Minute, -2 * time.Hour} {
			note = append(note, keys[n].Cosign(text, done.Add(off))...)
		}
		return note
	}
	return l.signer.PolicyWith("", lines+"group enough 2 w0 w1 w2\nquorum enough\n")
}

// token is the timestamp of the checkpoint of a size.
func (l *lived) token(size int) []byte {
	l.t.Helper()
	l.now = l.done(size - 1).Add(time.Minute)
	c := format.Checkpoint{Origin: testOrigin, Size: int64(size), Root: l.roots[size]}
	query, err := stamp.Request(stamp.Sum([]byte(c.Text())), big.NewInt(int64(size)))
	if err != nil {
		l.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(query))
	r.Header.Set("Content-Type", stamp.QueryType)
	w := httptest.NewRecorder()
	l.authority.Handler().ServeHTTP(w, r)
	token, err := stamp.Token(w.Body.Bytes())
	if err != nil {
		l.t.Fatal(err)
	}
	return token
}

// exports are the whole of it and a part, with the timestamps that belong to them.
func (l *lived) exports() map[string]memory {
	l.t.Helper()
	out := map[string]memory{"whole": l.listed(l.t)}
	out["part"] = l.part(l.t, format.Request{Form: format.FormJSON, From: 100, To: 650}, between(100, 650), datedEvery)
	out["filtered"] = l.part(l.t, format.Request{Form: format.FormLines, Filter: format.Filter{Action: "power.used"}}, between(0, 700), datedEvery)
	for name, m := range out {
		for size, token := range l.stamps {
			if name != "part" || size >= 50 {
				_ = m.Put(format.TimestampName(int64(size)), token)
			}
		}
		out[name] = m.list()
	}
	return out
}

// certificate is a file of the authority's certificate.
func (l *lived) certificate() string {
	path := filepath.Join(l.t.TempDir(), "authority.pem")
	if err := os.WriteFile(path, l.authority.PEM(), 0o600); err != nil {
		l.t.Fatal(err)
	}
	return path
}

// What whoever has the log's key can do: every signature is good, and the dates are not.
var misdated = map[string]struct {
	at    func(i int, done time.Time) time.Time
	fault int64 // -1: none
	what  string
}{
	"nothing":                 {func(_ int, done time.Time) time.Time { return done }, -1, ""},
	"a little back":           {func(i int, done time.Time) time.Time { return done.Add(-time.Duration(i%2) * 10 * time.Minute) }, -1, ""},
	"one two hours back":      {one(500, -2*time.Hour), 500, "before others saw the first 500 entries"},
	"one the day before":      {one(233, -24*time.Hour), 233, "before others saw the first 200 entries"},
	"one before all others":   {one(0, -24*time.Hour), -1, ""}, // nobody has seen anything before it
	"one three hours ahead":   {one(500, 3*time.Hour), 500, "after others saw the first 550 entries"},
	"one next year":           {one(610, 8760*time.Hour), 610, "after others saw the first 650 entries"},
	"from one on, hours back": {func(i int, done time.Time) time.Time { return done.Add(-time.Duration(min(i/400, 1)) * 3 * time.Hour) }, 400, "before others saw the first 400 entries"},
	"a night that was made up": {func(i int, done time.Time) time.Time {
		return done.Add(-time.Duration(max(i-449, 0)/100) * 6 * time.Hour)
	}, 549, "before others saw the first 500 entries"},
}

func one(index int, off time.Duration) func(int, time.Time) time.Time {
	return func(i int, done time.Time) time.Time {
		if i == index {
			return done.Add(off)
		}
		return done
	}
}

// An entry whose date contradicts when others saw the checkpoints before and after it is named, by both verifiers; within the tolerance nothing is.
func TestLog_NamesEntriesThatAreMisdated(t *testing.T) {
	t.Parallel()
	for name, c := range misdated {
		for _, witnessed := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, witnessed %t", name, witnessed), func(t *testing.T) {
				t.Parallel()
				l := newLived(t, witnessed, c.at)
				l.misdated(witnessed, c.fault, c.what)
			})
		}
	}
}

func (l *lived) misdated(witnessed bool, fault int64, what string) {
	l.t.Helper()
	policy := filepath.Join(l.t.TempDir(), "policy")
	if err := os.WriteFile(policy, []byte(l.text), 0o600); err != nil {
		l.t.Fatal(err)
	}
	for kind, m := range l.exports() {
		var roots *x509.CertPool
		if !witnessed {
			roots = l.authority.Roots()
		}
		r, err := Log(l.t.Context(), Options{Policy: l.policy, Export: fstest.MapFS(m), Authority: roots, Workers: 2})
		f, _ := AsFault(err)
		switch {
		case fault < 0 && (err != nil || r.Dated == 0):
			l.t.Errorf("%s: %+v, %v", kind, r, err)
		case fault >= 0 && (f == nil || f.Index != fault || f.Last != fault || !strings.Contains(f.What, what)):
			l.t.Errorf("%s: %v; want %d %s", kind, err, fault, what)
		}
		if kind != "whole" && os.Getenv("MANDAT_SOAK") == "" {
			continue // each takes the second verifier half a second
		}
		args := []string{policy, m.written(l.t, nil, "")}
		if !witnessed {
			args = append(args, l.certificate())
		}
		if v := ask(l.t, args...); v.Whole != (fault < 0) {
			l.t.Errorf("%s: the other says %+v", kind, v)
		}
	}
}
