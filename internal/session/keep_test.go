package session_test

import (
	"errors"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"mandat/internal/session"
)

func TestLocal(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/": true, "/espace": true, "/mandats/1?x=2&y=%2F": true, "/brouillons/a/identite": true,
		"": false, "espace": false, "//elsewhere.invalid": false, "/\\elsewhere.invalid": false, "https://elsewhere.invalid/": false, "/a\nb": false, "/a b": false,
		"/a#b": false, "/\t/elsewhere.invalid": false, "javascript:alert(1)": false, "/%zz": false, "/" + strings.Repeat("a", 4096): false, "/\x7f": false,
	} {
		if session.Local(path) != want {
			t.Errorf("Local(%q) is not %v", path, want)
		}
	}
}

func TestNotice_OnceAndForItsSubject(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	at, err := h.sessions.Ensure(httptest.NewRecorder(), request(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.sessions.Notify(t.Context(), at, "draft:1", "login.identity.minor"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, about := range []string{"draft:2", "draft:1", "draft:1"} {
		key, err := h.sessions.Notice(t.Context(), at, about)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, key)
	}
	if diff := cmp.Diff([]string{"", "login.identity.minor", ""}, got); diff != "" {
		t.Error(diff)
	}
}

// Each kind of attempt is answered by an answer of its own kind, and keeps what it was begun with.
func TestAttempt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	at, err := h.sessions.Ensure(httptest.NewRecorder(), request(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := session.Attempt{Kind: session.Identity, Nonce: "nonce", Person: uuid.New(), Draft: uuid.New(), ReturnPath: "/x"}
	state, err := h.sessions.Depart(t.Context(), at, want)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.sessions.Arrive(t.Context(), at, state, session.SignIn, session.StepUp); !errors.Is(err, session.ErrUsed) {
		t.Errorf("as another kind: %v", err)
	}
	got, err := h.sessions.Arrive(t.Context(), at, state, session.Identity)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(session.Attempt{}, "CreatedAt", "Session")); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := h.sessions.Arrive(t.Context(), at, state, session.Identity); !errors.Is(err, session.ErrUsed) {
		t.Errorf("again: %v", err)
	}
	var kept int
	if err := h.conn.QueryRow(t.Context(), `select count(*) from session_attempt where encode(state, 'hex') = $1 or encode(state, 'escape') = $1`, state).Scan(&kept); err != nil || kept != 0 {
		t.Error("the state itself is in the database", err)
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	w, r := httptest.NewRecorder(), request(t, nil)
	old, err := h.sessions.Ensure(w, r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.sessions.Depart(t.Context(), old, session.Attempt{Kind: session.SignIn, ReturnPath: "/"}); err != nil {
		t.Fatal(err)
	}
	if err := h.sessions.Note(t.Context(), r, "sign_in.unknown"); err != nil {
		t.Fatal(err)
	}
	count := func() (n [3]int) {
		if err := h.conn.QueryRow(t.Context(), `select (select count(*) from session), (select count(*) from session_attempt), (select count(*) from security_event)`).Scan(&n[0], &n[1], &n[2]); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, step := range []struct {
		after time.Duration
		want  [3]int
	}{{29 * time.Minute, [3]int{1, 1, 1}}, {2 * time.Minute, [3]int{0, 0, 1}}, {364 * 24 * time.Hour, [3]int{0, 0, 1}}, {48 * time.Hour, [3]int{0, 0, 0}}} {
		h.Clock.Advance(step.after)
		h.purge(t)
		if diff := cmp.Diff(step.want, count()); diff != "" {
			t.Errorf("after %v more: %s", step.after, diff)
		}
	}
}

// The security log keeps networks, not addresses, and believes no header.
func TestNote_CountsNetworks(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	for _, from := range []string{"192.0.2.7:1234", "192.0.2.200:4", "[2001:db8:1:2::3]:5", "[::ffff:198.51.100.9]:6"} {
		r := request(t, nil)
		r.RemoteAddr = from
		r.Header.Set("X-Forwarded-For", "203.0.113.1")
		if err := h.sessions.Note(t.Context(), r, "sign_in.unknown"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.sessions.RefusalsBetween(t.Context(), h.Clock.Now().Add(-time.Hour), h.Clock.Now().Add(time.Minute), 10)
	if err != nil {
		t.Fatal(err)
	}
	want := []session.Refusals{{Network: netip.MustParsePrefix("192.0.2.0/24"), Kind: "sign_in.unknown", Count: 2},
		{Network: netip.MustParsePrefix("198.51.100.0/24"), Kind: "sign_in.unknown", Count: 1}, {Network: netip.MustParsePrefix("2001:db8:1::/48"), Kind: "sign_in.unknown", Count: 1}}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
}

// A flood from one address is slowed and forgiven; others do not notice.
func TestAllow(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	from := func(address string) bool {
		r := request(t, nil)
		r.RemoteAddr = address
		ok, err := h.sessions.Allow(r)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	n := 0
	for n < 10_000 && from("192.0.2.7:1") {
		n++
	}
	if n < 100 || n > 1000 {
		t.Errorf("%d starts at once", n)
	}
	if !from("192.0.2.8:1") || !from("[2001:db8::1]:1") {
		t.Error("others are refused too")
	}
	h.Clock.Advance(time.Minute)
	if !from("192.0.2.7:1") {
		t.Error("still refused after a minute")
	}
}
