package idp_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"mandat/internal/citizen"
	"mandat/internal/db"
	"mandat/internal/fixture"
)

// W1: whatever stops standing after the token was given stops the identity.
func TestUserInfo_RefusesAToken(t *testing.T) {
	t.Parallel()
	for name, c := range refusals(t) {
		if c.atUser == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			v, m := s.angela(t)
			access := s.token(t, v.code(m, fixture.Tax))["access_token"]
			c.spoil(t, s, v, m)
			for range 2 {
				a := s.userinfo(t, access)
				if a.StatusCode != http.StatusUnauthorized || !strings.Contains(a.Header.Get("WWW-Authenticate"), `Bearer error="invalid_token"`) || strings.Contains(a.body, "DUBOIS") {
					t.Fatalf("%d %s", a.StatusCode, a.body)
				}
				s.refusedOnce(t, s.Jeanne, "userinfo", c.atUser)
			}
			if got := s.entries(t); got[0].Citizen != m.Citizen || got[0].Mandate != m.ID {
				t.Errorf("the entry names %+v", got[0])
			}
			if n := count(t, s, `select count(*) from idp_login where state = 'refused' and refusal = $1`, c.atUser); n != 1 {
				t.Error("the login is not refused")
			}
		})
	}
}

func TestUserInfo_ReleasesOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	access := s.token(t, v.code(m, fixture.Tax))["access_token"]
	if a := s.userinfo(t, access); a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	for range 2 {
		if a := s.userinfo(t, access); a.StatusCode != http.StatusUnauthorized {
			t.Fatalf("a second read: %d %s", a.StatusCode, a.body)
		}
	}
	got := s.entries(t)
	if len(got) != 2 || got[0].Action != "power.used" || got[1].Step != "userinfo" || got[1].Reason != "token_replayed" {
		t.Errorf("entries %+v", got)
	}
}

