package idp_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/token"
)

// invented is a code or an access token of the same login with another secret: what somebody makes who knows or guesses the id.
func invented(t *testing.T, ticket string) string {
	t.Helper()
	secret := ticket[strings.Index(ticket, ".")+1:] // the access tokens of services say before it that they are
	login := decode(t, secret)[:16]
	return strings.TrimSuffix(ticket, secret) + base64.RawURLEncoding.EncodeToString(append(login, token.Bytes(32)...))
}

// The id of a login is in its code and its token, and it is no secret: with the id alone nothing leaves, nothing is written, and what is
// real goes on being good.
func TestTickets_TheLoginAloneIsWorthNothing(t *testing.T) {
	t.Parallel()
	for name, service := range map[string]bool{"FranceConnect": false, "service": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			jeanne, m := s.angela(t)
			var code string
			trade := func(code string) answer { return s.redeem(t, code) }
			if code = jeanne.code(m, fixture.Tax); service {
				code = jeanne.codeFor(direct, m, fixture.Tax)
				trade = func(code string) answer { return s.trade(t, direct, code) }
			}
			if a := trade(invented(t, code)); a.StatusCode != http.StatusBadRequest || !strings.Contains(a.body, "invalid_grant") {
				t.Fatalf("an invented code: %d %s", a.StatusCode, a.body)
			}
			if n := count(t, s, `select count(*) from idp_actor`); n != 0 {
				t.Error("the aidant was named for an invented code")
			}
			a := trade(code)
			if a.StatusCode != http.StatusOK {
				t.Fatalf("the code itself, after that: %d %s", a.StatusCode, a.body)
			}
			access, _ := a.json(t)["access_token"].(string)
			if a := s.userinfo(t, invented(t, access)); a.StatusCode != http.StatusUnauthorized {
				t.Fatalf("an invented token: %d %s", a.StatusCode, a.body)
			}
			if service {
				if told := s.introspect(t, direct, invented(t, access)); told["active"] != false || len(told) != 1 {
					t.Errorf("introspection of an invented token: %v", told)
				}
			}
			if a := s.userinfo(t, access); a.StatusCode != http.StatusOK {
				t.Errorf("the token itself, after that: %d %s", a.StatusCode, a.body)
			}
			for _, e := range s.entries(t) {
				if e.Action == "power.refused" {
					t.Errorf("entry %+v for who knew a login alone", e)
				}
			}
		})
	}
}
