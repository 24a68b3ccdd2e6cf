package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mandat/internal/backchannel"
	"mandat/internal/client"
	"mandat/internal/fixture"
	"mandat/internal/idp"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/oidc"
)

// publicService is like the one of every test, changed.
func publicService(id string, change func(*client.Client)) client.Client {
	c := client.Client{ID: id, Name: "Service " + id, Kind: client.Service, Secret: client.NewSecret(secret + id), Auth: client.SecretBasic,
		Procedures: []string{fixture.Tax, fixture.Housing}, RedirectURIs: []string{serviceBack}, Scopes: oidc.Scopes()}
	if change != nil {
		change(&c)
	}
	return c
}

// codeFor is a code of a service that talks to us directly.
func (v *visitor) codeFor(id string, m mandate.Mandate, procedure string, changes ...string) string {
	v.t.Helper()
	return v.code(m, procedure, append([]string{"client_id", id, "redirect_uri", serviceBack, "scope", "openid profile", "acr_values", "", "prompt", "",
		"code_challenge", oidc.Challenge(verifier), "code_challenge_method", "S256"}, changes...)...)
}

// call posts a form as a service, with headers by pairs.
func (s *site) call(t testing.TB, id, path string, form url.Values, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequest("POST", s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(id, secret+id)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return do(t, r)
}

// trade redeems a code as a service does.
func (s *site) trade(t testing.TB, id, code string, headers ...string) answer {
	t.Helper()
	return s.call(t, id, "/idp/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {serviceBack}, "code_verifier": {verifier}}, headers...)
}

// traded is trade when it goes well.
func (s *site) traded(t testing.TB, id, code string, headers ...string) map[string]any {
	t.Helper()
	a := s.trade(t, id, code, headers...)
	if a.StatusCode != http.StatusOK {
		t.Fatalf("token: %d %s", a.StatusCode, a.body)
	}
	return a.json(t)
}

// claimsOf verifies an ID token of a service as somebody else's library does.
func (s *site) claimsOf(t testing.TB, id string, answer map[string]any) map[string]any {
	t.Helper()
	_, verify := s.relyingParty(t, id)
	token, err := verify.Verify(t.Context(), answer["id_token"].(string))
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func (s *site) introspect(t testing.TB, id string, access any) map[string]any {
	t.Helper()
	a := s.call(t, id, "/idp/introspect", url.Values{"token": {access.(string)}})
	if a.StatusCode != http.StatusOK || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("introspect: %d %s", a.StatusCode, a.body)
	}
	return a.json(t)
}

// Both identities: who the citizen is, who acts for them and for whom, for what and until when.
func TestDirect_TellsBothIdentities(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	answer := s.traded(t, direct, v.codeFor(direct, m, fixture.Tax))
	if answer["token_type"] != "Bearer" || answer["expires_in"] != 900.0 || answer["scope"] != "openid profile" || answer["refresh_token"] != nil {
		t.Errorf("token answer %v", answer)
	}
	claims := s.claimsOf(t, direct, answer)
	act := claims["act"].(map[string]any)
	name := act["sub"].(string)
	same(t, "act", act, map[string]any{"iss": s.url + "/idp", "sub": name, "role": "aidant",
		"organisation": map[string]any{"siret": "21750001600019", "name": "Maison France Services de démonstration"}})
	detail := claims["authorization_details"].([]any)[0].(map[string]any)
	identifier, err := mandate.Identifier(s.Keys, m.Organisation, m.ID, direct)
	if err != nil || len(name) != 43 || strings.Contains(name, s.Jeanne.Person.String()) {
		t.Fatalf("%q %v", name, err)
	}
	if text := detail["receipt"].(string); strings.Count(text, ".") != 2 {
		t.Errorf("receipt %s", text)
	}
	same(t, "token answer and ID token", answer["authorization_details"], claims["authorization_details"])
	delete(detail, "receipt")
	same(t, "authorization_details", detail, map[string]any{"type": s.url + "/idp/types/mandate", "identifier": identifier, "actions": []any{fixture.Tax}, "level": "act",
		"valid_until": m.EndsAt.UTC().Format(time.RFC3339), "identified_by": "franceconnect"})
	now := s.Clock.Now().Unix()
	if iat := int64(claims["iat"].(float64)); iat > now || int64(claims["exp"].(float64)) != iat+300 || claims["acr"] != "eidas1" || claims["nonce"] != nonce || claims["rep_scope"] != nil ||
		int64(claims["auth_time"].(float64)) != v.by.FactorAt.Unix() {
		t.Errorf("ID token %v", claims)
	}
	same(t, "entries", s.entries(t), []entry{{Action: "power.used", Person: s.Jeanne.Person, Citizen: m.Citizen, Mandate: m.ID, Procedure: fixture.Tax, Rest: direct + "enforced"}})

	for range 2 { // again and again, and no other entry
		got := s.userinfo(t, answer["access_token"])
		if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/json" || got.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("userinfo: %d %s", got.StatusCode, got.body)
		}
		same(t, "userinfo", got.json(t), map[string]any{"sub": claims["sub"], "given_name": "Angela Claire Louise", "family_name": "DUBOIS", "birthdate": "1962-08-24", "gender": "female"})
	}
	told := s.introspect(t, direct, answer["access_token"])
	if told["active"] != true || told["sub"] != claims["sub"] || told["client_id"] != direct || told["token_type"] != "Bearer" || told["acr"] != "eidas1" || told["cnf"] != nil {
		t.Errorf("introspection %v", told)
	}
	same(t, "act", told["act"], claims["act"])
	same(t, "authorization_details", told["authorization_details"], []any{detail})
	if n := len(s.entries(t)); n != 1 {
		t.Errorf("%d entries", n)
	}
	if n := count(t, s, `select count(*) from report_use where mandate_id = $1`, m.ID); n != 1 {
		t.Errorf("%d accounts of the use", n)
	}
	s.Content(t)
}

// The names that a service learns are of no use to another, and stay the same for one.
func TestDirect_NamesArePairwise(t *testing.T) {
	t.Parallel()
	s := newSite(t, publicService("a", nil), publicService("b", nil), publicService("sister", func(c *client.Client) { c.Sector = "a" }))
	v, m := s.angela(t)
	names := func(id string) [3]string {
		t.Helper()
		claims := s.claimsOf(t, id, s.traded(t, id, v.codeFor(id, m, fixture.Tax)))
		return [3]string{claims["sub"].(string), claims["act"].(map[string]any)["sub"].(string), claims["authorization_details"].([]any)[0].(map[string]any)["identifier"].(string)}
	}
	a, again, sister, b := names("a"), names("a"), names("sister"), names("b")
	same(t, "the same service, later", again, a)
	same(t, "another client of its sector", sister, a)
	for i := range a {
		if a[i] == b[i] {
			t.Errorf("two sectors share name %d", i)
		}
	}
	v = s.visit(t, s.Paul)
	if paul := names("a"); paul[0] != a[0] || paul[1] == a[1] || paul[2] != a[2] {
		t.Errorf("by another aidant: %v, was %v", paul, a)
	}
}

// A service is told of the citizen who was chosen, among all of the organisation's.
func TestDirect_TellsOfWhomWasChosen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, angela := s.angela(t)
	camille := s.Sign(t, s.Jeanne, fixture.Citizen(1), fixture.Tax)
	for name, m := range map[string]mandate.Mandate{"DUBOIS": angela, "FICTIF-1": camille} {
		if told := s.userinfo(t, s.traded(t, direct, v.codeFor(direct, m, fixture.Tax))["access_token"]).json(t); told["family_name"] != name {
			t.Errorf("told of %v, chosen was %s", told, name)
		}
	}
}

