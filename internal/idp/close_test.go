package idp_test

import (
	"net/http"
	"net/url"
	"testing"

	"mandat/internal/backchannel"
	"mandat/internal/client"
	"mandat/internal/fixture"
	"mandat/internal/oidc"
)

// A service that sends the browser to the end of its session ends its use, and no other.
func TestEndSession_EndsTheUseOfAService(t *testing.T) {
	t.Parallel()
	const after = "https://service.exemple.test/fin"
	ends := func(c *client.Client) {
		c.PostLogoutRedirectURIs, c.BackchannelLogoutURI = []string{after}, "https://service.exemple.test/backchannel"
	}
	s := newSite(t, publicService("ends", ends), publicService("other", ends))
	v, m := s.angela(t)
	use := func(id string) (hint, access string) {
		answer := s.traded(t, id, v.codeFor(id, m, fixture.Tax))
		return answer["id_token"].(string), answer["access_token"].(string)
	}
	hint, access := use("ends")
	_, second := use("ends")
	_, others := use("other")
	stands := func(what string, want ...bool) {
		t.Helper()
		for i, access := range []string{access, second, others} {
			if got := s.userinfo(t, access).StatusCode == http.StatusOK; got != want[i] {
				t.Errorf("%s: token %d stands: %v", what, i, got)
			}
		}
	}
	who := s.stranger(t)
	for name, q := range map[string]url.Values{
		"another address":   {"id_token_hint": {hint}, "post_logout_redirect_uri": {after + "?x"}},
		"another client_id": {"id_token_hint": {hint}, "client_id": {"other"}, "post_logout_redirect_uri": {after}},
		"a changed hint":    {"id_token_hint": {hint[:len(hint)-4] + "AAAA"}, "post_logout_redirect_uri": {after}},
	} {
		if a := who.get("/idp/end_session?" + q.Encode()); a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	if a := who.get("/idp/end_session?" + url.Values{"client_id": {"ends"}, "post_logout_redirect_uri": {after}, "state": {"s"}}.Encode()); a.at().String() != after+"?state=s" {
		t.Errorf("client_id alone: %d %s", a.StatusCode, a.at())
	}
	stands("what is refused, or names no login", true, true, true)
	if a := who.send("HEAD", "/idp/end_session?"+url.Values{"id_token_hint": {hint}}.Encode(), nil); a.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %d", a.StatusCode)
	}
	stands("HEAD", true, true, true)
	for _, a := range []answer{who.get("/idp/end_session?" + url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {after}, "state": {"s"}}.Encode()),
		who.post("/idp/end_session", url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {after}, "state": {"s"}})} {
		if a.StatusCode != http.StatusSeeOther || a.at().String() != after+"?state=s" {
			t.Errorf("%d %s", a.StatusCode, a.at())
		}
		stands("ended", false, true, true)
	}
	if n := count(t, s, `select count(*) from backchannel_session`); n != 3 {
		t.Errorf("%d uses that are to be told of", n)
	}
	var jobs int
	if err := s.Connect(t, s.Superuser).QueryRow(t.Context(), `select count(*) from river_job where args ->> 'name' = $1`, backchannel.Job).Scan(&jobs); err != nil || jobs != 1 {
		t.Errorf("%d services are told, %v", jobs, err)
	}
	if got := s.entries(t); len(got) != 4 || got[3].Reason != "token_expired" { // the token that was shown once more
		t.Errorf("entries %+v", got)
	}
}

// A token that another client's secret signed is no hint, whatever it says of itself.
func TestEndSession_HS256(t *testing.T) {
	t.Parallel()
	const after = "https://fc.exemple.test/client/logout-callback"
	s := newSite(t, legacy())
	v, m := s.angela(t)
	hint := s.token(t, v.code(m, fixture.Tax, "client_id", "legacy"), "client_id", "legacy", "client_secret", secret+"legacy")["id_token"].(string)
	forge := func(key, audience string) string {
		raw, err := oidc.SignHS256([]byte(secret+key), oidc.TypeJWT, oidc.IDToken{Issuer: s.url + "/idp", Audience: audience, AccessTokenHash: "x", Session: "00000000-0000-0000-0000-000000000001"})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	for name, c := range map[string]struct {
		hint string
		want int
	}{"its own": {hint, 303}, "by another secret": {forge("other", "legacy"), 400}, "for a client of ES256": {forge(fc, fc), 400}, "by a service": {forge(direct, direct), 400}} {
		if a := s.stranger(t).get("/idp/end_session?" + url.Values{"id_token_hint": {c.hint}, "post_logout_redirect_uri": {after}, "state": {"s"}}.Encode()); a.StatusCode != c.want {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.at())
		}
	}
}
