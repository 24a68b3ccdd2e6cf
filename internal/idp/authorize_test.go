package idp_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"mandat/internal/journal"
	"mandat/internal/oidc"
	"mandat/internal/org"
	"mandat/internal/session"
)

func TestAuthorize_TellsTheClientWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ofService := func(changes ...string) []string {
		return append([]string{"client_id", direct, "redirect_uri", "https://service.exemple.test/retour", "scope", "openid", "code_challenge", oidc.Challenge(verifier), "code_challenge_method", "S256"}, changes...)
	}
	for name, c := range map[string]struct {
		who     *visitor
		changes []string
		want    string
	}{
		"no response type":          {s.stranger(t), []string{"response_type", ""}, "invalid_request"},
		"implicit flow":             {s.stranger(t), []string{"response_type", "id_token token"}, "unsupported_response_type"},
		"no flow at all":            {s.stranger(t), []string{"response_type", "none"}, "unsupported_response_type"},
		"answer in the fragment":    {s.stranger(t), []string{"response_mode", "fragment"}, "invalid_request"},
		"answer as a form":          {s.stranger(t), []string{"response_mode", "form_post"}, "invalid_request"},
		"scope of another client":   {s.stranger(t), ofService("scope", "openid email"), "invalid_scope"},
		"plain PKCE":                {s.stranger(t), ofService("code_challenge_method", "plain"), "invalid_request"},
		"PKCE without its method":   {s.stranger(t), ofService("code_challenge_method", ""), "invalid_request"},
		"PKCE in the wrong form":    {s.stranger(t), ofService("code_challenge", verifier), "invalid_request"},
		"prompt none and login":     {s.stranger(t), []string{"prompt", "none login"}, "invalid_request"},
		"unknown prompt":            {s.stranger(t), []string{"prompt", "create"}, "invalid_request"},
		"max_age below zero":        {s.stranger(t), []string{"max_age", "-1"}, "invalid_request"},
		"a level above ours":        {s.stranger(t), []string{"acr_values", "eidas3"}, "unmet_authentication_requirements"},
		"an essential level":        {s.stranger(t), ofService("claims", `{"id_token":{"acr":{"essential":true,"values":["eidas2","eidas3"]}}}`), "unmet_authentication_requirements"},
		"a long state":              {s.stranger(t), []string{"nonce", strings.Repeat("n", 257)}, "invalid_request"},
		"details by FranceConnect":  {s.stranger(t), []string{"authorization_details", s.only("argent-impots-declaration")}, "invalid_authorization_details"},
		"details of another type":   {s.stranger(t), ofService("authorization_details", `[{"type":"payment_initiation"}]`), "invalid_authorization_details"},
		"a procedure not served":    {s.stranger(t), ofService("authorization_details", s.only("social-carte-vitale")), "invalid_authorization_details"},
		"a thumbprint that is none": {s.stranger(t), ofService("dpop_jkt", "x"), "invalid_request"},
		"no openid":                 {s.stranger(t), []string{"scope", "profile"}, "invalid_scope"},
		"claims not JSON":           {s.stranger(t), []string{"claims", "{"}, "invalid_request"},
		"request object":            {s.stranger(t), []string{"request", "x"}, "request_not_supported"},
		"request_uri":               {s.stranger(t), []string{"request_uri", "x"}, "request_uri_not_supported"},
		"no nonce":                  {s.stranger(t), []string{"nonce", ""}, "invalid_request"},
		"prompt none, signed out":   {s.stranger(t), []string{"prompt", "none"}, "login_required"},
		"prompt none, signed in":    {s.visit(t, s.Jeanne), []string{"prompt", "none"}, "interaction_required"},
		"PKCE missing where needed": {s.stranger(t), []string{"client_id", direct, "redirect_uri", "https://service.exemple.test/retour", "scope", "openid"}, "invalid_request"},
	} {
		q := request(c.changes...)
		for _, a := range []answer{c.who.get("/idp/authorize?" + q.Encode()), c.who.post("/idp/authorize", q)} {
			if a.StatusCode == http.StatusSeeOther && a.at().Path == "/idp/authorize" { // a form is asked again by GET
				a = c.who.get(a.at().RequestURI())
			}
			got := a.at().Query()
			if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.at().String(), strings.SplitN(q.Get("redirect_uri"), "?", 2)[0]) || got.Get("error") != c.want ||
				got.Get("error_description") == "" || got.Get("state") != state || got.Get("iss") != s.url+"/idp" || got.Has("code") {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.at())
			}
		}
	}
	twice := request()
	twice.Add("scope", "openid")
	if q := s.stranger(t).get("/idp/authorize?" + twice.Encode()).at().Query(); q.Get("error") != "invalid_request" || q.Get("state") != state || q.Get("iss") != s.url+"/idp" {
		t.Errorf("a parameter twice: %v", q)
	}
	if n := count(t, s, `select count(*) from idp_login`); n != 0 {
		t.Errorf("%d logins begun", n)
	}
}

