package session_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/db"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// Each guard lets its own pass, and whom it let pass may stop being that between two requests.
func TestGuard_KnowsItsOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	boss := h.Administrator(t, "ada")
	administrator := h.open(t, boss, session.SignedIn{Person: boss.Person, Role: session.Administrator, Method: session.ByPasskey, FactorKind: session.FactorPasskey})
	if got, err := at(t, h.sessions.Administrator, administrator); err != nil || got.Actor().Kind != journal.Administrator || got.Home() != "/admin" {
		t.Errorf("%v, %v", got, err)
	}
	aidant := h.signIn(t, h.Jeanne, session.Aidant)
	for who, cookie := range map[string]*http.Cookie{"an aidant": aidant, "an administrator": administrator} {
		for _, guard := range []page.Guard{h.sessions.Administrator, h.sessions.Aidant, h.sessions.Referent, h.sessions.Auditor} {
			got, err := at(t, guard, cookie)
			if err == nil && (got.Role == session.Administrator) != (who == "an administrator") || err != nil && !errors.Is(err, page.ErrForbidden) {
				t.Errorf("%s: %v, %v", who, got, err)
			}
		}
	}
	if got, err := at(t, h.sessions.Administrator, aidant); !errors.Is(err, page.ErrForbidden) {
		t.Errorf("an aidant passes as administrator: %v, %v", got, err)
	}
	h.exec(t, `update person set administrator = false where id = $1`, boss.Person)
	if got, err := at(t, h.sessions.Browser, administrator); err == nil {
		t.Errorf("no administrator any more, and passes: %v", got)
	}
}

// Who is aidant and referent acts as what the page is for; the second role may end or be suspended alone.
func TestGuard_BothRoles(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"suspended": `update membership set suspended_at = now() where person_id = $1 and role = 'referent'`,
		"ended":     `update membership set ended_at = now() where person_id = $1 and role = 'referent'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, false)
			if err := h.Directory.Join(t.Context(), journal.Program(), h.Jeanne.Person, h.Here, org.RoleReferent); err != nil {
				t.Fatal(err)
			}
			cookie := h.signIn(t, h.Jeanne, session.Aidant)
			for kind, guard := range map[journal.Kind]page.Guard{journal.Aidant: h.sessions.Aidant, journal.Referent: h.sessions.Referent} {
				if got, err := at(t, guard, cookie); err != nil || got.Actor().Kind != kind {
					t.Errorf("%s: %v, %v", kind, got, err)
				}
			}
			h.exec(t, sql, h.Jeanne.Person)
			if got, err := at(t, h.sessions.Referent, cookie); !errors.Is(err, page.ErrForbidden) {
				t.Errorf("a referent still: %v, %v", got, err)
			}
			if got, err := at(t, h.sessions.Aidant, cookie); err != nil || got == nil {
				t.Errorf("an aidant no more: %v, %v", got, err)
			}
		})
	}
}

// A charter is accepted with its text: another text under the same version was not.
func TestGate_TheTextOfTheCharter(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	cookie := h.signIn(t, h.Jeanne, session.Aidant)
	h.exec(t, `update charter_acceptance set sha256 = sha256('another') where person_id = $1`, h.Jeanne.Person)
	if got := ask(t, h.sessions.Aidant, http.MethodGet, cookie, uuid.Nil); got.location != session.CharterPath {
		t.Errorf("%+v", got)
	}
}

// A session that changed hands while a factor was being given does not get it.
func TestStepUp_OfWhoBeganIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	old, err := at(t, h.sessions.Aidant, h.signIn(t, h.Jeanne, session.Aidant))
	if err != nil {
		t.Fatal(err)
	}
	h.exec(t, `update session set person_id = $2 where id = $1`, old.Hash, h.Paul.Person)
	err = h.Journal.Record(t.Context(), old.Actor(), func(tx *journal.Tx) (journal.Event, error) {
		_, err := h.sessions.StepUp(t.Context(), tx, old, session.Factor{Kind: session.FactorApp, At: tx.Now})
		return journal.Event{Action: "session.stepped_up"}, err
	})
	if !errors.Is(err, db.ErrConflict) {
		t.Errorf("%v", err)
	}
}
