package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mandat/internal/client"
	"mandat/internal/fixture"
	"mandat/internal/idp/pushed"
	"mandat/internal/oidc"
	"mandat/internal/session"
)

const serviceBack = "https://service.exemple.test/retour"

// pusher is a service that has to push its requests.
func pusher() client.Client {
	return client.Client{ID: "service-pushes", Name: "Service qui pousse", Kind: client.Service, Secret: client.NewSecret(secret + "service-pushes"), Auth: client.SecretPost, PushedOnly: true,
		Procedures: []string{fixture.Tax}, RedirectURIs: []string{serviceBack}, Scopes: oidc.Scopes()}
}

// asks is what a service sends, changed by pairs.
func asks(id string, changes ...string) url.Values {
	return request(append([]string{"client_id", id, "redirect_uri", serviceBack, "scope", "openid profile", "acr_values", "", "prompt", "", "code_challenge", oidc.Challenge(verifier),
		"code_challenge_method", "S256"}, changes...)...)
}

// push pushes a request of pusher's.
func (s *site) push(t testing.TB, changes ...string) answer {
	t.Helper()
	form := asks("service-pushes", changes...)
	if !form.Has("client_secret") {
		form.Set("client_secret", secret+"service-pushes")
	}
	return s.stranger(t).post("/idp/par", form)
}

// pushed pushes a good one and returns its request_uri.
func (s *site) pushed(t testing.TB, changes ...string) string {
	t.Helper()
	a := s.push(t, changes...)
	uri, _ := a.json(t)["request_uri"].(string)
	if a.StatusCode != http.StatusCreated || !pushed.Is(uri) {
		t.Fatalf("push: %d %s", a.StatusCode, a.body)
	}
	return uri
}

func bring(uri string, more ...string) string {
	q := url.Values{"client_id": {"service-pushes"}, "request_uri": {uri}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "/idp/authorize?" + q.Encode()
}

func over(a answer) bool {
	return a.StatusCode == http.StatusBadRequest && a.Header.Get("Location") == "" && strings.Contains(a.body, "n’attend plus")
}

func TestPAR_Answers(t *testing.T) {
	t.Parallel()
	s := newSite(t, pusher())
	a := s.push(t, "client_id", "service-pushes")
	if body := a.json(t); a.StatusCode != http.StatusCreated || body["expires_in"] != pushed.Life.Seconds() || len(body) != 2 || a.Header.Get("Cache-Control") != "no-store" ||
		a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %v %s", a.StatusCode, a.Header, a.body)
	}
	for name, c := range map[string]struct {
		changes []string
		status  int
		code    string
	}{
		"wrong secret":         {[]string{"client_secret", secret}, 401, "invalid_client"},
		"unknown client":       {[]string{"client_id", "nobody"}, 401, "invalid_client"},
		"unregistered address": {[]string{"redirect_uri", "https://evil.test/"}, 400, "invalid_request"},
		"request_uri":          {[]string{"request_uri", pushed.Prefix + "x"}, 400, "invalid_request"},
		"request object":       {[]string{"request", "eyJ"}, 400, "request_not_supported"},
		"no PKCE":              {[]string{"code_challenge", "", "code_challenge_method", ""}, 400, "invalid_request"},
		"scope":                {[]string{"scope", "profile"}, 400, "invalid_scope"},
		"response type":        {[]string{"response_type", "token"}, 400, "unsupported_response_type"},
		"details":              {[]string{"authorization_details", `[{"type":"x"}]`}, 400, "invalid_authorization_details"},
	} {
		if a := s.push(t, c.changes...); a.StatusCode != c.status || a.json(t)["error"] != c.code || a.Header.Get("Location") != "" {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	twice := asks("service-pushes", "client_secret", secret+"service-pushes")
	twice.Add("state", "another")
	if a := s.stranger(t).post("/idp/par", twice); a.StatusCode != 400 || a.json(t)["error"] != "invalid_request" {
		t.Errorf("a parameter twice: %d %s", a.StatusCode, a.body)
	}
	if n := count(t, s, `select count(*) from idp_pushed`); n != 1 {
		t.Errorf("%d requests wait", n)
	}
}

func TestPAR_IsTakenOnceByItsClient(t *testing.T) {
	t.Parallel()
	s := newSite(t, pusher())
	v := s.visit(t, s.Jeanne)
	uri := s.pushed(t)
	for name, path := range map[string]string{
		"another client":    bring(uri, "client_id", direct),
		"no client":         bring(uri, "client_id", ""),
		"another reference": bring(uri + "x"),
	} {
		if a := v.get(path); !over(a) {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.at())
		}
	}
	if a := v.send("HEAD", bring(uri), nil); a.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("HEAD: %d", a.StatusCode)
	}
	// What stands beside it in the address counts for nothing (RFC 9126 §4).
	a := v.get(bring(uri, "redirect_uri", "https://evil.test/", "state", "another", "scope", "openid email", "prompt", "none"))
	if !strings.HasSuffix(a.at().Path, "/usager") {
		t.Fatalf("%d %s", a.StatusCode, a.at())
	}
	if n := count(t, s, `select count(*) from idp_login where client = 'service-pushes' and client_state = $1 and redirect_uri = $2 and scope = 'openid profile' and direct and procedures = $3`,
		state, serviceBack, []string{fixture.Tax}); n != 1 {
		t.Error("the login is not what was pushed")
	}
	if a := v.get(bring(uri)); !over(a) {
		t.Errorf("used twice: %d %s", a.StatusCode, a.at())
	}
	late := s.pushed(t)
	s.Clock.Advance(pushed.Life)
	if a := v.get(bring(late)); !over(a) {
		t.Errorf("late: %d %s", a.StatusCode, a.at())
	}
	if a := v.get("/idp/authorize?" + url.Values{"client_id": {"service-pushes", "service-pushes"}, "request_uri": {s.pushed(t)}}.Encode()); a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" {
		t.Errorf("client_id twice: %d %s", a.StatusCode, a.at())
	}
	if n := count(t, s, `select count(*) from idp_login`); n != 1 {
		t.Errorf("%d logins", n)
	}
}