// Whom FranceConnect did not identify is told of only to a service that does with less, and no level is asserted then.
func TestDirect_AssertsNoLevelThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := newSite(t, publicService("lax", func(c *client.Client) { c.IdentityLevel = "witnessed" }))
	v, m := s.angela(t)
	s.Behind(t, `update mandate_power set identified_by = 'witnessed' where mandate_id = $1`, m.ID)
	answer := s.traded(t, "lax", v.codeFor("lax", m, fixture.Tax))
	claims := s.claimsOf(t, "lax", answer)
	if detail := claims["authorization_details"].([]any)[0].(map[string]any); claims["acr"] != nil || detail["identified_by"] != "witnessed" {
		t.Errorf("%v", claims)
	}
	if told := s.introspect(t, "lax", answer["access_token"]); told["acr"] != nil || told["active"] != true {
		t.Errorf("%v", told)
	}
	// What was at the level when it was chosen, and is not when the code is traded.
	code := v.codeFor("lax", m, fixture.Tax)
	s.Behind(t, `update mandate_power set identified_by = 'known' where mandate_id = $1`, m.ID)
	if a := s.trade(t, "lax", code); a.json(t)["error"] != "invalid_grant" {
		t.Errorf("below the level: %s", a.body)
	}
}

// What ends between two steps refuses the next one, whatever it was that ended and whichever step it is.
func TestDirect_AnEndBetweenTwoStepsRefusesTheNext(t *testing.T) {
	t.Parallel()
	ends := map[string]spoilt{}
	for name, c := range refusals(t) {
		if c.spoil != nil && c.atUser != "" && c.atUser != "token_expired" && c.atUser != "no_email" {
			ends[name] = c
		}
	}
	ends["token over"] = spoilt{spoil: func(_ *testing.T, s *site, _ *visitor, _ mandate.Mandate) { s.Clock.Advance(idp.DirectLife) }, atUser: "token_expired"}
	if len(ends) < 15 {
		t.Fatalf("only %d ways to end", len(ends))
	}
	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			v, m := s.angela(t)
			answer := s.traded(t, direct, v.codeFor(direct, m, fixture.Tax))
			access := answer["access_token"]
			if a := s.userinfo(t, access); a.StatusCode != http.StatusOK {
				t.Fatalf("userinfo: %d %s", a.StatusCode, a.body)
			}
			code := ""
			if c.atToken != "" {
				code = v.codeFor(direct, m, fixture.Tax)
			}
			c.spoil(t, s, v, m)
			same(t, "introspection", s.introspect(t, direct, access), map[string]any{"active": false})
			for range 2 {
				a := s.userinfo(t, access)
				if a.StatusCode != http.StatusUnauthorized || a.json(t)["error"] != "invalid_token" || strings.Contains(a.body, "DUBOIS") {
					t.Fatalf("userinfo: %d %s", a.StatusCode, a.body)
				}
			}
			same(t, "introspection", s.introspect(t, direct, access), map[string]any{"active": false})
			got := s.entries(t)
			if len(got) != 2 || got[1].Action != "power.refused" || got[1].Step != "userinfo" || got[1].Reason != c.atUser || got[1].Mandate != m.ID {
				t.Fatalf("entries %+v, want a use and one refusal: %s", got, c.atUser)
			}
			if code == "" {
				return
			}
			for range 2 {
				if a := s.trade(t, direct, code); a.json(t)["error"] != "invalid_grant" || a.json(t)["id_token"] != nil {
					t.Fatalf("token: %d %s", a.StatusCode, a.body)
				}
			}
			if got = s.entries(t); len(got) != 3 || got[2].Step != "token" || got[2].Reason != c.atToken {
				t.Errorf("entries %+v, want one refusal at the token: %s", got, c.atToken)
			}
		})
	}
}

