package session_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mandat/internal/journal"
	"mandat/internal/session"
)

// From an entry one comes to the browser and the network it was done from, months after the session, and not after a year. What is hashed
// says nothing of it.
func TestOrigin_IsFoundFromAnEntry(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	start := h.Clock.Now()
	cookie, _, _ := h.signInWith(t, h.Jeanne, firefox, "192.0.2.7:1")
	me, err := at(t, h.sessions.Account, cookie)
	if err != nil {
		t.Fatal(err)
	}
	err = h.Journal.Record(t.Context(), me.Actor(), func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "session.closed"}, h.sessions.Close(t.Context(), tx, me)
	})
	if err != nil {
		t.Fatal(err)
	}
	auditor := h.OpenAuditor(t)
	origins := func() (found []session.Origin) {
		entries, err := journal.NewReader(auditor).Page(t.Context(), journal.Filter{}, 2)
		if err != nil || len(entries) != 2 || entries[0].Action != "session.closed" || entries[1].Action != "session.opened" {
			t.Fatal(entries, err)
		}
		for _, e := range entries {
			if len(e.Session) != 32 || !json.Valid(e.Body) || strings.Contains(string(e.Body), "session_id") || strings.Contains(string(e.Body), "192.0.2") {
				t.Errorf("entry %+v", e)
			}
			all, err := session.Origins(t.Context(), auditor, [][]byte{e.Session, nil})
			if err != nil {
				t.Fatal(err)
			}
			if o, there := all[string(e.Session)]; there {
				found = append(found, o)
			}
		}
		return found
	}
	for _, after := range []time.Duration{0, 11 * 30 * 24 * time.Hour, 40 * 24 * time.Hour} {
		h.Clock.Advance(after)
		h.purge(t)
		found := origins()
		if h.Clock.Now().After(start.AddDate(1, 0, 0)) {
			if len(found) != 0 {
				t.Errorf("after a year: %+v", found)
			}
			continue
		}
		if len(found) != 2 || found[0] != found[1] || found[0].Device != "Firefox, Windows" || found[0].Network != netip.MustParsePrefix("192.0.2.0/24") || found[0].OpenedAt.Sub(start) > time.Hour {
			t.Errorf("after %s: %+v", after, found)
		}
	}
}

// The program's own login writes origins and purges them, and never reads one.
func TestOrigin_IsForAuditorsAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.signInWith(t, h.Jeanne, firefox, "192.0.2.7:1")
	if found, err := session.Origins(t.Context(), h.DB, nil); err == nil {
		t.Errorf("the program read %v", found)
	}
}

// purge purges everything, with traces of more than a year.
func (h *house) purge(t *testing.T) {
	t.Helper()
	year := h.Clock.Now().AddDate(-1, 0, 0)
	if err := errors.Join(h.sessions.Purge(t.Context()), h.sessions.PurgeTrace(t.Context(), year, year, year)); err != nil {
		t.Fatal(err)
	}
}