func TestPAR_OfManyBrowsersOneBegins(t *testing.T) {
	t.Parallel()
	s := newSite(t, pusher())
	v := s.visit(t, s.Jeanne)
	for range 5 {
		uri := s.pushed(t)
		var begun atomic.Int32
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				if a := v.get(bring(uri)); strings.HasSuffix(a.at().Path, "/usager") {
					begun.Add(1)
				}
			})
		}
		if all.Wait(); begun.Load() != 1 {
			t.Fatalf("%d logins begun", begun.Load())
		}
	}
}

// A request that waits while its aidant signs in has another reference then: the one in the address has been used.
func TestPAR_WaitsForTheSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, pusher())
	uri := s.pushed(t)
	if a := s.stranger(t).get(bring(uri)); a.at().Path != session.SignInPath {
		t.Fatalf("%d %s", a.StatusCode, a.at())
	}
	var back string
	s.row(t, `select return_path from session where person_id is null`, &back)
	if !strings.HasPrefix(back, "/idp/authorize?client_id=service-pushes&request_uri=") || strings.Contains(back, url.QueryEscape(uri)) || strings.Contains(back, "state") {
		t.Fatalf("comes back to %s", back)
	}
	v := s.visit(t, s.Jeanne)
	if a := v.get(bring(uri)); !over(a) {
		t.Errorf("the first reference: %d %s", a.StatusCode, a.at())
	}
	s.Clock.Advance(pushed.Life + 5*time.Minute) // signing in takes its time
	if a := v.get(back); !strings.HasSuffix(a.at().Path, "/usager") {
		t.Errorf("%d %s", a.StatusCode, a.at())
	}
	if a := v.get(back); !over(a) {
		t.Errorf("twice: %d %s", a.StatusCode, a.at())
	}
}

func TestPAR_IsTheOnlyWayOfAClientThatSaysSo(t *testing.T) {
	t.Parallel()
	s := newSite(t, pusher())
	v := s.visit(t, s.Jeanne)
	a := v.get("/idp/authorize?" + asks("service-pushes").Encode())
	if q := a.at().Query(); q.Get("error") != "invalid_request" || q.Get("state") != state || q.Get("iss") != s.url+"/idp" || !strings.HasPrefix(a.at().String(), serviceBack) {
		t.Errorf("%d %s", a.StatusCode, a.at())
	}
	a = s.stranger(t).get(bring(s.pushed(t, "prompt", "none")))
	if q := a.at().Query(); q.Get("error") != "login_required" || q.Get("state") != state || q.Get("iss") != s.url+"/idp" {
		t.Errorf("prompt=none: %d %s", a.StatusCode, a.at())
	}
	form := url.Values{"client_id": {"service-pushes"}, "request_uri": {s.pushed(t)}}
	if a = v.post("/idp/authorize", form); a.StatusCode != http.StatusSeeOther || a.at().RequestURI() != "/idp/authorize?"+form.Encode() {
		t.Fatalf("as a form: %d %s", a.StatusCode, a.at())
	}
	if a = v.get(a.at().RequestURI()); !strings.HasSuffix(a.at().Path, "/usager") {
		t.Errorf("as a form: %d %s", a.StatusCode, a.at())
	}
}

