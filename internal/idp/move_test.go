package idp_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/session"
)

// several signs somebody in who is an aidant of Here, where they begin, and has another role Elsewhere.
func (s *site) several(t *testing.T, role string) *visitor {
	t.Helper()
	if err := s.Directory.Join(t.Context(), journal.Program(), s.Jeanne.Person, s.Elsewhere, role); err != nil {
		t.Fatal(err)
	}
	return s.browser(t)
}

// browser is another browser in which Jeanne signs in everywhere, and begins Here.
func (s *site) browser(t *testing.T) *visitor {
	t.Helper()
	person, err := s.Directory.Find(t.Context(), s.Jeanne.Person)
	if err != nil {
		t.Fatal(err)
	}
	here, err := s.Directory.Organisation(t.Context(), s.Here)
	if err != nil {
		t.Fatal(err)
	}
	empty, err := s.sessions.Ensure(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	who := session.SignedIn{Person: person.ID, Places: session.Places(person, here.SIRET), Method: session.ByPasskey, FactorAt: s.Clock.Now(), FactorKind: session.FactorPasskey}
	v := &visitor{t: t, site: s, by: s.Jeanne}
	err = s.Journal.Record(t.Context(), who.Actor(), func(tx *journal.Tx) (journal.Event, error) {
		opened, err := s.sessions.Open(t.Context(), tx, empty, who)
		v.cookie = opened.Secret()
		return journal.Event{Action: "session.opened"}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (s *site) public(t *testing.T, organisation uuid.UUID) uuid.UUID {
	t.Helper()
	o, err := s.Directory.Organisation(t.Context(), organisation)
	if err != nil {
		t.Fatal(err)
	}
	return o.PublicID
}

// Who has several organisations says for which one a login is. Then it is the other's: its pages, its citizens, its journal.
func TestMove_ToAnotherOrganisation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.several(t, org.RoleAidant)
	s.browser(t) // where she is signed in too
	elsewhere := s.Jeanne
	elsewhere.Organisation = s.Elsewhere
	there := s.Sign(t, elsewhere, fixture.Angela(), fixture.Tax)
	here := s.Sign(t, s.Jeanne, fixture.Citizen(1), fixture.Tax)
	path := v.begin("max_age", "800")
	a := v.get(path + "/usager")
	if !strings.Contains(a.body, s.public(t, s.Elsewhere).String()) || !strings.Contains(a.body, "Maison France Services de démonstration") {
		t.Fatalf("no choice: %s", a.body)
	}
	if a := v.post(path+"/usager", url.Values{"usager": {there.Citizen.String()}}); a.StatusCode == http.StatusSeeOther {
		t.Error("the other organisation's citizen was chosen")
	}
	moved := v.post(path+"/structure", url.Values{"structure": {s.public(t, s.Elsewhere).String()}}).at().Path
	base := page.BaseOf(s.public(t, s.Elsewhere))
	if !strings.HasPrefix(moved, base+"/idp/logins/") {
		t.Fatalf("moved to %s", moved)
	}
	moved = strings.TrimSuffix(moved, "/usager")
	if a := v.get(path + "/usager"); a.StatusCode != http.StatusNotFound {
		t.Errorf("the login that was moved: %d", a.StatusCode)
	}
	if a := v.get(strings.TrimPrefix(moved, base) + "/usager"); a.StatusCode != http.StatusNotFound {
		t.Errorf("at the address of no organisation: %d", a.StatusCode)
	}
	if a := v.post(moved+"/usager", url.Values{"usager": {here.Citizen.String()}}); a.StatusCode == http.StatusSeeOther {
		t.Error("a citizen of the first organisation was chosen")
	}
	if a := v.post(moved+"/usager", url.Values{"usager": {there.Citizen.String()}}); a.at().Path != moved+"/demarche" {
		t.Fatalf("choose: %d %s", a.StatusCode, a.body)
	}
	if a, err := s.provider.Asking(t.Context(), v.session(), url.Values{"connexion": {loginIn(strings.TrimPrefix(moved, base))}}); err != nil || a == nil || a.Back() != moved+"/demarche" {
		t.Errorf("the page that asks for a factor leads back to %+v, %v", a, err)
	}
	s.exec(t, `update session set factor_citizen = $1`, there.Citizen)
	if a := v.get(moved + "/demarche"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, fixture.Tax) {
		t.Errorf("the procedures: %d %s", a.StatusCode, a.body)
	}
	code := v.post(moved+"/demarche", url.Values{"demarche": {fixture.Tax}}).at().Query().Get("code")
	if a := s.userinfo(t, s.token(t, code)["access_token"]); a.StatusCode != http.StatusOK {
		t.Errorf("userinfo: %d %s", a.StatusCode, a.body)
	}
	if a := s.redeem(t, code); a.StatusCode != http.StatusBadRequest {
		t.Errorf("the code once more: %d %s", a.StatusCode, a.body)
	}
	if n := count(t, s, `select count(*) from journal_entry where action = 'power.used' and organisation_id = $1 and mandate_id = $2`, s.Elsewhere, there.ID); n != 1 {
		t.Errorf("%d uses in the journal of the organisation that acted", n)
	}
	if n := count(t, s, `select count(*) from idp_login where max_age = 800 and asked_at is not null`); n != 1 {
		t.Errorf("%d logins", n)
	}
}

// Who begins at no organisation's address may say that it is for the one where they begin.
func TestMove_ToTheAddressOfTheSame(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.several(t, org.RoleAidant)
	if a := v.post(v.begin()+"/structure", url.Values{"structure": {s.public(t, s.Here).String()}}); !strings.HasPrefix(a.at().Path, page.BaseOf(s.public(t, s.Here))+"/idp/logins/") {
		t.Errorf("%d %s", a.StatusCode, a.at())
	}
}

// A login is moved by its owner, to an organisation where they are an aidant, before anybody is chosen, in time.
func TestMove_Refuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		role  string
		to    func(s *site) uuid.UUID // the public id asked for
		spoil func(s *site, v *visitor, path string)
		by    func(s *site, t *testing.T) *visitor // who asks, if it is not who began
		want  int
	}{
		"referent there": {role: org.RoleReferent, want: 404},
		"not theirs":     {to: func(s *site) uuid.UUID { return uuid.New() }, want: 404},
		"citizen chosen": {spoil: func(s *site, v *visitor, path string) {
			m := s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax)
			v.post(path+"/usager", url.Values{"usager": {m.Citizen.String()}})
		}, want: 409},
		"too late":        {spoil: func(s *site, v *visitor, path string) { s.Clock.Advance(11 * 60e9) }, want: 409},
		"somebody else's": {by: func(s *site, t *testing.T) *visitor { return s.visit(t, s.Paul) }, want: 404},
		"another browser": {by: (*site).browser, want: 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			if c.role == "" {
				c.role = org.RoleAidant
			}
			v := s.several(t, c.role)
			path, to := v.begin(), s.public(t, s.Elsewhere)
			if c.to != nil {
				to = c.to(s)
			}
			if c.spoil != nil {
				c.spoil(s, v, path)
			}
			before := count(t, s, `select count(*) from idp_login where organisation_id = $1`, s.Here)
			if c.by != nil {
				v = c.by(s, t)
			}
			if a := v.post(path+"/structure", url.Values{"structure": {to.String()}}); a.StatusCode != c.want || a.body == "" {
				t.Errorf("%d %s", a.StatusCode, a.at())
			}
			if n := count(t, s, `select count(*) from idp_login where organisation_id = $1`, s.Here); n != before || n != 1 {
				t.Errorf("the login is lost: %d", n)
			}
		})
	}
}