// Hints about who the person is, and about the page, change nothing: the aidant chooses, in their own language. What we do not know is
// ignored too, once or twice.
func TestAuthorize_IgnoresHintsAndWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, s.Jeanne)
	q := request("login_hint", "angela", "id_token_hint", "eyJ", "ui_locales", "de", "claims_locales", "de", "display", "popup", "resource", "https://a.test/", "idp_hint", "x", "registration", "{}")
	q.Add("resource", "https://b.test/")
	a := v.get("/idp/authorize?" + q.Encode())
	if !strings.HasSuffix(a.at().Path, "/usager") {
		t.Fatalf("%d %s", a.StatusCode, a.at())
	}
	if body := v.get(a.at().Path).body; !strings.Contains(body, `lang="fr"`) || strings.Contains(body, "DUBOIS") || strings.Contains(body, "angela") {
		t.Errorf("a hint was heeded: %s", body)
	}
}

func TestAuthorize_ShowsAPageWhenTheAddressIsNotRegistered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, s.Jeanne)
	for _, q := range []url.Values{request("client_id", "nobody"), request("redirect_uri", "https://evil.test/"), request("redirect_uri", callback+"/"), request("redirect_uri", ""),
		request("redirect_uri", "https://service.exemple.test/retour")} {
		for _, a := range []answer{v.get("/idp/authorize?" + q.Encode()), v.post("/idp/authorize", q)} {
			if a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" || !strings.Contains(a.body, "Cette demande ne vient pas d’un service connu") || strings.Contains(a.body, "evil") {
				t.Errorf("%v: %d %s", q, a.StatusCode, a.at())
			}
		}
	}
	if a := v.get("/idp/authorize?client_id=%zz"); a.StatusCode != http.StatusBadRequest {
		t.Errorf("a query that cannot be read: %d", a.StatusCode)
	}
}

func TestAuthorize_SignsInFirstAndComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.stranger(t).get("/idp/authorize?" + request().Encode())
	if a.at().Path != session.SignInPath {
		t.Fatalf("signed out: %d %s", a.StatusCode, a.at())
	}
	if n := count(t, s, `select count(*) from session where person_id is null and return_path = $1`, "/idp/authorize?"+request().Encode()); n != 1 {
		t.Errorf("%d sessions come back to the request", n)
	}
}