// The same between the pages of a login.
func TestDirect_AnEndBetweenTwoPagesRefusesTheNext(t *testing.T) {
	t.Parallel()
	q := []string{"client_id", direct, "redirect_uri", serviceBack, "scope", "openid", "acr_values", "", "prompt", "", "code_challenge", oidc.Challenge(verifier), "code_challenge_method", "S256"}
	end := func(t *testing.T, s *site, by journal.Actor, m mandate.Mandate) {
		t.Helper()
		if err := s.Mandates.End(t.Context(), by, m.ID, "citizen"); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("before the citizen", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		v, m := s.angela(t)
		path := v.begin(q...)
		end(t, s, v.by, m)
		if a := v.post(path+"/usager", url.Values{"usager": {m.Citizen.String()}}); a.StatusCode == http.StatusSeeOther {
			t.Errorf("chosen: %d %s", a.StatusCode, a.at())
		}
		s.refusedOnce(t, s.Jeanne, "citizen", "no_power")
	})
	t.Run("before the procedure", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		v, m := s.angela(t)
		path := v.begin(q...)
		v.choose(path, m)
		end(t, s, v.by, m)
		if a := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}}); a.at().Query().Has("code") {
			t.Errorf("a code: %s", a.at())
		}
		s.refusedOnce(t, s.Jeanne, "procedure", "no_power")
	})
}

