package session_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// both signs Jeanne in, who is an aidant of Here and a referent of Elsewhere, and returns her cookie and the addresses of both.
func (h *house) both(t *testing.T) (cookie *http.Cookie, here, elsewhere uuid.UUID) {
	t.Helper()
	if err := h.Directory.Join(t.Context(), journal.Program(), h.Jeanne.Person, h.Elsewhere, org.RoleReferent); err != nil {
		t.Fatal(err)
	}
	return h.again(t)
}

// again signs her in in another browser.
func (h *house) again(t *testing.T) (cookie *http.Cookie, here, elsewhere uuid.UUID) {
	t.Helper()
	person, err := h.Directory.Find(t.Context(), h.Jeanne.Person)
	if err != nil {
		t.Fatal(err)
	}
	cookie = h.open(t, h.Jeanne, session.SignedIn{Person: h.Jeanne.Person, Places: session.Places(person, "21750001600019"), Method: session.ByPasskey, FactorKind: session.FactorPasskey})
	return cookie, h.public(t, h.Here), h.public(t, h.Elsewhere)
}

func (h *house) public(t *testing.T, organisation uuid.UUID) uuid.UUID {
	t.Helper()
	o, err := h.Directory.Organisation(t.Context(), organisation)
	if err != nil {
		t.Fatal(err)
	}
	return o.PublicID
}

// asked is what a guard makes of a request.
type asked struct {
	at       *session.Session
	location string
	err      error
}

func ask(t *testing.T, guard page.Guard, method string, cookie *http.Cookie, under uuid.UUID) asked {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost/espace?x=1", nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	passed, err := guard(w, page.UnderOrganisation(r, under))
	out := asked{location: w.Header().Get("Location"), err: err}
	if err == nil && passed != nil {
		out.at = session.From(passed.Context())
	}
	return out
}

// Two tabs on two organisations do not mix: the address says which one counts, and each has a session of its own.
func TestPlaces_TwoTabs(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	cookie, here, elsewhere := h.both(t)
	a := ask(t, h.sessions.Aidant, http.MethodGet, cookie, here).at
	b := ask(t, h.sessions.Referent, http.MethodPost, cookie, elsewhere).at
	if a == nil || b == nil {
		t.Fatal(a, b)
	}
	if a.Organisation != h.Here || a.Actor().Kind != journal.Aidant || a.Referent || b.Organisation != h.Elsewhere || b.Actor().Kind != journal.Referent {
		t.Errorf("%+v, %+v", a, b)
	}
	if bytes.Equal(a.Hash, b.Hash) || !bytes.Equal(a.Browser, b.Browser) {
		t.Error("what hangs on a session of one organisation hangs on the other's, or the browser is not one")
	}
	if a.Home() != page.BaseOf(here)+"/espace" || b.Home() != page.BaseOf(elsewhere)+"/referent" {
		t.Errorf("homes %s and %s", a.Home(), b.Home())
	}
	if got := ask(t, h.sessions.Aidant, http.MethodGet, cookie, elsewhere); got.err == nil || got.err.Error() != "aidant.problem.referent.what" {
		t.Errorf("a referent among aidants: %+v", got)
	}
	if got := ask(t, h.sessions.Referent, http.MethodGet, cookie, here); !errors.Is(got.err, page.ErrForbidden) {
		t.Errorf("an aidant among referents: %+v", got)
	}
}

// An address that names no organisation leads to one that does, and what is sent to it is not done.
func TestPlaces_AnAddressHasToSayWhich(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	cookie, here, _ := h.both(t)
	if got := ask(t, h.sessions.Aidant, http.MethodGet, cookie, uuid.Nil); got.at != nil || got.location != page.BaseOf(here)+"/espace?x=1" {
		t.Errorf("%+v", got)
	}
	got := ask(t, h.sessions.Aidant, http.MethodPost, cookie, uuid.Nil)
	if p, ok := errors.AsType[*page.Problem](got.err); !ok || p.Status != http.StatusConflict || p.Link != page.Organisations {
		t.Errorf("%+v", got)
	}
	if got := ask(t, h.sessions.Account, http.MethodPost, cookie, uuid.Nil); got.at == nil {
		t.Errorf("pages about the person: %+v", got)
	}
}