// A request that comes with a proof of a key binds the code to it, as one that names the key does.
func TestPAR_BindsTheCodeToTheKeyThatWasProved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p, other := s.prover(t), s.prover(t)
	for name, c := range map[string]struct {
		jkt, proof, code string
	}{
		"proved":                   {"", p.proof(t, "POST", "/idp/par", ""), ""},
		"named":                    {p.jkt, "", ""},
		"named and proved":         {p.jkt, p.proof(t, "POST", "/idp/par", ""), ""},
		"another one named":        {other.jkt, p.proof(t, "POST", "/idp/par", ""), "invalid_dpop_proof"},
		"for the token endpoint":   {"", p.proof(t, "POST", "/idp/token", ""), "invalid_dpop_proof"},
		"a proof that is not one":  {"", "x", "invalid_dpop_proof"},
		"named, proof by somebody": {p.jkt, other.proof(t, "POST", "/idp/par", ""), "invalid_dpop_proof"},
	} {
		form, headers := asks(direct, "dpop_jkt", c.jkt), []string(nil)
		if c.proof != "" {
			headers = []string{"DPoP", c.proof}
		}
		a := s.call(t, direct, "/idp/par", form, headers...)
		if c.code != "" {
			if a.StatusCode != http.StatusBadRequest || a.json(t)["error"] != c.code {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
			}
			continue
		}
		uri, _ := a.json(t)["request_uri"].(string)
		v := s.visit(t, s.Jeanne)
		if b := v.get(bring(uri, "client_id", direct)); !strings.HasSuffix(b.at().Path, "/usager") {
			t.Errorf("%s: %d %s, %d", name, a.StatusCode, a.body, b.StatusCode)
		}
		if n := count(t, s, `select count(*) from idp_login where session_id = $1 and dpop_jkt = $2`, v.by.Session, p.jkt); n != 1 {
			t.Errorf("%s: the login is not bound to the key", name)
		}
	}
	proof := p.proof(t, "POST", "/idp/par", "")
	for n, want := range []int{http.StatusCreated, http.StatusBadRequest} {
		if a := s.call(t, direct, "/idp/par", asks(direct), "DPoP", proof); a.StatusCode != want {
			t.Errorf("the same proof, time %d: %d %s", n+1, a.StatusCode, a.body)
		}
	}
}

// Who goes back before signing in tells the service so, and the request is forgotten.
func TestLeave_TellsTheService(t *testing.T) {
	t.Parallel()
	s := newSite(t, pusher())
	v := s.visit(t, s.Jeanne)
	if a := v.get("/idp/annuler"); a.StatusCode != http.StatusNotFound {
		t.Errorf("nothing to leave: %d", a.StatusCode)
	}
	for name, path := range map[string]string{"pushed": bring(s.pushed(t)), "in the address": "/idp/authorize?" + request().Encode()} {
		to := s.stranger(t).get(path)
		out := &visitor{t: t, site: s}
		for _, cookie := range to.Cookies() {
			if cookie.Name == "mandat" {
				out.cookie = cookie.Value
			}
		}
		a := out.get("/idp/annuler")
		if q := a.at().Query(); q.Get("error") != "access_denied" || q.Get("state") != state || q.Get("iss") != s.url+"/idp" {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.at())
		}
		if a := out.get("/idp/annuler"); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s, again: %d %s", name, a.StatusCode, a.at())
		}
	}
	if n := count(t, s, `select count(*) from idp_pushed`); n != 0 {
		t.Errorf("%d requests wait", n)
	}
}

// row reads one row.
func (s *site) row(t testing.TB, sql string, into ...any) {
	t.Helper()
	if err := s.Connect(t, s.Superuser).QueryRow(t.Context(), sql).Scan(into...); err != nil {
		t.Fatal(err)
	}
}