// Who has to accept the charter, or to add a factor, does that before a login begins, and comes back to the request.
func TestAuthorize_GatesComeFirst(t *testing.T) {
	t.Parallel()
	for gate, sql := range map[string]string{
		session.CharterPath:     `insert into charter (version, sha256, published_at) select 'new', sha256('new'), now() + interval '1 hour' from session where id = $1`,
		session.FirstFactorPath: `update session set enrolling = true, factor_at = null, factor_kind = null where id = $1`,
	} {
		t.Run(gate, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			v := s.visit(t, s.Jeanne)
			s.Behind(t, sql, v.by.Session)
			wanted := "/idp/authorize?" + request().Encode()
			if a := v.get(wanted); a.at().Path != gate {
				t.Errorf("%d %s", a.StatusCode, a.at())
			}
			if n := count(t, s, `select count(*) from session where return_path = $1`, wanted); n != 1 {
				t.Error("it does not come back to the request")
			}
			if n := count(t, s, `select count(*) from idp_login`); n != 0 || len(s.entries(t)) != 0 {
				t.Error("a login began, or a refusal was noted")
			}
		})
	}
}

// Who leaves an organisation keeps a session for another one of theirs. What was begun in it for the first is over, even if they are back there soon.
func TestMove_OfTheSessionEndsItsLogins(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	path := v.begin()
	v.choose(path, m)
	code, service := v.code(m, fixture.Tax), v.codeFor(direct, m, fixture.Tax)
	access := s.token(t, v.code(m, fixture.Tax))["access_token"]
	s.exec(t, `update session set organisation_id = $2 where id = $1`, v.by.Session, s.Elsewhere)
	if a := s.redeem(t, code); a.StatusCode != http.StatusBadRequest {
		t.Errorf("FranceConnect's token: %d %s", a.StatusCode, a.body)
	}
	if a := s.trade(t, direct, service); a.StatusCode != http.StatusBadRequest {
		t.Errorf("a service's token: %d %s", a.StatusCode, a.body)
	}
	if a := s.userinfo(t, access); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("identity: %d %s", a.StatusCode, a.body)
	}
	if a := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}}); a.at().Query().Has("code") {
		t.Error("a code")
	}
	if n := count(t, s, `select count(*) from journal_entry where action = 'power.used'`); n != 0 {
		t.Errorf("%d uses", n)
	}
}
