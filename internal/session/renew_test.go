package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// visit is a page that a browser asks for: whom the guard let pass, and the cookie it has afterwards.
func visit(t *testing.T, guard page.Guard, cookie *http.Cookie, under uuid.UUID) (*session.Session, *http.Request, *http.Cookie) {
	t.Helper()
	w := httptest.NewRecorder()
	passed, err := guard(w, page.UnderOrganisation(request(t, cookie), under))
	if err != nil || passed == nil {
		t.Fatalf("%v, %v", passed, err)
	}
	for _, c := range w.Result().Cookies() {
		cookie = c
	}
	return session.From(passed.Context()), passed, cookie
}

// Who was given more rights by somebody else gets another cookie with their next page, in each browser; the one of before is nothing then,
// and what hangs on the session goes on.
func TestRenew_WhenRightsGrow(t *testing.T) {
	t.Parallel()
	with := func(h *house) page.Guard {
		return func(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
			return h.sessions.BrowserWith(w, r, nil)
		}
	}
	for name, c := range map[string]struct {
		guard func(h *house) page.Guard
		give  func(h *house) error
	}{
		"a role": {func(h *house) page.Guard { return h.sessions.Aidant }, func(h *house) error {
			return h.Directory.Join(t.Context(), journal.Program(), h.Jeanne.Person, h.Here, org.RoleReferent)
		}},
		"a limit that is lifted": {func(h *house) page.Guard { return h.sessions.Aidant }, func(h *house) error {
			return h.Directory.LimitProcedures(t.Context(), h.Referent(t, h.Here, "odile"), h.Jeanne.Person, nil)
		}},
		"a limit of the organisation": {with, func(h *house) error {
			return h.Directory.LimitOrganisation(t.Context(), journal.Program(), h.Here, nil)
		}},
		"a certificate given back": {with, func(h *house) error {
			return errors.Join(h.Certifications.Suspend(t.Context(), journal.Program(), h.Jeanne.Person), h.Certifications.Resume(t.Context(), journal.Program(), h.Jeanne.Person))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, false)
			before := h.signIn(t, h.Jeanne, session.Aidant)
			was, _, same := visit(t, h.sessions.Aidant, before, uuid.Nil)
			if same.Value != before.Value {
				t.Error("a cookie changes without reason")
			}
			if err := c.give(h); err != nil {
				t.Fatal(err)
			}
			now, r, after := visit(t, c.guard(h), before, uuid.Nil)
			if after.Value == before.Value || string(now.Hash) != string(was.Hash) {
				t.Fatalf("the cookie is the one of before: %t", after.Value == before.Value)
			}
			if sent, err := r.Cookie("mandat"); err != nil || sent.Value != after.Value {
				t.Error("what is asked later in this request is asked with the old secret")
			}
			if got, err := at(t, h.sessions.Aidant, before); err != nil || got != nil {
				t.Errorf("the cookie of before: %v, %v", got, err)
			}
			if again, _, c := visit(t, h.sessions.Aidant, after, uuid.Nil); c.Value != after.Value || again.Person != h.Jeanne.Person {
				t.Error("it changes again")
			}
		})
	}
}

// Sessions for several organisations are renewed together, and each organisation's rights count.
func TestRenew_EveryPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	before, here, elsewhere := h.both(t)
	if err := h.Directory.Join(t.Context(), journal.Program(), h.Jeanne.Person, h.Elsewhere, org.RoleAidant); err != nil {
		t.Fatal(err)
	}
	_, _, same := visit(t, h.sessions.Aidant, before, here)
	if same.Value != before.Value {
		t.Error("a role elsewhere changes nothing here")
	}
	_, r, after := visit(t, h.sessions.Referent, before, elsewhere)
	if after.Value == before.Value {
		t.Fatal("the cookie is the one of before")
	}
	if got := ask(t, h.sessions.Browser, http.MethodGet, after, elsewhere); got.at == nil || !got.at.Addressed {
		t.Errorf("the new cookie there: %+v", got)
	}
	if c, err := r.Cookie("mandat"); err != nil || c.Value != after.Value {
		t.Error("what is asked later in this request is asked with the old secret")
	}
	for _, place := range []uuid.UUID{here, elsewhere} {
		if got := ask(t, h.sessions.Browser, http.MethodGet, before, place); got.at != nil {
			t.Errorf("the cookie of before: %+v", got)
		}
		if got := ask(t, h.sessions.Browser, http.MethodGet, after, place); got.at == nil {
			t.Errorf("the new cookie: %+v", got)
		}
	}
}