// Who has one organisation needs no address of it, and has none of another's.
func TestPlaces_OfOthers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	cookie := h.signIn(t, h.Jeanne, session.Aidant)
	if got := ask(t, h.sessions.Aidant, http.MethodGet, cookie, h.public(t, h.Here)); got.at != nil || got.location != "/espace?x=1" {
		t.Errorf("her own: %+v", got)
	}
	if got := ask(t, h.sessions.Aidant, http.MethodPost, cookie, h.public(t, h.Here)); got.at != nil || got.err == nil {
		t.Errorf("sent to her own: %+v", got)
	}
	for _, under := range []uuid.UUID{h.public(t, h.Elsewhere), uuid.New()} {
		for _, guard := range []page.Guard{h.sessions.Aidant, h.sessions.Referent} {
			if got := ask(t, guard, http.MethodGet, cookie, under); !errors.Is(got.err, db.ErrNotFound) {
				t.Errorf("another's: %+v", got)
			}
		}
	}
	if got := ask(t, h.sessions.Aidant, http.MethodGet, nil, h.public(t, h.Here)); got.location != session.SignInPath {
		t.Errorf("nobody: %+v", got)
	}
}

// Who is suspended in one organisation, or has left it, goes on in the tabs of the others; a suspension of the person, or in the last
// one, ends all of it.
func TestPlaces_SuspendedInOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql  string
		here bool // it ends Here, which is that of the addresses without organisation, else Elsewhere
	}{
		"suspended here": {`update membership set suspended_at = now() where person_id = $1 and organisation_id = $2`, true}, "left elsewhere": {`update membership set ended_at = now() where person_id = $1 and organisation_id = $2`, false},
		"suspended elsewhere": {`update membership set suspended_at = now() where person_id = $1 and organisation_id = $2`, false},
		"here is suspended":   {`update organisation set active = false where $1::uuid is not null and id = $2`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, false)
			cookie, here, elsewhere := h.both(t)
			again, _, _ := h.again(t) // another browser
			gone, left := tab{h.sessions.Referent, elsewhere, h.Elsewhere}, tab{h.sessions.Aidant, here, h.Here}
			if c.here {
				gone, left = left, gone
			}
			h.exec(t, c.sql, h.Jeanne.Person, gone.organisation)
			for _, first := range []struct {
				cookie *http.Cookie
				under  uuid.UUID // in which tab it is noticed
			}{{cookie, gone.under}, {again, gone.under}} {
				if got := ask(t, gone.guard, http.MethodPost, first.cookie, first.under); got.err == nil || got.err.Error() != "login.expelled_there.what" {
					t.Errorf("there: %+v", got)
				}
				if got := ask(t, left.guard, http.MethodPost, first.cookie, left.under); got.at == nil || got.at.Organisation != left.organisation {
					t.Errorf("the other tab: %+v", got)
				}
				if got := ask(t, h.sessions.Account, http.MethodPost, first.cookie, uuid.Nil); got.at == nil || got.at.Organisation != left.organisation || got.at.Base() != page.BaseOf(left.under) {
					t.Errorf("their account: %+v", got)
				}
				if got := ask(t, gone.guard, http.MethodGet, first.cookie, gone.under); got.at != nil || !errors.Is(got.err, db.ErrNotFound) {
					t.Errorf("there again: %+v", got)
				}
			}
			h.exec(t, `update membership set suspended_at = now() where person_id = $1 and organisation_id = $2`, h.Jeanne.Person, left.organisation)
			if got := ask(t, h.sessions.Account, http.MethodGet, cookie, uuid.Nil); got.err == nil || got.err.Error() != "login.expelled.what" {
				t.Errorf("from the last one: %+v", got)
			}
			if got := ask(t, left.guard, http.MethodGet, cookie, left.under); got.at != nil || got.location != session.SignInPath {
				t.Errorf("after that: %+v", got)
			}
			h.exec(t, `update membership set suspended_at = null`)
			h.exec(t, `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`, h.Jeanne.Person)
			if got := ask(t, left.guard, http.MethodGet, again, left.under); got.err == nil || got.err.Error() != "login.expelled.what" {
				t.Errorf("the person is suspended: %+v", got)
			}
			for _, under := range []uuid.UUID{uuid.Nil, here, elsewhere} {
				if got := ask(t, h.sessions.Browser, http.MethodGet, again, under); got.at != nil || got.err != nil {
					t.Errorf("everywhere: %+v", got)
				}
			}
		})
	}
}

