package idp_test

import (
	"net/http"
	"testing"

	"mandat/internal/fixture"
)

// Each use is told once, in its own transaction, to a citizen who has an address and did not refuse; a token that is refused tells nothing.
func TestUse_IsTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	told := func(want int) {
		t.Helper()
		if n := count(t, s, `select count(*) from notify_message n join journal_entry e on e.xid = n.xmin::text::xid8 and e.action = 'power.used' and e.body::jsonb -> 'detail' ->> 'login' = n.about
			where n.kind = 'mandate_used' and n.citizen_id = e.citizen_id and n.mandate_id = e.mandate_id and n.person_id is null`); n != want {
			t.Errorf("%d uses are told, want %d", n, want)
		}
		if n := count(t, s, `select count(*) from river_job where args ->> 'name' = 'message' and exists (select from notify_message where id::text = args ->> 'id')`); n != want {
			t.Errorf("%d jobs, want %d", n, want)
		}
	}
	use := func(clientID string, changes ...string) {
		t.Helper()
		access := s.token(t, v.code(m, fixture.Tax, append(changes, "client_id", clientID)...), "client_id", clientID, "client_secret", secret+clientID)["access_token"]
		told(count(t, s, `select count(*) from notify_message`)) // nothing before the identity leaves
		for i, want := range []int{http.StatusOK, http.StatusUnauthorized} {
			if a := s.userinfo(t, access); a.StatusCode != want {
				t.Errorf("answer %d: %d %s", i, a.StatusCode, a.body)
			}
		}
	}
	use(fc)
	told(1)
	use(plain)
	told(2)
	access := s.traded(t, direct, v.codeFor(direct, m, fixture.Tax))["access_token"] // a service's token is the release
	told(3)
	for range 2 {
		if a := s.userinfo(t, access); a.StatusCode != http.StatusOK {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
	told(3)
	s.Behind(t, `update citizen set mails_refused_at = now() where id = $1`, m.Citizen)
	use(fc)
	told(3)
	access = s.token(t, v.code(m, fixture.Tax))["access_token"]
	s.Behind(t, `update citizen set mails_refused_at = null where id = $1`, m.Citizen)
	if err := s.Mandates.End(t.Context(), s.Jeanne, m.ID, "citizen"); err != nil {
		t.Fatal(err)
	}
	if a := s.userinfo(t, access); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("after the end: %d", a.StatusCode)
	}
	told(3)
}

// Who has no address is asked nothing more for.
func TestUse_OfWhoHasNoAddressIsNotTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	who := fixture.Angela()
	who.Email = ""
	v, m := s.mandate(t, who)
	access := s.token(t, v.code(m, fixture.Tax, "client_id", plain, "scope", "openid profile"), "client_id", plain, "client_secret", secret+plain)["access_token"]
	if a := s.userinfo(t, access); a.StatusCode != http.StatusOK {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if n := count(t, s, `select count(*) from notify_message`); n != 0 {
		t.Errorf("%d messages to nobody", n)
	}
}
