package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// Who has something to do first is led there and comes back; what they sent is not done. The first factor comes before the charter.
func TestGates(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	referent, boss := h.Referent(t, h.Here, "rene"), h.Administrator(t, "ada")
	h.exec(t, `insert into charter (version, sha256, published_at) values ('new', sha256('new'), now() + interval '1 hour')`)
	for name, c := range map[string]struct {
		by    journal.Actor
		role  string
		guard page.Guard
	}{
		"aidant":        {h.Jeanne, session.Aidant, h.sessions.Aidant},
		"referent":      {referent, session.Referent, h.sessions.Referent},
		"administrator": {boss, session.Administrator, h.sessions.Administrator},
	} {
		for _, step := range []struct {
			enrolling bool
			to        string
		}{{true, session.FirstFactorPath}, {false, session.CharterPath}} {
			who := session.SignedIn{Person: c.by.Person, Role: c.role, Method: session.ByInvitation, Enrolling: step.enrolling}
			if !step.enrolling {
				who.Method, who.FactorKind = session.ByPasskey, session.FactorPasskey
			}
			if c.by.Organisation != uuid.Nil {
				who.Places = []session.Place{{Organisation: c.by.Organisation, Role: c.role}}
			}
			cookie := h.open(t, c.by, who)
			if got := ask(t, c.guard, http.MethodGet, cookie, uuid.Nil); got.at != nil || got.err != nil || got.location != step.to {
				t.Errorf("%s: %+v, want to be led to %s", name, got, step.to)
			}
			if at, err := at(t, h.sessions.Browser, cookie); err != nil || at.ReturnPath != "/espace?x=1" {
				t.Errorf("%s: comes back to %v, %v", name, at, err)
			}
			got := ask(t, c.guard, http.MethodPost, cookie, uuid.Nil)
			if p, ok := errors.AsType[*page.Problem](got.err); !ok || p.Status != http.StatusForbidden || p.Link != step.to {
				t.Errorf("%s: sent a form: %+v", name, got)
			}
		}
	}
}

// Auditors have no charter, but a first factor. Who is signed in to add a factor is nowhere else about themselves; others are.
func TestGates_Account(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.exec(t, `insert into charter (version, sha256, published_at) values ('new', sha256('new'), now() + interval '1 hour')`)
	auditor := h.Newcomer(t, journal.Auditor, uuid.Nil, "sofia")
	cookie := h.open(t, auditor, session.SignedIn{Person: auditor.Person, Role: session.Auditor, Method: session.ByPasskey, FactorKind: session.FactorPasskey})
	for _, guard := range []page.Guard{h.sessions.Auditor, h.sessions.Account} {
		if got, err := at(t, guard, cookie); err != nil || got == nil {
			t.Errorf("an auditor: %v, %v", got, err)
		}
	}
	reset := h.open(t, auditor, session.SignedIn{Person: auditor.Person, Role: session.Auditor, Method: session.ByReset, Enrolling: true})
	if got := ask(t, h.sessions.Auditor, http.MethodGet, reset, uuid.Nil); got.at != nil || got.err != nil || got.location != session.FirstFactorPath {
		t.Errorf("an auditor whose factors were reset: %+v", got)
	}
	entering := h.open(t, h.Jeanne, session.SignedIn{Person: h.Jeanne.Person, Places: []session.Place{{Organisation: h.Here, Role: session.Aidant}}, Method: session.ByInvitation, Enrolling: true})
	for path, passes := range map[string]bool{session.FirstFactorPath: true, "/compte/facteurs/cle": true, "/compte": false, "/compte/sessions": false, session.CharterPath: false} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost"+path, nil)
		r.AddCookie(entering)
		if got, err := h.sessions.Account(httptest.NewRecorder(), r); (err == nil && got != nil) != passes {
			t.Errorf("%s: %v, %v", path, got != nil, err)
		}
	}
	before, err := at(t, h.sessions.Browser, entering)
	if err != nil || !before.FactorAt.IsZero() {
		t.Fatal(before, err)
	}
	h.exec(t, `delete from charter where version = 'new'`)
	if got, err := at(t, h.sessions.Aidant, h.stepUp(t, before)); err != nil || got == nil || got.Enrolling {
		t.Errorf("with a first factor: %v, %v", got, err)
	}
}