// A person who is suspended is signed in nowhere from the first request on, in whatever tab.
func TestPlaces_SuspendedPerson(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	cookie, here, elsewhere := h.both(t)
	h.exec(t, `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`, h.Jeanne.Person)
	if got := ask(t, h.sessions.Aidant, http.MethodPost, cookie, here); got.err == nil || got.err.Error() != "login.expelled.what" {
		t.Errorf("%+v", got)
	}
	for _, under := range []uuid.UUID{uuid.Nil, here, elsewhere} {
		if got := ask(t, h.sessions.Browser, http.MethodGet, cookie, under); got.at != nil || got.err != nil {
			t.Errorf("then: %+v", got)
		}
	}
}

// tab is a page of an organisation.
type tab struct {
	guard               page.Guard
	under, organisation uuid.UUID
}

// Reinstated in one organisation, they sign in again for that one; in the other nothing has happened.
func TestEndIn_LeavesTheOthers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	cookie, here, elsewhere := h.both(t)
	d := h.Directory.Ending(session.EndIn)
	odile := h.Referent(t, h.Here, "odile")
	if err := errors.Join(d.SuspendIn(t.Context(), odile, h.Jeanne.Person), d.ResumeIn(t.Context(), odile, h.Jeanne.Person)); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, h.sessions.Browser, http.MethodGet, cookie, here); got.at != nil {
		t.Errorf("the session of before: %+v", got.at)
	}
	for under, organisation := range map[uuid.UUID]uuid.UUID{elsewhere: h.Elsewhere, uuid.Nil: h.Elsewhere} {
		if got := ask(t, h.sessions.Browser, http.MethodGet, cookie, under); got.at == nil || got.at.Organisation != organisation || got.at.Role != session.Referent {
			t.Errorf("under %s: %+v", under, got)
		}
	}
}

// Somebody who is sent to sign in from a page of an organisation comes back to it.
func TestPlaces_SignInComesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/espace?x=1", nil)
	w, here := httptest.NewRecorder(), h.public(t, h.Here)
	if passed, err := h.sessions.Aidant(w, page.UnderOrganisation(r, here)); passed != nil || err != nil {
		t.Fatal(passed, err)
	}
	again := request(t, w.Result().Cookies()[0])
	passed, err := h.sessions.Browser(httptest.NewRecorder(), again)
	if err != nil {
		t.Fatal(err)
	}
	if at := session.Browser(passed.Context()); at == nil || at.ReturnPath != page.BaseOf(here)+"/espace?x=1" {
		t.Errorf("comes back to %+v", at)
	}
}

func TestBelongings(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	cookie, here, elsewhere := h.both(t)
	all, err := h.sessions.Belongings(t.Context(), ask(t, h.sessions.Account, http.MethodGet, cookie, uuid.Nil).at)
	if err != nil {
		t.Fatal(err)
	}
	var homes []string
	for _, b := range all {
		homes = append(homes, b.Home())
	}
	if diff := cmp.Diff([]string{page.BaseOf(here) + "/espace", page.BaseOf(elsewhere) + "/referent"}, homes); diff != "" {
		t.Error(diff)
	}
	one := h.signIn(t, h.Paul, session.Aidant)
	all, err = h.sessions.Belongings(t.Context(), ask(t, h.sessions.Account, http.MethodGet, one, uuid.Nil).at)
	if err != nil || len(all) != 1 || all[0].Organisation != h.Here {
		t.Errorf("%+v, %v", all, err)
	}
}

