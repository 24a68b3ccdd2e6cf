package idp_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"mandat/internal/fixture"
)

// Every identity that leaves begins an account, by the login's id; nothing that is refused does.
func TestUse_BeginsItsAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	path := v.begin()
	v.choose(path, m)
	code := v.post(path+"/demarche", map[string][]string{"demarche": {fixture.Tax}}).at().Query().Get("code")
	access := s.token(t, code)["access_token"]
	if n := count(t, s, `select count(*) from report_use`); n != 0 {
		t.Errorf("%d accounts before the identity left", n)
	}
	if a := s.userinfo(t, access); a.StatusCode != http.StatusOK {
		t.Fatalf("userinfo: %d %s", a.StatusCode, a.body)
	}
	if a := s.userinfo(t, access); a.StatusCode == http.StatusOK {
		t.Fatal("the identity left twice")
	}
	const same = `select count(*) from report_use u join journal_entry e on e.action = 'power.used' and e.at = u.used_at and e.person_id = u.person_id and e.citizen_id = u.citizen_id
		where u.id = $1 and u.mandate_id = $2 and u.person_id = $3 and u.procedure = $4 and u.way = 'login' and u.state = 'open' and u.organisation_id = $5`
	if n := count(t, s, same, strings.TrimPrefix(path, "/idp/logins/"), m.ID, s.Jeanne.Person, fixture.Tax, s.Here); n != 1 {
		t.Errorf("%d accounts of the use", n)
	}
	code = v.code(m, fixture.Tax)
	access = s.token(t, code)["access_token"]
	s.Clock.Advance(2 * time.Minute)
	if a := s.userinfo(t, access); a.StatusCode == http.StatusOK {
		t.Error("the token still counts")
	}
	if n := count(t, s, `select count(*) from report_use`); n != 1 {
		t.Errorf("%d accounts, one use", n)
	}
	s.Content(t)
}