// Each fault makes the code worth nothing, and leaves one entry.
func TestDirect_RefusesACode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trade  func(t *testing.T, s *site, code string) answer
		reason string
	}{
		"another service": {func(t *testing.T, s *site, code string) answer { return s.trade(t, "b", code) }, "wrong_client"},
		"FranceConnect": {func(t *testing.T, s *site, code string) answer {
			return s.redeem(t, code, "redirect_uri", serviceBack, "code_verifier", verifier)
		}, "wrong_client"},
		"no verifier": {func(t *testing.T, s *site, code string) answer {
			return s.call(t, direct, "/idp/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {serviceBack}})
		}, "wrong_verifier"},
		"another address": {func(t *testing.T, s *site, code string) answer {
			return s.call(t, direct, "/idp/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {serviceBack + "/"}, "code_verifier": {verifier}})
		}, "wrong_redirect_uri"},
		"too late": {func(t *testing.T, s *site, code string) answer {
			s.Clock.Advance(idp.CodeLife)
			return s.trade(t, direct, code)
		}, "code_expired"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, publicService("b", nil))
			v, m := s.angela(t)
			code := v.codeFor(direct, m, fixture.Tax)
			for range 2 {
				if a := c.trade(t, s, code); a.StatusCode != http.StatusBadRequest || a.json(t)["error"] != "invalid_grant" {
					t.Fatalf("%d %s", a.StatusCode, a.body)
				}
				s.refusedOnce(t, s.Jeanne, "token", c.reason)
			}
			if a := s.trade(t, direct, code); a.json(t)["error"] != "invalid_grant" {
				t.Errorf("the code lived on: %s", a.body)
			}
		})
	}
}

// What was begun as FranceConnect's login is not traded as a service's, whatever its client has become: nobody was told that a service would know who acts.
func TestDirect_IsNotWhatFranceConnectBegan(t *testing.T) {
	t.Parallel()
	s := newSite(t, publicService("turned", func(c *client.Client) { c.Kind, c.Procedures = client.FranceConnect, nil }))
	v, m := s.angela(t)
	code := v.codeFor("turned", m, fixture.Tax)
	s.register(t, publicService("turned", nil))
	if a := s.trade(t, "turned", code); a.json(t)["error"] != "invalid_grant" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	s.refusedOnce(t, s.Jeanne, "token", "wrong_client")
}

// A registration that has become narrower, or has gone, holds at once.
func TestDirect_TheRegistrationOfNowCounts(t *testing.T) {
	t.Parallel()
	s := newSite(t, publicService("narrow", nil), publicService("gone", nil), publicService("other", nil))
	v, m := s.angela(t)
	kinds := map[string]func(*client.Client){
		"narrow": func(c *client.Client) { c.Procedures = []string{fixture.Housing} },
		"other":  func(c *client.Client) { c.Kind, c.Procedures, c.Auth = client.FranceConnect, nil, client.SecretBasic },
	}
	codes, tokens := map[string]string{}, map[string]any{}
	for _, id := range []string{"narrow", "gone", "other"} {
		tokens[id] = s.traded(t, id, v.codeFor(id, m, fixture.Tax))["access_token"]
		codes[id] = v.codeFor(id, m, fixture.Tax)
	}
	s.register(t, publicService("narrow", kinds["narrow"]), publicService("other", kinds["other"]))
	for id, access := range tokens {
		if a := s.userinfo(t, access); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: userinfo %d %s", id, a.StatusCode, a.body)
		}
		want := map[string]string{"narrow": "invalid_grant", "gone": "invalid_client", "other": "invalid_grant"}[id]
		if a := s.trade(t, id, codes[id]); a.json(t)["error"] != want {
			t.Errorf("%s: token %d %s", id, a.StatusCode, a.body)
		}
	}
	same(t, "introspection", s.introspect(t, "narrow", tokens["narrow"]), map[string]any{"active": false})
}

