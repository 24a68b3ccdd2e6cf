package idp_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/idp"
	"mandat/internal/journal"
	"mandat/internal/oidc"
	"mandat/internal/page"
	"mandat/internal/session"
)

// stepUp gives the second factor on the page that asks for it, at an address, and returns where it leads back.
func (v *visitor) stepUp(page *url.URL) string {
	v.t.Helper()
	asking, err := v.site.provider.Asking(v.t.Context(), v.session(), page.Query())
	if err != nil || asking == nil || !asking.Is(page.Query()) {
		v.t.Fatalf("%s asks for %+v, %v", page, asking, err)
	}
	v.gives(asking.Citizen)
	return asking.Back()
}

// gives is a second factor given now, for a citizen or (nil) for nobody in particular.
func (v *visitor) gives(citizen uuid.UUID) {
	v.t.Helper()
	s, at := v.site, v.session()
	err := s.Journal.Record(v.t.Context(), at.Actor(), func(tx *journal.Tx) (journal.Event, error) {
		opened, err := s.sessions.StepUp(v.t.Context(), tx, at, session.Factor{Kind: session.FactorApp, At: tx.Now, Citizen: citizen})
		v.cookie = opened.Secret()
		return journal.Event{Action: "session.stepped_up"}, err
	})
	if err != nil {
		v.t.Fatal(err)
	}
}

// session is the visitor's, as a page about themselves finds it.
func (v *visitor) session() *session.Session {
	v.t.Helper()
	r := httptest.NewRequestWithContext(v.t.Context(), http.MethodGet, session.ConfirmPath, nil)
	r.AddCookie(&http.Cookie{Name: "mandat", Value: v.cookie})
	passed, err := v.site.sessions.Account(httptest.NewRecorder(), r)
	if err != nil || passed == nil {
		v.t.Fatal("not signed in", err)
	}
	return session.From(passed.Context())
}

// The page that asks for a factor finds a login of its aidant, in their browser, whose citizen is chosen; nobody finds another.
func TestAsking(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, angela := s.angela(t)
	paul, elsewhere := s.visit(t, s.Paul), s.visit(t, v.by)
	path := v.begin()
	ask := func(v *visitor, q url.Values) string {
		asking, err := s.provider.Asking(t.Context(), v.session(), q)
		if p, ok := errors.AsType[*page.Problem](err); ok {
			return strings.TrimSuffix(p.Title, ".title")
		}
		if err != nil || asking == nil {
			return fmt.Sprint(asking, err)
		}
		return asking.Name + " " + asking.Back()
	}
	id := strings.TrimPrefix(path, "/idp/logins/")
	login := url.Values{"connexion": {id}, "choix": {"nothing"}}
	if got := ask(v, login); got != "idp.problem.gone" {
		t.Errorf("nobody chosen: %s", got)
	}
	v.post(path+"/usager", url.Values{"usager": {angela.Citizen.String()}})
	for _, c := range []struct {
		v    *visitor
		q    url.Values
		want string
	}{{v, login, "Angela Claire Louise DUBOIS " + path + "/demarche"}, {v, url.Values{"connexion": {id}, "choix": {fixture.Tax}}, "Angela Claire Louise DUBOIS " + path + "/demarche?choix=" + fixture.Tax},
		{v, url.Values{}, "<nil> <nil>"}, {v, url.Values{"connexion": {""}}, "idp.problem.gone"}, {v, url.Values{"connexion": {uuid.NewString()}}, "idp.problem.gone"},
		{paul, login, "idp.problem.gone"}, {elsewhere, login, "idp.problem.gone"}} {
		if got := ask(c.v, c.q); got != c.want {
			t.Errorf("%v: %s, want %s", c.q, got, c.want)
		}
	}
	hers := v.session()
	for suspended, value := range map[bool]string{true: "now()", false: "null"} {
		s.Behind(t, `update membership set suspended_at = `+value+` where person_id = $1`, s.Jeanne.Person)
		if asking, err := s.provider.Asking(t.Context(), hers, login); (asking == nil) != suspended || (err != nil) != suspended {
			t.Errorf("suspended is %t: %+v, %v", suspended, asking, err)
		}
	}
	s.Behind(t, `update membership set suspended_at = null`)
	s.Clock.Advance(idp.LoginLife)
	if got := ask(v, login); got != "idp.problem.expired" {
		t.Errorf("too late: %s", got)
	}
	v.post(path+"/annuler", nil)
	if got := ask(v, login); got != "idp.problem.finished" {
		t.Errorf("given up: %s", got)
	}
}