// The sessions of a browser are stepped up, used and ended as one.
func TestPlaces_LiveTogether(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	cookie, here, elsewhere := h.both(t)
	for range 3 { // used at one address only
		h.Clock.Advance(20 * time.Minute)
		if got := ask(t, h.sessions.Aidant, http.MethodGet, cookie, here); got.at == nil {
			t.Fatalf("%+v", got)
		}
	}
	at := ask(t, h.sessions.Referent, http.MethodGet, cookie, elsewhere).at
	if at == nil {
		t.Fatal("the other address was idle")
	}
	fresh := h.stepUp(t, at)
	for _, under := range []uuid.UUID{uuid.Nil, here, elsewhere} {
		if got := ask(t, h.sessions.Browser, http.MethodGet, cookie, under); got.at != nil {
			t.Errorf("the old secret still counts: %+v", got.at)
		}
		if got := ask(t, h.sessions.Browser, http.MethodGet, fresh, under); got.at == nil || got.at.FactorKind != session.FactorApp || got.at.FactorAt.Before(h.Clock.Now().Add(-time.Minute)) {
			t.Errorf("the new secret: %+v", got)
		}
	}
	at = ask(t, h.sessions.Referent, http.MethodGet, fresh, elsewhere).at
	if err := h.Journal.Record(t.Context(), at.Actor(), func(tx *journal.Tx) (journal.Event, error) {
		return journal.Event{Action: "session.closed"}, h.sessions.Close(t.Context(), tx, at)
	}); err != nil {
		t.Fatal(err)
	}
	for _, under := range []uuid.UUID{uuid.Nil, here, elsewhere} {
		if got := ask(t, h.sessions.Browser, http.MethodGet, fresh, under); got.at != nil {
			t.Errorf("signed out, and there: %+v", got.at)
		}
	}
}

// stepUp gives a factor in a session and returns the cookie that the browser has then.
func (h *house) stepUp(t *testing.T, at *session.Session) *http.Cookie {
	t.Helper()
	return h.stepUpFor(t, at, uuid.Nil)
}

func (h *house) stepUpFor(t *testing.T, at *session.Session, citizen uuid.UUID) *http.Cookie {
	t.Helper()
	var opened session.Opened
	err := h.Journal.Record(t.Context(), at.Actor(), func(tx *journal.Tx) (journal.Event, error) {
		var err error
		opened, err = h.sessions.StepUp(t.Context(), tx, at, session.Factor{Kind: session.FactorApp, At: tx.Now, Citizen: citizen})
		return journal.Event{Action: "session.stepped_up"}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return &http.Cookie{Name: "mandat", Value: opened.Secret()}
}

func TestPlacesOf(t *testing.T) {
	t.Parallel()
	a, b, c := org.Organisation{ID: uuid.New(), SIRET: "1"}, org.Organisation{ID: uuid.New(), SIRET: "2"}, org.Organisation{ID: uuid.New(), SIRET: "3"}
	p := org.Person{Memberships: []org.Membership{{Organisation: a, Role: org.RoleReferent}, {Organisation: b, Role: org.RoleAidant}, {Organisation: b, Role: org.RoleReferent},
		{Organisation: a, Role: org.RoleAidant}, {Organisation: c, Role: org.RoleAidant, Suspended: true}}}
	for siret, want := range map[string][]session.Place{
		"":  {{Organisation: a.ID, Role: session.Aidant}, {Organisation: b.ID, Role: session.Aidant}},
		"2": {{Organisation: b.ID, Role: session.Aidant}, {Organisation: a.ID, Role: session.Aidant}},
		"3": {{Organisation: a.ID, Role: session.Aidant}, {Organisation: b.ID, Role: session.Aidant}},
	} {
		if diff := cmp.Diff(want, session.Places(p, siret)); diff != "" {
			t.Errorf("%q: %s", siret, diff)
		}
	}
}
