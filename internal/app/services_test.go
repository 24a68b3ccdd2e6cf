package app_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/backchannel"
	"mandat/internal/fixture"
	"mandat/internal/oidc"
)

const (
	ownID       = "impots"
	ownSecret   = "a-secret-of-the-tax-office-with-more-than-32"
	ownBack     = "https://impots.exemple.test/retour"
	ownVerifier = "a-verifier-of-more-than-forty-three-characters~"
)

// farewell is a logout token as it came.
type farewell struct {
	at     time.Time
	claims map[string]any
}

// ownService is a public service that talks to the program directly, and listens for the end of uses.
func ownService(t *testing.T) (registration map[string]any, heard chan farewell) {
	t.Helper()
	heard = make(chan farewell, 10)
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at, claims := time.Now(), map[string]any{}
		parts := strings.Split(r.FormValue("logout_token"), ".")
		if len(parts) == 3 {
			payload, err := base64.RawURLEncoding.DecodeString(parts[1])
			if err != nil || json.Unmarshal(payload, &claims) != nil {
				t.Errorf("logout token %s", r.FormValue("logout_token"))
			}
		}
		heard <- farewell{at, claims}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(listener.Close)
	return map[string]any{"client_id": ownID, "client_name": "Les impôts", "kind": "service", "client_secret": ownSecret, "token_endpoint_auth_method": "client_secret_basic", "scope": "openid profile",
		"redirect_uris": []string{ownBack}, "procedures": []string{fixture.Tax, fixture.Housing}, "backchannel_logout_uri": listener.URL + "/fin?secret=s"}, heard
}

// ownToken goes all the way to the token of the service.
func ownToken(ctx context.Context, t *testing.T, site *apptest.Site, v *apptest.Visitor, u *use) map[string]any {
	t.Helper()
	code := v.MustCode(u.mandate.Citizen, fixture.Tax, "client_id", ownID, "redirect_uri", ownBack, "scope", "openid profile", "prompt", "",
		"code_challenge", oidc.Challenge(ownVerifier), "code_challenge_method", "S256")
	a, err := site.Stranger(t).Do(ctx, http.MethodPost, "/idp/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {ownBack}, "code_verifier": {ownVerifier}},
		"Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(ownID+":"+ownSecret)))
	if err != nil || a.Status != http.StatusOK {
		t.Fatalf("token: %v %d %s", err, a.Status, a.Body)
	}
	return a.JSON(t)
}

// An end of any kind makes the tokens of a service worthless at once, and the service hears of it within five seconds: the whole
// program, over HTTP. A loaded machine may be slower, and then the test says how slow.
func TestServices_HearOfAnEnd(t *testing.T) {
	t.Parallel()
	registration, heard := ownService(t)
	site := apptest.Start(t, func(o *apptest.Options) { o.Clients = []map[string]any{registration} })
	site.Mandates = site.Mandates.Closing(backchannel.Ended) // as the program's
	paul := site.Visit(t, site.Paul)
	n := 100
	for name, end := range map[string]func(t *testing.T, u *use){
		"the mandate ends": func(t *testing.T, u *use) {
			t.Helper()
			if a := paul.Post("/mandats/"+u.mandate.ID.String()+"/fin", "reason", "citizen"); a.Status != http.StatusSeeOther {
				t.Fatalf("end: %d", a.Status)
			}
		},
		"the citizen has died": func(_ *testing.T, u *use) { paul.Post("/mandats/"+u.mandate.ID.String()+"/fin", "reason", "death") },
		"another takes its place": func(t *testing.T, u *use) {
			t.Helper()
			site.Sign(t, u.by, fixture.Citizen(n), fixture.Tax)
		},
		"the service ends it": func(t *testing.T, u *use) {
			t.Helper()
			if a := site.Stranger(t).Get("/idp/end_session?" + url.Values{"id_token_hint": {u.answer.Body}}.Encode()); a.Status != http.StatusOK {
				t.Fatalf("end_session: %d", a.Status)
			}
		},
	} {
		n++
		u := newUse(t, site, n)
		answer := ownToken(t.Context(), t, site, u.v, u)
		u.answer.Body = answer["id_token"].(string)
		access := answer["access_token"].(string)
		if a, err := site.UserInfo(t.Context(), access); err != nil || a.Status != http.StatusOK {
			t.Fatalf("%s: userinfo %v %d %s", name, err, a.Status, a.Body)
		}
		end(t, u)
		ended := time.Now()
		if a, err := site.UserInfo(t.Context(), access); err != nil || a.Status != http.StatusUnauthorized {
			t.Errorf("%s: the token lives on: %v %d", name, err, a.Status)
		}
		select {
		case got := <-heard:
			if got.claims["aud"] != ownID || got.claims["sid"] == nil || got.claims["iss"] != site.URL+"/idp" {
				t.Errorf("%s: %v", name, got.claims)
			}
			after := got.at.Sub(ended)
			if t.Logf("%s: heard after %v", name, after.Round(time.Millisecond)); after > time.Minute {
				t.Errorf("%s: heard after %v", name, after)
			}
		case <-time.After(2 * time.Minute):
			t.Fatalf("%s: the service was not told", name)
		}
	}
}
