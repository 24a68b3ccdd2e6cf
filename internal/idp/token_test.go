package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"mandat/internal/fixture"
	"mandat/internal/idp"
	"mandat/internal/mandate"
	"mandat/internal/oidc"
)

func TestToken_AuthenticatesTheClient(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	post := func(id, password, user, pass string) answer {
		form := url.Values{"grant_type": {"authorization_code"}, "code": {strings.Repeat("A", 64)}, "redirect_uri": {callback}}
		if id != "" {
			form.Set("client_id", id)
		}
		if password != "" {
			form.Set("client_secret", password)
		}
		r, err := http.NewRequest("POST", s.url+"/idp/token", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if user != "" {
			r.SetBasicAuth(user, pass)
		}
		return do(t, r)
	}
	for name, c := range map[string]struct {
		a    answer
		want oidc.Code
	}{
		"right, by post":                {post(fc, secret+fc, "", ""), oidc.InvalidGrant},
		"right, by basic":               {post("", "", direct, secret+direct), oidc.InvalidGrant},
		"right, by basic, id in body":   {post(direct, "", direct, secret+direct), oidc.InvalidGrant},
		"nothing":                       {post("", "", "", ""), oidc.InvalidClient},
		"no secret":                     {post(fc, "", "", ""), oidc.InvalidClient},
		"wrong secret":                  {post(fc, secret+plain, "", ""), oidc.InvalidClient},
		"unknown client":                {post("nobody", secret+fc, "", ""), oidc.InvalidClient},
		"unknown client, his secret":    {post("nobody", "\x00", "", ""), oidc.InvalidClient},
		"basic for a client of post":    {post("", "", fc, secret+fc), oidc.InvalidClient},
		"post for a client of basic":    {post(direct, secret+direct, "", ""), oidc.InvalidClient},
		"two ways":                      {post(direct, secret+direct, direct, secret+direct), oidc.InvalidRequest},
		"another client's id in body":   {post(fc, "", direct, secret+direct), oidc.InvalidClient},
		"basic that cannot be decoded":  {post("", "", direct, "%zz"), oidc.InvalidClient},
		"another client's secret":       {post("", "", direct, secret+fc), oidc.InvalidClient},
		"basic, client unknown":         {post("", "", "nobody", secret), oidc.InvalidClient},
		"a secret that is only encoded": {post("", "", direct, url.QueryEscape(secret+direct)), oidc.InvalidGrant},
	} {
		if got := c.a.json(t)["error"]; got != string(c.want) || c.a.StatusCode != oidc.Refuse(c.want, "").Status() || c.a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v, want %s", name, c.a.StatusCode, got, c.want)
		}
	}
	unknown, wrong := post("nobody", "x", "", ""), post(fc, "x", "", "")
	if unknown.body != wrong.body || unknown.StatusCode != wrong.StatusCode {
		t.Errorf("an unknown client is told from a wrong secret: %s, %s", unknown.body, wrong.body)
	}
	if a := post("", "", "nobody", "x"); !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("basic: %v", a.Header)
	}
}

func TestToken_LimitsFailuresAndLocksNobodyOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, id := range []string{fc, "nobody"} {
		slow := false
		for range 12 {
			s.Clock.Advance(-time.Second) // nothing of the allowance comes back, however slow the machine
			slow = s.redeem(t, "x", "client_id", id, "client_secret", "wrong").StatusCode == http.StatusTooManyRequests
		}
		if !slow {
			t.Errorf("%s may fail as often as it likes", id)
		}
	}
	if a := s.redeem(t, "x"); a.json(t)["error"] != "invalid_grant" {
		t.Errorf("others' failures locked the client out: %d", a.StatusCode)
	}
}