// With prompt=login a second factor counts for the citizen it was given for, for a quarter of an hour, and for nobody else.
func TestFactor_IsGivenForACitizen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, angela := s.angela(t)
	camille := s.Sign(t, s.Jeanne, fixture.Citizen(1), fixture.Tax)
	take := func(path string, citizen uuid.UUID) {
		t.Helper()
		if a := v.post(path+"/usager", url.Values{"usager": {citizen.String()}}); a.at().Path != path+"/demarche" {
			t.Fatalf("choose: %d %s", a.StatusCode, a.body)
		}
	}
	issued := func(path string) bool {
		t.Helper()
		a := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}})
		if !a.at().Query().Has("code") && (a.StatusCode != http.StatusConflict || !strings.Contains(a.body, path+"/confirmation")) {
			t.Errorf("neither a code nor a question: %d %s %s", a.StatusCode, a.at(), a.body)
		}
		return a.at().Query().Has("code")
	}
	path := v.begin()
	take(path, angela.Citizen)
	if issued(path) {
		t.Error("the factor of the sign-in counted for a citizen")
	}
	if a := v.get(path + "/demarche"); !strings.Contains(a.body, "Angela Claire Louise DUBOIS") || strings.Contains(a.body, `name="demarche"`) {
		t.Errorf("the page that asks: %s", a.body)
	}
	asked := v.post(path+"/confirmation", url.Values{"demarche": {fixture.Tax}})
	if asked.at().Path != session.ConfirmPath {
		t.Fatalf("confirm: %d %s", asked.StatusCode, asked.at())
	}
	back := v.stepUp(asked.at())
	if back != path+"/demarche?choix="+fixture.Tax {
		t.Errorf("back to %s", back)
	}
	if a := v.get(back); !strings.Contains(a.body, `value="`+fixture.Tax+`" checked`) {
		t.Error("what was chosen is lost")
	}
	if !issued(path) {
		t.Error("a factor given for this citizen does not count")
	}
	again := v.begin()
	take(again, angela.Citizen)
	if !issued(again) {
		t.Error("the same citizen is asked for again")
	}
	other := v.begin()
	take(other, camille.Citizen)
	if issued(other) {
		t.Error("a factor given for another citizen counted")
	}
	s.Clock.Advance(15*time.Minute + time.Second)
	late := v.begin()
	take(late, angela.Citizen)
	if issued(late) {
		t.Error("a factor of more than a quarter of an hour counted")
	}
	if n := len(s.entries(t)); n != 0 {
		t.Errorf("%d entries: to be asked is no refusal", n)
	}
}

// A client that asks for nothing of the kind (PKCE, neither prompt nor max_age) gets no code either for a factor of more than a quarter of an
// hour, however old it was when the login began: the age counts when the power is used.
func TestFactor_AgesWhileALoginWaits(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, angela := s.angela(t)
	ours := []string{"client_id", direct, "redirect_uri", "https://service.exemple.test/retour", "scope", "openid profile", "prompt", "",
		"code_challenge", oidc.Challenge(verifier), "code_challenge_method", "S256"}
	v.gives(uuid.Nil)
	s.Clock.Advance(14 * time.Minute)
	path := v.begin(ours...)
	if a := v.post(path+"/usager", url.Values{"usager": {angela.Citizen.String()}}); a.at().Path != path+"/demarche" {
		t.Fatalf("choose: %d %s", a.StatusCode, a.body)
	}
	if a := v.get(path + "/demarche"); !strings.Contains(a.body, `name="demarche"`) {
		t.Errorf("after 14 minutes: %d %s", a.StatusCode, a.body)
	}
	s.Clock.Advance(2 * time.Minute)
	if a := v.get(path + "/demarche"); strings.Contains(a.body, `name="demarche"`) || !strings.Contains(a.body, path+"/confirmation") {
		t.Errorf("the page after 16 minutes: %d %s", a.StatusCode, a.body)
	}
	chosen := url.Values{"demarche": {fixture.Tax}}
	if a := v.post(path+"/demarche", chosen); a.StatusCode != http.StatusConflict || a.at().Query().Has("code") || !strings.Contains(a.body, path+"/confirmation") {
		t.Errorf("a code for a factor of 16 minutes: %d %s", a.StatusCode, a.at())
	}
	if n := len(s.entries(t)); n != 0 {
		t.Errorf("%d entries: to be asked is no refusal", n)
	}
	back := v.stepUp(v.post(path+"/confirmation", chosen).at())
	if a := v.get(back); !strings.Contains(a.body, `value="`+fixture.Tax+`" checked`) {
		t.Error("what was chosen is lost")
	}
	if a := v.post(path+"/demarche", chosen); !a.at().Query().Has("code") {
		t.Errorf("with a new factor: %d %s", a.StatusCode, a.body)
	}
}

// A procedure that is chosen on a page that names somebody is done for them or for nobody: another tab may have chosen another one.
func TestChooseProcedure_ForTheCitizenOnThePage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, angela := s.angela(t)
	camille := s.Sign(t, s.Jeanne, fixture.Citizen(1), fixture.Tax)
	path := v.begin()
	v.choose(path, angela)
	if a := v.get(path + "/demarche"); !strings.Contains(a.body, `name="usager" value="`+angela.Citizen.String()+`"`) {
		t.Fatalf("the form does not say for whom: %s", a.body)
	}
	v.choose(path, camille)
	form := url.Values{"demarche": {fixture.Tax}, "usager": {angela.Citizen.String()}}
	if a := v.post(path+"/demarche", form); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "maintenant pour une autre personne") || !strings.Contains(a.body, "FICTIF-1") {
		t.Errorf("%d %s: %s", a.StatusCode, a.at(), a.body)
	}
	form.Set("usager", camille.Citizen.String())
	if a := v.post(path+"/demarche", form); !a.at().Query().Has("code") {
		t.Errorf("%d %s: %s", a.StatusCode, a.at(), a.body)
	}
}