// Somebody who has shown their address has ten minutes for the second factor, in the browser that they showed it in.
func TestHalf(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	old, err := h.sessions.Ensure(httptest.NewRecorder(), request(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	half := func(at *session.Session) (*http.Cookie, error) {
		var opened session.Opened
		err := h.DB.Write(t.Context(), db.Nothing(), db.Durable, func(tx *db.Tx) error {
			var err error
			opened, err = h.sessions.Half(t.Context(), tx, at, h.Jeanne.Person)
			return err
		})
		return &http.Cookie{Name: "mandat", Value: opened.Secret()}, err
	}
	cookie, err := half(old)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := half(old); !errors.Is(err, db.ErrConflict) {
		t.Errorf("with the secret from before: %v", err)
	}
	look := func() *session.Session {
		passed, err := h.sessions.Browser(httptest.NewRecorder(), request(t, cookie))
		if err != nil {
			t.Fatal(err)
		}
		return session.Browser(passed.Context())
	}
	if at := look(); at == nil || at.Half != h.Jeanne.Person || at.SignedIn() {
		t.Errorf("%+v", at)
	}
	if got, err := at(t, h.sessions.Account, cookie); got != nil || err != nil {
		t.Errorf("half signed in is signed in: %v, %v", got, err)
	}
	h.Clock.Advance(session.HalfLife)
	if at := look(); at == nil || at.Half != uuid.Nil {
		t.Errorf("after ten minutes: %+v", at)
	}
	whole, err := at(t, h.sessions.Browser, h.signIn(t, h.Paul, session.Aidant))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := half(whole); !errors.Is(err, db.ErrConflict) {
		t.Errorf("where somebody is signed in: %v", err)
	}
}

// A factor that was given for a citizen counts for them; the next one, given for nobody in particular, for nobody.
func TestStepUp_ForACitizen(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	cookie, citizen := h.signIn(t, h.Jeanne, session.Aidant), uuid.New()
	give := func(citizen uuid.UUID) *session.Session {
		now, err := at(t, h.sessions.Account, cookie)
		if err != nil {
			t.Fatal(err)
		}
		cookie = h.stepUpFor(t, now, citizen)
		if now, err = at(t, h.sessions.Account, cookie); err != nil {
			t.Fatal(err)
		}
		return now
	}
	if got := give(citizen); got.FactorCitizen != citizen {
		t.Errorf("given for %s, counts for %s", citizen, got.FactorCitizen)
	}
	got := give(uuid.Nil)
	if got.FactorCitizen != uuid.Nil {
		t.Errorf("given for nobody, counts for %s", got.FactorCitizen)
	}
	old := *got
	old.FactorAt = old.FactorAt.Add(-time.Second)
	for _, c := range []struct {
		at   *session.Session
		want uuid.UUID
	}{{&old, uuid.Nil}, {got, citizen}} { // another factor was given since; none was
		if err := h.sessions.FactorFor(t.Context(), c.at, citizen); err != nil {
			t.Fatal(err)
		}
		if now, err := at(t, h.sessions.Account, cookie); err != nil || now.FactorCitizen != c.want {
			t.Errorf("%v, %v, want %s", now.FactorCitizen, err, c.want)
		}
	}
}

// Once somebody has given a factor of their own, what stood in for it counts nowhere: sessions opened to add the first one, and ProConnect's.
func TestStepUp_LeavesNoOtherWayToAddAFactor(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	enrolling := func(by journal.Actor) *http.Cookie {
		return h.open(t, by, session.SignedIn{Person: by.Person, Places: []session.Place{{Organisation: by.Organisation, Role: session.Aidant}}, Method: session.ByReset, Enrolling: true})
	}
	mine, copied, his := enrolling(h.Jeanne), enrolling(h.Jeanne), enrolling(h.Paul)
	proconnect, his2 := h.signIn(t, h.Jeanne, session.Aidant), h.signIn(t, h.Paul, session.Aidant)
	look := func(c *http.Cookie) *session.Session {
		t.Helper()
		got, err := at(t, h.sessions.Browser, c)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := look(mine)
	if !first.Actor().Enrolling || look(proconnect).Actor().Enrolling {
		t.Error("the actor does not say what the session is for")
	}
	stepped := h.stepUp(t, first)
	if got := look(mine); got != nil {
		t.Error("the secret of before still counts")
	}
	if got := look(stepped); got == nil || got.Enrolling || got.Actor().Enrolling || org.Fresh(got.Actor(), h.Clock.Now()) != nil {
		t.Errorf("%+v", got)
	}
	if got := look(copied); got != nil {
		t.Errorf("another session may still add one: %+v", got)
	}
	if got := look(proconnect); got == nil || org.Fresh(got.Actor(), h.Clock.Now()) == nil {
		t.Errorf("ProConnect's factor counts beside one of her own: %+v", got)
	}
	if got := look(his); got == nil || !got.Enrolling {
		t.Errorf("somebody else's: %+v", got)
	}
	if got := look(his2); got == nil || org.Fresh(got.Actor(), h.Clock.Now()) != nil {
		t.Errorf("somebody else's: %+v", got)
	}
}