func TestToken_RefusesMalformedRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	code := v.code(m, fixture.Tax)
	for name, c := range map[string]struct {
		a    answer
		want string
	}{
		"no grant_type":      {s.redeem(t, code, "grant_type", ""), "invalid_request"},
		"other grant_type":   {s.redeem(t, code, "grant_type", "refresh_token"), "unsupported_grant_type"},
		"no code":            {s.redeem(t, ""), "invalid_request"},
		"no redirect_uri":    {s.redeem(t, code, "redirect_uri", ""), "invalid_request"},
		"unknown code":       {s.redeem(t, code[:60]+"AAAA"), "invalid_grant"},
		"code of no login":   {s.redeem(t, strings.Repeat("A", 64)), "invalid_grant"},
		"not a code":         {s.redeem(t, code[:63]), "invalid_grant"},
		"verifier too short": {s.redeem(t, code, "code_verifier", "x"), "invalid_grant"},
		"code twice":         {s.stranger(t).post("/idp/token", url.Values{"code": {code, code}}), "invalid_request"},
		"in the query":       {s.stranger(t).post("/idp/token?grant_type=authorization_code&client_id="+fc+"&client_secret="+secret+fc+"&code="+code, url.Values{}), "invalid_client"},
	} {
		if got := c.a.json(t)["error"]; got != c.want {
			t.Errorf("%s: %d %v, want %s", name, c.a.StatusCode, got, c.want)
		}
	}
	if a := s.stranger(t).get("/idp/token"); a.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", a.StatusCode)
	}
	if n := len(s.entries(t)); n != 0 {
		t.Errorf("%d entries for what names no login of ours", n)
	}
	s.token(t, code) // none of it used the code up
}

// W1: each of these makes the code worth nothing, leaves one entry, and the code stays dead.
func TestToken_RefusesACode(t *testing.T) {
	t.Parallel()
	for name, c := range refusals(t) {
		if c.atToken == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			v, m := s.angela(t)
			code := v.code(m, fixture.Tax, c.request...)
			if c.spoil != nil {
				c.spoil(t, s, v, m)
			}
			if a := s.redeem(t, code, c.redeem...); a.StatusCode != http.StatusBadRequest || a.json(t)["error"] != "invalid_grant" || a.json(t)["access_token"] != nil {
				t.Fatalf("%d %s", a.StatusCode, a.body)
			}
			s.refusedOnce(t, s.Jeanne, "token", c.atToken)
			if got := s.entries(t); got[0].Citizen != m.Citizen || got[0].Mandate != m.ID {
				t.Errorf("the entry names %+v", got[0])
			}
			if n := count(t, s, `select count(*) from idp_login where state = 'refused' and refusal = $1`, c.atToken); n != 1 {
				t.Error("the login is not refused")
			}
			if a := s.redeem(t, code, c.again...); a.json(t)["error"] != "invalid_grant" {
				t.Errorf("the code lived on: %s", a.body)
			}
			s.refusedOnce(t, s.Jeanne, "token", c.atToken)
		})
	}
}

// spoilt is one way in which a login stops being good.
type spoilt struct {
	spoil           func(t *testing.T, s *site, v *visitor, m mandate.Mandate)
	request, redeem []string
	again           []string // how the code would have been redeemed rightly
	atToken, atUser string   // the reason at each step; "" when it is none there
}