// A browser is renewed once, and only while its session is there.
func TestRenew_Once(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	cookie := h.signIn(t, h.Jeanne, session.Aidant)
	first, r, _ := visit(t, h.sessions.Aidant, cookie, uuid.Nil)
	second, other, _ := visit(t, h.sessions.Aidant, cookie, uuid.Nil)
	if err := h.sessions.Renew(httptest.NewRecorder(), r, first); err != nil {
		t.Fatal(err)
	}
	if err := h.sessions.Renew(httptest.NewRecorder(), other, second); !errors.Is(err, db.ErrConflict) {
		t.Errorf("twice: %v", err)
	}
	if err := h.sessions.Renew(httptest.NewRecorder(), r, first); err != nil {
		t.Errorf("again, with the new secret: %v", err)
	}
}

// Of two pages that a browser asks for at once, the second comes with the secret that the answer to the first has replaced. It lets nobody
// in, and leaves the browser the cookie that it has by then, for half a minute.
func TestRenew_LeavesTheNewCookieAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	old := h.signIn(t, h.Jeanne, session.Aidant)
	covered := func(cookie *http.Cookie) bool {
		w := httptest.NewRecorder()
		if passed, err := h.sessions.Aidant(w, request(t, cookie)); err != nil || passed != nil {
			t.Fatalf("%v, %v", passed, err)
		}
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != session.SignInPath {
			t.Errorf("%d, to %s", w.Code, w.Header().Get("Location"))
		}
		return len(w.Result().Cookies()) > 0
	}
	at, r, _ := visit(t, h.sessions.Aidant, old, uuid.Nil)
	if err := h.sessions.Renew(httptest.NewRecorder(), r, at); err != nil {
		t.Fatal(err)
	}
	if covered(old) {
		t.Error("renewed: an empty session takes the place of theirs")
	}
	next := &http.Cookie{Name: "mandat"}
	if sent, err := r.Cookie("mandat"); err == nil {
		next.Value = sent.Value
	}
	at, _, _ = visit(t, h.sessions.Aidant, next, uuid.Nil)
	h.stepUp(t, at)
	if covered(next) {
		t.Error("stepped up: an empty session takes the place of theirs")
	}
	h.Clock.Advance(31 * time.Second)
	if !covered(next) || !covered(&http.Cookie{Name: "mandat", Value: strings.Repeat("A", 43)}) {
		t.Error("a browser without a session does not come back to its page")
	}
}

// Signing in is such a moment too.
func TestOpen_LeavesTheNewCookieAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	w, r := httptest.NewRecorder(), request(t, nil)
	empty, err := h.sessions.Ensure(w, r)
	if err != nil {
		t.Fatal(err)
	}
	before := w.Result().Cookies()[0]
	err = h.Journal.Record(t.Context(), h.Jeanne, func(tx *journal.Tx) (journal.Event, error) {
		_, err := h.sessions.Open(t.Context(), tx, empty, session.SignedIn{Person: h.Jeanne.Person, Method: session.ByPasskey, FactorAt: tx.Now, FactorKind: session.FactorPasskey,
			Places: []session.Place{{Organisation: h.Here, Role: session.Aidant}}})
		return journal.Event{Action: "session.opened"}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	late := httptest.NewRecorder()
	if passed, err := h.sessions.Aidant(late, request(t, before)); err != nil || passed != nil || len(late.Result().Cookies()) > 0 {
		t.Errorf("%v, %v: an empty session takes the place of theirs", passed, err)
	}
}

// A role that was taken and given back does not bring back the sessions of before: somebody may have a copy of the cookie.
func TestRole_EndsSessionsForGood(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	d := h.Directory.Ending(session.EndIn)
	ctx, program, odile := t.Context(), journal.Program(), h.Referent(t, h.Here, "odile")
	ada, bea := h.Administrator(t, "ada"), h.Administrator(t, "bea")
	back := func(by journal.Actor) func() error {
		return func() error { return d.Join(ctx, program, by.Person, by.Organisation, org.RoleAidant) }
	}
	for name, c := range map[string]struct {
		who        journal.Actor
		take, give func() error
	}{
		"by a referent":       {h.Jeanne, func() error { return d.TakeRole(ctx, odile, h.Jeanne.Person, org.RoleAidant) }, back(h.Jeanne)},
		"by an administrator": {h.Paul, func() error { return d.Leave(ctx, program, h.Paul.Person, h.Here, org.RoleAidant) }, back(h.Paul)},
		"with the organisation": {h.Ines, func() error { return d.Close(ctx, program, h.Elsewhere) }, func() error {
			h.exec(t, `update organisation set active = true, closed_at = null`)
			return back(h.Ines)()
		}},
		"an office": {ada, func() error { return d.EndOffice(ctx, program, ada.Person) }, func() error {
			h.exec(t, `update person set administrator = true where id = $1`, ada.Person)
			return nil
		}},
	} {
		role := session.Aidant
		if name == "an office" {
			role = session.Administrator
		}
		cookie, other := h.signIn(t, c.who, role), h.signIn(t, bea, session.Administrator)
		if s, err := at(t, h.sessions.Account, cookie); err != nil || s == nil {
			t.Fatalf("%s: %v, %v", name, s, err)
		}
		if err := errors.Join(c.take(), c.give()); err != nil {
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