// max_age counts from the request. With prompt=login the factor is asked for once the citizen is known, and not twice.
func TestAuthorize_MaxAgeWantsAFreshFactor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, s.Jeanne)
	s.Clock.Advance(15*time.Minute + time.Second)
	aged := []string{"client_id", direct, "redirect_uri", "https://service.exemple.test/retour", "scope", "openid profile", "prompt", "", "max_age", "600", "code_challenge", oidc.Challenge(verifier), "code_challenge_method", "S256"}
	if a := v.get("/idp/authorize?" + request(aged...).Encode()); a.at().Path != session.ConfirmPath {
		t.Fatalf("an old factor: %d %s", a.StatusCode, a.at())
	}
	if n := count(t, s, `select count(*) from session where person_id is not null and return_path like '/idp/authorize?client_id=service-direct&request_uri=%'`); n != 1 {
		t.Errorf("%d sessions come back to the request", n)
	}
	if n := count(t, s, `select count(*) from idp_login`); n != 0 {
		t.Error("a login was begun")
	}
	s.exec(t, `update session set factor_at = $1 where id = $2`, s.Clock.Now(), v.by.Session)
	v.begin(aged...)
	s.Clock.Advance(15*time.Minute + time.Second)
	silent := append(slices.Clone(aged[:len(aged)-6]), aged[len(aged)-4:]...) // a client that asks for nothing
	if a := v.get("/idp/authorize?" + request(silent...).Encode()); a.at().Path != session.ConfirmPath {
		t.Errorf("an old factor, and no max_age: %d %s", a.StatusCode, a.at())
	}
	s.exec(t, `update session set factor_at = null, factor_kind = null, method = 'proconnect' where id = $1`, v.by.Session)
	if a := v.get("/idp/authorize?" + request(silent...).Encode()); a.at().Path != session.ConfirmPath {
		t.Errorf("no factor: %d %s", a.StatusCode, a.at())
	}
	v.begin() // FranceConnect's asks for it once the citizen is known
	s.exec(t, `update session set factor_at = $1, factor_kind = 'app' where id = $2`, s.Clock.Now(), v.by.Session)
	s.Clock.Advance(15*time.Minute + time.Second)
	v.begin()
	v.begin("prompt", "", "max_age", "0")
}

func TestAuthorize_TakesAForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, s.Jeanne)
	q := request("ui_locales", "fr")
	a := s.stranger(t).post("/idp/authorize", q) // another site's form does not bring our cookie
	q.Del("ui_locales")
	if a.StatusCode != http.StatusSeeOther || a.at().RequestURI() != "/idp/authorize?"+q.Encode() {
		t.Fatalf("%d %s", a.StatusCode, a.at())
	}
	if a := v.get(a.at().RequestURI()); !strings.HasSuffix(a.at().Path, "/usager") {
		t.Errorf("%d %s", a.StatusCode, a.at())
	}
}

func TestAuthorize_IsForAidants(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	referent := s.Aidant(t, s.Here, "rene")
	s.Behind(t, `update membership set role = 'referent' where person_id = $1`, referent.Person)
	id, err := s.Directory.AddPerson(t.Context(), journal.Program(), org.Person{Issuer: "https://proconnect.invalid", Sub: "a", Email: "a@exemple.invalid", GivenName: "A", UsualName: "B",
		Auditor: true}, [16]byte{})
	if err != nil {
		t.Fatal(err)
	}
	auditor := journal.Actor{Kind: journal.Auditor, Person: id, FactorAt: s.Clock.Now()}
	for name, by := range map[string]journal.Actor{"référent": referent, "auditor": auditor} {
		v := s.visit(t, by)
		if name == "référent" {
			s.exec(t, `update session set role = 'referent' where id = $1`, v.by.Session)
		}
		a := v.get("/idp/authorize?" + request().Encode())
		if a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "Votre compte ne permet pas") || !strings.Contains(a.body, "error=access_denied") || !strings.Contains(a.body, "state="+state) {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
		got := s.entries(t)
		if last := got[len(got)-1]; last.Action != "power.refused" || last.Step != "authorize" || last.Reason != "aidant_inactive" || last.Person != by.Person {
			t.Errorf("%s: entry %+v", name, last)
		}
	}
	if n := count(t, s, `select count(*) from idp_login`); n != 0 {
		t.Errorf("%d logins begun", n)
	}
}

func TestAuthorize_ExpelsTheSuspended(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, _ := s.angela(t)
	path := v.begin()
	s.Behind(t, `update person set suspended_at = now(), suspended_why = 'decided' where id = $1`, s.Jeanne.Person)
	for _, p := range []string{path + "/usager", "/idp/authorize?" + request().Encode()} {
		if a := v.get(p); a.StatusCode == http.StatusOK || strings.Contains(a.body, "recherche") {
			t.Errorf("%s: %d", p, a.StatusCode)
		}
	}
}
