package session_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"mandat/internal/db"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/page"
	"mandat/internal/session"
	"mandat/internal/token"
)

// house is a database with sessions on it.
type house struct {
	*fixture.World
	sessions *session.Sessions
	conn     *pgx.Conn
}

func newHouse(t *testing.T, secure bool) *house {
	t.Helper()
	w := fixture.New(t)
	return &house{w, session.New(w.DB, w.Keys, w.Clock, secure), w.Connect(t, w.Superuser)}
}

func request(t *testing.T, cookie *http.Cookie) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/espace?x=1", nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	return r
}

// signIn opens a session for an aidant, from an empty one, and returns its cookie.
func (h *house) signIn(t *testing.T, by journal.Actor, role string) *http.Cookie {
	t.Helper()
	who := session.SignedIn{Person: by.Person, Role: role, Method: session.ByProConnect, FactorKind: session.FactorProConnect}
	if by.Organisation != uuid.Nil {
		who.Places = []session.Place{{Organisation: by.Organisation, Role: role}}
	}
	return h.open(t, by, who)
}

// open opens a session, from an empty one, and returns its cookie.
func (h *house) open(t *testing.T, by journal.Actor, who session.SignedIn) *http.Cookie {
	t.Helper()
	w, r := httptest.NewRecorder(), request(t, nil)
	at, err := h.sessions.Ensure(w, r)
	if err != nil {
		t.Fatal(err)
	}
	var secret session.Opened
	err = h.Journal.Record(t.Context(), by, func(tx *journal.Tx) (journal.Event, error) {
		if who.FactorAt = tx.Now; who.Enrolling {
			who.FactorAt = time.Time{}
		}
		secret, err = h.sessions.Open(t.Context(), tx, at, who)
		return journal.Event{Action: "session.opened"}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.sessions.Carry(w, r, secret); err != nil {
		t.Fatal(err)
	}
	cookies := w.Result().Cookies()
	return cookies[len(cookies)-1]
}

// at asks a guard about a browser with this cookie, nil when it does not let it pass.
func at(t *testing.T, guard page.Guard, cookie *http.Cookie) (*session.Session, error) {
	t.Helper()
	w := httptest.NewRecorder()
	passed, err := guard(w, request(t, cookie))
	if err != nil || passed == nil {
		return nil, err
	}
	return session.From(passed.Context()), nil
}

func (h *house) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := h.conn.Exec(t.Context(), `set session_replication_role = replica`); err != nil {
		t.Fatal(err)
	}
	if _, err := h.conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func TestCookie(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{true, false} {
		h := newHouse(t, secure)
		c := h.signIn(t, h.Jeanne, session.Aidant)
		name := "mandat"
		if secure {
			name = "__Host-mandat"
		}
		if c.Name != name || c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 || len(c.Value) != 43 {
			t.Errorf("cookie %+v", c)
		}
		var row string
		if err := h.conn.QueryRow(t.Context(), `select s::text || encode(s.cookie, 'escape') from session s where cookie = $1`, token.Hash(c.Value)).Scan(&row); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains([]byte(row), []byte(c.Value)) {
			t.Error("the secret is in the database")
		}
	}
}

// A session counts for who it is, until it is idle for half an hour or twelve hours old.
func TestGuard_Time(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	c := h.signIn(t, h.Jeanne, session.Aidant)
	begun := h.Clock.Now()
	for h.Clock.Now().Before(begun.Add(session.Absolute - 30*time.Minute)) {
		got, err := at(t, h.sessions.Aidant, c)
		if err != nil || got == nil || got.Person != h.Jeanne.Person || got.Actor().Organisation != h.Here {
			t.Fatalf("%v after %v: %v", got, h.Clock.Now().Sub(begun), err)
		}
		h.Clock.Advance(29 * time.Minute)
	}
	h.Clock.Advance(begun.Add(session.Absolute).Sub(h.Clock.Now()))
	if got, err := at(t, h.sessions.Aidant, c); got != nil || err != nil {
		t.Errorf("twelve hours old: %v, %v", got, err)
	}
	c = h.signIn(t, h.Jeanne, session.Aidant)
	h.Clock.Advance(session.Idle)
	if got, err := at(t, h.sessions.Aidant, c); got != nil || err != nil {
		t.Errorf("idle: %v, %v", got, err)
	}
}

// What ends somebody's right to be here ends it at the next request.
func TestGuard_AsksEachTime(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"suspended":      `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`,
		"suspended here": `update membership set suspended_at = now() where person_id = $1`,
		"no member":      `update membership set ended_at = now() where person_id = $1`,
		"closed":         `update organisation set active = false where id in (select organisation_id from membership where person_id = $1)`,
		"another role":   `update membership set role = 'referent' where person_id = $1`,
		"somewhere else": `update membership set organisation_id = (select id from organisation where siret = '35600000000048') where person_id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, false)
			c := h.signIn(t, h.Jeanne, session.Aidant)
			if got, err := at(t, h.sessions.Aidant, c); err != nil || got == nil {
				t.Fatal(got, err)
			}
			h.exec(t, sql, h.Jeanne.Person)
			if got, err := at(t, h.sessions.Browser, c); err == nil || err.Error() != "login.expelled.what" {
				t.Errorf("%v, %v", got, err)
			}
			if got, err := at(t, h.sessions.Aidant, c); err != nil || got != nil {
				t.Errorf("the session outlived its person's rights: %v, %v", got, err)
			}
		})
	}
}

func TestGuard_RolesAndStrangers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	aidant := h.signIn(t, h.Jeanne, session.Aidant)
	if got, err := at(t, h.sessions.Auditor, aidant); !errors.Is(err, page.ErrForbidden) {
		t.Errorf("an aidant passes as auditor: %v, %v", got, err)
	}
	h.exec(t, `update person set auditor = true where id = $1`, h.Paul.Person)
	auditor := h.signIn(t, journal.Actor{Kind: journal.Auditor, Person: h.Paul.Person}, session.Auditor)
	if got, err := at(t, h.sessions.Auditor, auditor); err != nil || got == nil || got.Organisation != uuid.Nil || got.Actor().Kind != journal.Auditor {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := at(t, h.sessions.Aidant, auditor); !errors.Is(err, page.ErrForbidden) {
		t.Errorf("an auditor passes as aidant: %v, %v", got, err)
	}
	h.exec(t, `update person set auditor = false where id = $1`, h.Paul.Person)
	if got, err := at(t, h.sessions.Browser, auditor); err == nil {
		t.Errorf("no auditor any more, and passes: %v", got)
	}
	for _, value := range []string{"", "x", token.Hex(32), aidant.Value[:42] + "."} {
		if got, err := at(t, h.sessions.Browser, &http.Cookie{Name: "mandat", Value: value}); err != nil || got != nil {
			t.Errorf("%q: %v, %v", value, got, err)
		}
	}
}

// An old session that is opened twice is opened once.
func TestOpen_Once(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	old, err := h.sessions.Ensure(httptest.NewRecorder(), request(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	open := func() error {
		return h.Journal.Record(t.Context(), h.Jeanne, func(tx *journal.Tx) (journal.Event, error) {
			_, err := h.sessions.Open(context.WithoutCancel(t.Context()), tx, old, session.SignedIn{Person: h.Jeanne.Person, Places: []session.Place{{Organisation: h.Here, Role: session.Aidant}},
				FactorAt: tx.Now, FactorKind: session.FactorPasskey, Method: session.ByPasskey})
			return journal.Event{Action: "session.opened"}, err
		})
	}
	if err := open(); err != nil {
		t.Fatal(err)
	}
	if err := open(); !errors.Is(err, db.ErrConflict) {
		t.Errorf("opened twice: %v", err)
	}
}