// A service that has to be surer of citizens now, or may see less of them, is held to it in the middle of a login and of a use.
func TestDirect_TheLevelAndTheDataOfNowCount(t *testing.T) {
	t.Parallel()
	known := func(c *client.Client) { c.IdentityLevel = "known" }
	s := newSite(t, publicService("surer", known), publicService("blinder", nil))
	v, m := s.angela(t)
	_, camille := s.mandate(t, fixture.Citizen(1))
	s.Behind(t, `update mandate_power set identified_by = 'known' where mandate_id = $1`, camille.ID)
	access := s.traded(t, "surer", v.codeFor("surer", camille, fixture.Tax))["access_token"]
	code := v.codeFor("surer", camille, fixture.Tax)
	told, wider := s.traded(t, "blinder", v.codeFor("blinder", m, fixture.Tax))["access_token"], v.codeFor("blinder", m, fixture.Tax)
	s.register(t, publicService("surer", nil), publicService("blinder", func(c *client.Client) { c.Scopes = []string{"openid"} }))
	if a := s.userinfo(t, access); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("userinfo of somebody who is not known surely enough: %d %s", a.StatusCode, a.body)
	}
	same(t, "introspection", s.introspect(t, "surer", access), map[string]any{"active": false})
	if a := s.trade(t, "surer", code); a.json(t)["error"] != "invalid_grant" {
		t.Errorf("token for somebody who is not known surely enough: %d %s", a.StatusCode, a.body)
	}
	if got := s.entries(t); got[len(got)-1].Action != "power.refused" || got[len(got)-1].Step != "token" || got[len(got)-1].Reason != "no_power" {
		t.Errorf("entries %+v", got)
	}
	if told := s.introspect(t, "blinder", told); told["active"] != true || told["scope"] != "openid" {
		t.Errorf("introspection tells what the service may not have any more: %v", told)
	}
	if answer := s.traded(t, "blinder", wider); answer["scope"] != "openid" {
		t.Errorf("a token for what the service may not have any more: %v", answer)
	}
	if a := s.userinfo(t, told); a.StatusCode != http.StatusOK || a.json(t)["given_name"] != nil || a.json(t)["sub"] == nil {
		t.Errorf("userinfo tells what the service may not see any more: %d %s", a.StatusCode, a.body)
	}
}

// An address that is registered no more is led to no more: somebody else may have it by now.
func TestDirect_TheAddressOfNowCounts(t *testing.T) {
	t.Parallel()
	moved := func(c *client.Client) { c.RedirectURIs = []string{"https://service.exemple.test/autre"} }
	s := newSite(t, publicService("moved", nil), publicService("gone", nil))
	v, m := s.angela(t)
	paths := map[string]string{}
	for _, id := range []string{"moved", "gone"} {
		paths[id] = v.ask(id)
		v.choose(paths[id], m)
	}
	paths["cancelled"] = v.ask("moved")
	s.register(t, publicService("moved", moved))
	for id, path := range paths {
		a := v.post(path+"/demarche", url.Values{"demarche": {fixture.Tax}})
		if id == "cancelled" {
			a = v.post(path+"/annuler", nil)
		}
		if a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" {
			t.Errorf("%s: %d %s", id, a.StatusCode, a.Header.Get("Location"))
		}
	}
}

// Whoever shows a code twice, or a bound token without its key, is perhaps not the service: its use is over, and it is told so.
func TestDirect_WhatHasLeakedIsOver(t *testing.T) {
	t.Parallel()
	s := newSite(t, publicService("hears", func(c *client.Client) { c.BackchannelLogoutURI = "https://service.exemple.test/backchannel" }))
	p := s.prover(t)
	v, m := s.angela(t)
	jobs := func() (n int) {
		t.Helper()
		if err := s.Connect(t, s.Superuser).QueryRow(t.Context(), `select count(*) from river_job where args ->> 'name' = $1`, backchannel.Job).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	code := v.codeFor("hears", m, fixture.Tax)
	access := s.traded(t, "hears", code)["access_token"]
	expired := s.traded(t, "hears", v.codeFor("hears", m, fixture.Tax))["access_token"]
	bound := s.traded(t, "hears", v.codeFor("hears", m, fixture.Tax), "DPoP", p.proof(t, "POST", "/idp/token", ""))["access_token"]
	s.userinfo(t, bound)
	if n := jobs(); n != 1 {
		t.Errorf("%d services are told of a token without its key", n)
	}
	for range 2 {
		if a := s.trade(t, "hears", code); a.json(t)["error"] != "invalid_grant" {
			t.Fatalf("a code works twice: %s", a.body)
		}
	}
	if n := jobs(); n != 2 {
		t.Errorf("%d services are told after a code came twice", n)
	}
	if a := s.userinfo(t, access); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the token outlived the replay: %d", a.StatusCode)
	}
	s.Clock.Advance(idp.DirectLife)
	s.userinfo(t, expired)
	if n := jobs(); n != 2 {
		t.Errorf("%d services are told that a token has expired: it is no end of the use", n)
	}
}