func refusals(testing.TB) map[string]spoilt {
	behind := func(sql string) func(*testing.T, *site, *visitor, mandate.Mandate) {
		return func(t *testing.T, s *site, v *visitor, _ mandate.Mandate) {
			t.Helper()
			s.Behind(t, sql, v.by.Person)
		}
	}
	later := func(d time.Duration) func(*testing.T, *site, *visitor, mandate.Mandate) {
		return func(_ *testing.T, s *site, _ *visitor, _ mandate.Mandate) { s.Clock.Advance(d) }
	}
	pkce := []string{"code_challenge", oidc.Challenge(verifier), "code_challenge_method", "S256"}
	return map[string]spoilt{
		"mandate ended": {spoil: func(t *testing.T, s *site, v *visitor, m mandate.Mandate) {
			if err := s.Mandates.End(t.Context(), v.by, m.ID, "citizen"); err != nil {
				t.Fatal(err)
			}
		}, atToken: "no_power", atUser: "no_power"},
		"mandate ended by a colleague, by mistake": {spoil: func(t *testing.T, s *site, _ *visitor, m mandate.Mandate) {
			if err := s.Mandates.End(t.Context(), s.Paul, m.ID, "mistake"); err != nil {
				t.Fatal(err)
			}
		}, atToken: "no_power", atUser: "no_power"},
		"mandate superseded by another": {spoil: func(t *testing.T, s *site, v *visitor, _ mandate.Mandate) {
			s.Sign(t, s.Jeanne, fixture.Angela(), fixture.Tax)
		}, atToken: "no_power", atUser: "no_power"},
		"mandate's last second over": {spoil: behind(`update mandate_power set starts_at = now() - interval '2 days', ends_at = now() where organisation_id in (select organisation_id from membership where person_id = $1)`),
			atToken: "no_power", atUser: "no_power"},
		"identified otherwise": {spoil: func(t *testing.T, s *site, _ *visitor, _ mandate.Mandate) { identifiedOtherwise(t, s) }, atToken: "no_power", atUser: "no_power"},
		"power of another organisation": {spoil: func(t *testing.T, s *site, v *visitor, _ mandate.Mandate) {
			s.Behind(t, `update mandate_power set organisation_id = $1 where organisation_id = $2`, s.Elsewhere, v.by.Organisation)
		}, atToken: "no_power", atUser: "no_power"},
		"aidant suspended":        {spoil: behind(`update person set suspended_at = now(), suspended_why = 'decided' where id = $1`), atToken: "aidant_inactive", atUser: "aidant_inactive"},
		"membership ended":        {spoil: behind(`update membership set ended_at = now() where person_id = $1`), atToken: "aidant_inactive", atUser: "aidant_inactive"},
		"référent now":            {spoil: behind(`update membership set role = 'referent' where person_id = $1`), atToken: "aidant_inactive", atUser: "aidant_inactive"},
		"organisation closed":     {spoil: behind(`update organisation set active = false where id in (select organisation_id from membership where person_id = $1)`), atToken: "aidant_inactive", atUser: "aidant_inactive"},
		"suspended there":         {spoil: behind(`update membership set suspended_at = now() where person_id = $1`), atToken: "aidant_inactive", atUser: "aidant_inactive"},
		"certificate suspended":   {spoil: behind(`update certification set state = 'suspended', suspended_at = now() where person_id = $1`), atToken: "aidant_inactive", atUser: "aidant_inactive"},
		"certificate over":        {spoil: behind(`update certification set certified_at = now() - interval '3 years', certified_until = now() where person_id = $1`), atToken: "aidant_inactive", atUser: "aidant_inactive"},
		"charter not accepted":    {spoil: behind(`delete from charter_acceptance where person_id = $1`), atToken: "aidant_inactive", atUser: "aidant_inactive"},
		"not done there":          {spoil: behind(`update organisation set procedures = array['x'] where id in (select organisation_id from membership where person_id = $1)`), atToken: "not_allowed", atUser: "not_allowed"},
		"not entrusted":           {spoil: behind(`update membership set procedures = array['x'] where person_id = $1`), atToken: "not_allowed", atUser: "not_allowed"},
		"signed out":              {spoil: behind(`delete from session where person_id = $1`), atToken: "session_over", atUser: "session_over"},
		"another one signed in":   {spoil: behind(`update session set person_id = (select id from person where id <> $1 limit 1) where person_id = $1`), atToken: "session_over", atUser: "session_over"},
		"session of twelve hours": {spoil: behind(`update session set created_at = now() - interval '1 day', expires_at = now() where person_id = $1`), atToken: "session_over", atUser: "session_over"},
		"session idle":            {spoil: behind(`update session set created_at = now() - interval '1 day', seen_at = now() - interval '31 minutes' where person_id = $1`), atToken: "session_over", atUser: "session_over"},
		"late":                    {spoil: later(idp.CodeLife), atToken: "code_expired"},
		"late token":              {spoil: later(idp.TokenLife), atUser: "token_expired"},
		"other redirect_uri":      {redeem: []string{"redirect_uri", "https://fc.exemple.test/other-callback"}, atToken: "wrong_redirect_uri"},
		"other client":            {redeem: []string{"client_id", plain, "client_secret", secret + plain}, atToken: "wrong_client"},
		"verifier missing":        {request: pkce, again: []string{"code_verifier", verifier}, atToken: "wrong_verifier"},
		"wrong verifier":          {request: pkce, redeem: []string{"code_verifier", verifier + "x"}, again: []string{"code_verifier", verifier}, atToken: "wrong_verifier"},
		"verifier out of nowhere": {redeem: []string{"code_verifier", verifier}, atToken: "wrong_verifier"},
		"email gone since": {spoil: func(t *testing.T, s *site, v *visitor, m mandate.Mandate) {
			withoutEmail(t, s, m)
		}, atUser: "no_email"},
	}
}