func TestUserInfo_ReleasesToOneOfTwenty(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	access := s.token(t, v.code(m, fixture.Tax))["access_token"]
	answers := make([]answer, 20)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = s.userinfo(t, access) })
	}
	all.Wait()
	released := 0
	for _, a := range answers {
		switch a.StatusCode {
		case http.StatusOK:
			released++
		case http.StatusUnauthorized:
		default:
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
	if got := s.entries(t); released != 1 || len(got) != 2 || got[0].Action != "power.used" {
		t.Errorf("%d releases, entries %+v", released, got)
	}
}

func TestUserInfo_WaysToSendTheToken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	ask := func(method, header, query string, form url.Values) answer {
		r, err := http.NewRequest(method, s.url+"/idp/userinfo"+query, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		return do(t, r)
	}
	fresh := func() string { return s.token(t, v.code(m, fixture.Tax))["access_token"].(string) }
	if a := ask("POST", "Bearer "+fresh(), "", nil); a.StatusCode != http.StatusOK {
		t.Errorf("POST, header: %d", a.StatusCode)
	}
	if a := ask("POST", "", "", url.Values{"access_token": {fresh()}}); a.StatusCode != http.StatusOK {
		t.Errorf("POST, body: %d", a.StatusCode)
	}
	if a := ask("GET", "bearer "+fresh(), "", nil); a.StatusCode != http.StatusOK {
		t.Errorf("GET, small letters: %d", a.StatusCode)
	}
	token := fresh()
	code := v.code(m, fixture.Tax)
	if a := ask("POST", "Bearer "+token, "", url.Values{"access_token": {token}}); a.StatusCode != http.StatusBadRequest {
		t.Errorf("both ways: %d", a.StatusCode)
	}
	if a := ask("GET", "", "", nil); a.StatusCode != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("no token: %d %v", a.StatusCode, a.Header)
	}
	for name, a := range map[string]answer{
		"in the query": ask("GET", "", "?access_token="+token, nil), "basic": ask("GET", "Basic "+token, "", nil), "garbage": ask("GET", "Bearer x", "", nil),
		"changed": ask("GET", "Bearer "+token[:60]+"AAAA", "", nil), "another login's secret": ask("GET", "Bearer "+code[:22]+token[22:], "", nil), "a code": ask("GET", "Bearer "+code, "", nil),
	} {
		if a.StatusCode != http.StatusUnauthorized || strings.Contains(a.body, "DUBOIS") {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	if a := s.redeem(t, token); a.json(t)["error"] != "invalid_grant" {
		t.Errorf("a token is taken for a code: %s", a.body)
	}
	if a := ask("GET", "Bearer "+token, "", nil); a.StatusCode != http.StatusOK {
		t.Errorf("guesses used the token up: %d", a.StatusCode)
	}
}

func TestUserInfo_FranceConnectsForms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	abroad, presumed, married := fixture.Citizen(1), fixture.Citizen(2), fixture.Citizen(3)
	abroad.Birthcountry = "99352" // with a birth place, which FranceConnect would not take
	presumed.Birthdate = "1950-00-00"
	married.PreferredUsername = "MARTIN"
	for _, c := range []struct {
		who   citizen.Identity
		scope string
		want  map[string]any
	}{
		{abroad, "openid birth", map[string]any{"birthplace": "", "birthcountry": "99352"}},
		{presumed, "openid profile", map[string]any{"given_name": "Camille", "family_name": "FICTIF-2", "birthdate": "1950-00-00", "gender": "female"}},
		{married, "openid profile email", map[string]any{"given_name": "Camille", "family_name": "FICTIF-3", "preferred_username": "MARTIN", "birthdate": "1962-08-24", "gender": "female",
			"email": "angela@exemple.invalid"}},
		{married, "openid", map[string]any{}},
	} {
		v, m := s.mandate(t, c.who)
		a := s.userinfo(t, s.token(t, v.code(m, fixture.Tax, "client_id", plain, "scope", c.scope), "client_id", plain, "client_secret", secret+plain)["access_token"])
		got := a.json(t)
		if got["sub"] == nil {
			t.Errorf("%s: no sub", c.scope)
		}
		delete(got, "sub")
		same(t, c.scope, got, c.want)
	}
}

// The end of a mandate and its use at the same moment: the journal has the use before the end, or a refusal after it.
func TestUserInfo_AndTheEndOfTheMandateAreInOrder(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for range 10 {
		v, m := s.angela(t)
		access := s.token(t, v.code(m, fixture.Tax))["access_token"]
		var all sync.WaitGroup
		var released bool
		all.Go(func() { released = s.userinfo(t, access).StatusCode == http.StatusOK })
		all.Go(func() {
			if err := s.Mandates.End(t.Context(), v.by, m.ID, "citizen"); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		order := journalOf(t, s, m.ID.String())
		want := "mandate.signed power.procedure_chosen mandate.ended power.refused"
		if released {
			want = "mandate.signed power.procedure_chosen power.used mandate.ended"
		}
		if order != want {
			t.Errorf("released %v, journal: %s", released, order)
		}
	}
	s.Content(t)
}

// journalOf lists the actions on a mandate in the order of the journal, and fails the test when their times are not in
// that order too.
func journalOf(t *testing.T, s *site, mandate string) string {
	t.Helper()
	var actions, byTime []string
	err := s.DB.Read(t.Context(), db.System(), func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `select array_agg(action order by id), array_agg(action order by at, id) from journal_entry where mandate_id = $1 and action <> 'draft.identified'`, mandate).Scan(&actions, &byTime)
	})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := strings.Join(actions, " "), strings.Join(byTime, " "); a != b {
		t.Errorf("by id: %s; by time: %s", a, b)
	}
	return strings.Join(actions, " ")
}

// Nothing that lets somebody in is stored in clear, and nothing personal stands in an entry.
func TestUse_StoresHashesOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	code := v.code(m, fixture.Tax)
	access := s.token(t, code)["access_token"].(string)
	s.userinfo(t, access)
	rows := ""
	conn := s.Connect(t, s.Superuser)
	if err := conn.QueryRow(t.Context(), `select (select json_agg(l) from idp_login l)::text || (select json_agg(e) from journal_entry e)::text`).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	if !json.Valid([]byte(strings.ReplaceAll(rows, "][", ","))) || !strings.Contains(rows, m.ID.String()) {
		t.Fatal("not the rows")
	}
	for _, clear := range []string{code, access, "DUBOIS", "Angela", "1962-08-24", "exemple.invalid\""} {
		if strings.Contains(rows, clear) {
			t.Errorf("%q stands in the tables", clear)
		}
	}
}

// HEAD would use the token up and release nothing.
func TestUserInfo_RefusesHEAD(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	access := s.token(t, v.code(m, fixture.Tax))["access_token"]
	r, err := http.NewRequest(http.MethodHead, s.url+"/idp/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+access.(string))
	if a := do(t, r); a.StatusCode != http.StatusMethodNotAllowed || a.Header.Get("Allow") != "GET, POST" {
		t.Errorf("HEAD: %d", a.StatusCode)
	}
	if a := s.userinfo(t, access); a.StatusCode != http.StatusOK {
		t.Errorf("GET after it: %d %s", a.StatusCode, a.body)
	}
}
