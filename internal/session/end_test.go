package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/session"
)

const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"

// signInWith signs an aidant in as their browser does, and returns its cookies and whether it was a new device.
func (h *house) signInWith(t *testing.T, by journal.Actor, agent, from string, cookies ...*http.Cookie) (*http.Cookie, *http.Cookie, bool) {
	t.Helper()
	w, r := httptest.NewRecorder(), request(t, nil)
	r.Header.Set("User-Agent", agent)
	r.RemoteAddr = from
	for _, c := range cookies {
		r.AddCookie(c)
	}
	at, err := h.sessions.Ensure(httptest.NewRecorder(), r)
	if err != nil {
		t.Fatal(err)
	}
	who := session.SignedIn{Person: by.Person, Places: []session.Place{{Organisation: by.Organisation, Role: session.Aidant}}, Method: session.ByPasskey,
		FactorKind: session.FactorPasskey, Device: h.sessions.Device(r)}
	var opened session.Opened
	err = h.Journal.Record(t.Context(), by, func(tx *journal.Tx) (journal.Event, error) {
		who.FactorAt = tx.Now
		opened, err = h.sessions.Open(t.Context(), tx, at, who)
		return journal.Event{Action: "session.opened"}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.sessions.Carry(w, r, opened); err != nil {
		t.Fatal(err)
	}
	var secret, device *http.Cookie
	for _, c := range w.Result().Cookies() {
		switch c.Name {
		case "mandat":
			secret = c
		case "appareil":
			device = c
		}
	}
	return secret, device, opened.NewDevice
}

// A person is told of a browser that they never signed in with; the very first one is no news.
func TestDevice(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	_, device, fresh := h.signInWith(t, h.Jeanne, firefox, "192.0.2.7:1")
	if fresh {
		t.Error("the first sign-in ever is news")
	}
	if device == nil || device.MaxAge != 365*24*3600 || !device.HttpOnly || device.SameSite != http.SameSiteLaxMode || device.Path != "/" || len(device.Value) != 43 {
		t.Fatalf("cookie %+v", device)
	}
	if _, again, fresh := h.signInWith(t, h.Jeanne, firefox, "198.51.100.9:1", device); fresh || again.Value != device.Value {
		t.Error("the same browser is news")
	}
	if _, _, fresh := h.signInWith(t, h.Jeanne, firefox, "192.0.2.7:1"); !fresh {
		t.Error("another browser is none")
	}
	if _, _, fresh := h.signInWith(t, h.Paul, firefox, "192.0.2.7:1", device); fresh {
		t.Error("a shared computer: his first sign-in ever is news")
	}
	var label, network string
	var rows int
	if err := h.conn.QueryRow(t.Context(), `select count(*) over (), label, text(network) from session_device where person_id = $1 order by last_at limit 1`, h.Jeanne.Person).Scan(&rows, &label, &network); err != nil {
		t.Fatal(err)
	}
	if rows != 2 || label != "Firefox, Windows" || network != "198.51.100.0/24" {
		t.Errorf("%d rows, %q from %s", rows, label, network)
	}
	h.Clock.Advance(366 * 24 * time.Hour)
	h.purge(t)
	if err := h.conn.QueryRow(t.Context(), `select count(*) from session_device`).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d devices after a year, %v", rows, err)
	}
}

// Everybody sees where they are signed in, and ends one, the others, or all of it; nobody ends somebody else's.
func TestList_AndEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	here, _, _ := h.signInWith(t, h.Jeanne, firefox, "192.0.2.7:1")
	h.Clock.Advance(5 * time.Minute)
	there, _, _ := h.signInWith(t, h.Jeanne, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "[2001:db8:1:2::3]:5")
	third, _, _ := h.signInWith(t, h.Jeanne, "", "192.0.2.7:1")
	paul, _, _ := h.signInWith(t, h.Paul, firefox, "192.0.2.7:1")
	me, err := at(t, h.sessions.Account, here)
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.sessions.List(t.Context(), me)
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	var iphone session.Listed
	for _, l := range list {
		if l.Device == "Safari, iPhone" {
			iphone = l
		}
		if l.Current != (l.Device == "Firefox, Windows") {
			t.Errorf("current: %+v", l)
		}
	}
	want := session.Listed{Device: "Safari, iPhone", Network: netip.MustParsePrefix("2001:db8:1::/48"), Method: session.ByPasskey, FactorKind: session.FactorPasskey}
	if diff := cmp.Diff(want, iphone, cmpopts.IgnoreFields(session.Listed{}, "ID", "Since", "LastUsed"), cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
	him, err := at(t, h.sessions.Account, paul)
	if err != nil {
		t.Fatal(err)
	}
	act := func(by *session.Session, f func(tx *journal.Tx) error) error {
		return h.Journal.Record(t.Context(), by.Actor(), func(tx *journal.Tx) (journal.Event, error) {
			return journal.Event{Action: "session.closed"}, f(tx)
		})
	}
	for _, id := range []string{iphone.ID, "", "zz", "00"} {
		if err := act(him, func(tx *journal.Tx) error { return h.sessions.End(t.Context(), tx, him, id) }); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("somebody else ends %q: %v", id, err)
		}
	}
	alive := func(what string, cookies map[*http.Cookie]bool) {
		t.Helper()
		for c, want := range cookies {
			if got, err := at(t, h.sessions.Account, c); err != nil || (got != nil) != want {
				t.Errorf("%s: %v, %v, want %v", what, got, err, want)
			}
		}
	}
	if err := act(me, func(tx *journal.Tx) error { return h.sessions.End(t.Context(), tx, me, iphone.ID) }); err != nil {
		t.Fatal(err)
	}
	alive("one ended", map[*http.Cookie]bool{here: true, there: false, third: true, paul: true})
	if err := act(me, func(tx *journal.Tx) error { return h.sessions.EndOthers(t.Context(), tx, me, session.Device{}) }); err != nil {
		t.Fatal(err)
	}
	alive("the others ended", map[*http.Cookie]bool{here: true, third: false, paul: true})
	if err := act(me, func(tx *journal.Tx) error { return session.EndAll(t.Context(), tx, me.Person) }); err != nil {
		t.Fatal(err)
	}
	alive("all ended", map[*http.Cookie]bool{here: false, paul: true})
}