// withoutEmail takes a citizen's address away, as a later identification at FranceConnect may.
func withoutEmail(t *testing.T, s *site, m mandate.Mandate) {
	t.Helper()
	silent := fixture.Angela()
	silent.Email = ""
	s.Sign(t, s.Jeanne, silent, fixture.Housing)
	_ = m
}

func TestToken_WithPKCE(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	code := v.code(m, fixture.Tax, "code_challenge", oidc.Challenge(verifier), "code_challenge_method", "S256", "nonce", "")
	if answer := s.token(t, code, "code_verifier", verifier); answer["id_token"] == nil {
		t.Error("no ID token")
	}
}

// RFC 6749 §4.1.2: a code used twice kills what it gave.
func TestToken_ReplayKillsTheToken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	code := v.code(m, fixture.Tax)
	access := s.token(t, code)["access_token"]
	if a := s.redeem(t, code); a.json(t)["error"] != "invalid_grant" {
		t.Fatalf("a code works twice: %s", a.body)
	}
	s.refusedOnce(t, s.Jeanne, "token", "code_replayed")
	if a := s.userinfo(t, access); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the first token lives: %d %s", a.StatusCode, a.body)
	}
	s.redeem(t, code)
	s.refusedOnce(t, s.Jeanne, "token", "code_replayed")
}

func TestToken_ReplayAfterTheRelease(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	code := v.code(m, fixture.Tax)
	s.userinfo(t, s.token(t, code)["access_token"])
	for range 2 {
		if a := s.redeem(t, code); a.json(t)["error"] != "invalid_grant" {
			t.Fatalf("a code works twice: %s", a.body)
		}
	}
	got := s.entries(t)
	if len(got) != 2 || got[0].Action != "power.used" || got[1].Reason != "code_replayed" {
		t.Errorf("entries %+v", got)
	}
	if n := count(t, s, `select count(*) from idp_login where state = 'released'`); n != 1 {
		t.Error("a release was undone")
	}
}

func TestToken_OneWinnerOfTwenty(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	code := v.code(m, fixture.Tax)
	answers := make([]answer, 20)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = s.redeem(t, code) })
	}
	all.Wait()
	var winners []any
	for _, a := range answers {
		switch got := a.json(t); {
		case a.StatusCode == http.StatusOK:
			winners = append(winners, got["access_token"])
		case got["error"] != "invalid_grant":
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
	if len(winners) != 1 {
		t.Fatalf("%d winners", len(winners))
	}
	if a := s.userinfo(t, winners[0]); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the token outlived the replays: %d", a.StatusCode)
	}
	s.refusedOnce(t, s.Jeanne, "token", "code_replayed")
}