// A session that a suspension ended does not come back with its person or organisation: somebody may have a copy of the cookie.
func TestSuspension_EndsSessionsForGood(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	d := h.Directory.Ending(session.EndIn)
	ctx, program, odile := t.Context(), journal.Program(), h.Referent(t, h.Here, "odile")
	for name, c := range map[string]struct{ suspend, resume func() error }{
		"there":            {func() error { return d.SuspendIn(ctx, odile, h.Jeanne.Person) }, func() error { return d.ResumeIn(ctx, odile, h.Jeanne.Person) }},
		"everywhere":       {func() error { return d.Suspend(ctx, program, h.Jeanne.Person) }, func() error { return d.Resume(ctx, program, h.Jeanne.Person) }},
		"the organisation": {func() error { return d.SuspendOrganisation(ctx, program, h.Here) }, func() error { return d.ResumeOrganisation(ctx, program, h.Here) }},
	} {
		cookie, other := h.signIn(t, h.Jeanne, session.Aidant), h.signIn(t, h.Ines, session.Aidant)
		if err := errors.Join(c.suspend(), c.resume()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s, err := at(t, h.sessions.Account, cookie); err != nil || s != nil {
			t.Errorf("%s: %v, %v", name, s, err)
		}
		if s, err := at(t, h.sessions.Account, other); err != nil || s == nil {
			t.Errorf("%s: somebody else's: %v, %v", name, s, err)
		}
	}
}

// What is left of the sessions of somebody suspended goes with the next purge; the refusals of their sign-ins name them.
func TestPurge_TheSuspended(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.signIn(t, h.Jeanne, session.Aidant)
	h.signIn(t, h.Paul, session.Aidant)
	if err := h.Directory.Suspend(t.Context(), journal.Program(), h.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	if err := h.sessions.NoteOf(t.Context(), request(t, nil), "sign_in.suspended", h.Jeanne.Person); err != nil {
		t.Fatal(err)
	}
	h.purge(t)
	var left, noted []uuid.UUID
	if err := h.conn.QueryRow(t.Context(), `select (select array_agg(person_id) from session), (select array_agg(person_id) from security_event)`).Scan(&left, &noted); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]uuid.UUID{{h.Paul.Person}, {h.Jeanne.Person}}, [][]uuid.UUID{left, noted}); diff != "" {
		t.Error(diff)
	}
}
