package idp_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"mandat/internal/oidc"
)

// FuzzToken posts made-up bodies to the token endpoint, with a right secret among the seeds: the answer is always an error of RFC
// 6749 §5.2 that is the client's, and gives nothing.
func FuzzToken(f *testing.F) {
	s := newSite(f)
	known := url.Values{"grant_type": {"authorization_code"}, "code": {strings.Repeat("A", 64)}, "redirect_uri": {callback}, "client_id": {fc}, "client_secret": {secret + fc}}
	f.Add(known.Encode(), "")
	f.Add("grant_type=client_credentials&client_id="+fc+"&client_secret="+secret+fc, "")
	f.Add(known.Encode()+"&code=again", "Basic Og==")
	f.Add("grant_type=authorization_code&code_verifier=%00&code=%zz&redirect_uri=x", "Basic "+strings.Repeat("A", 40))
	f.Add("client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=e30.e30.", "DPoP x")
	codes := []oidc.Code{oidc.InvalidRequest, oidc.InvalidClient, oidc.InvalidGrant, oidc.InvalidScope, oidc.UnauthorizedClient, oidc.UnsupportedGrantType, oidc.SlowDown}
	f.Fuzz(func(t *testing.T, body, authorization string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/idp/token", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if strings.ContainsFunc(authorization, func(c rune) bool { return c < ' ' || c > '~' }) {
			authorization = "" // no header can have it
		}
		r.Header.Set("Authorization", authorization)
		a := do(t, r)
		var refused struct{ Error oidc.Code }
		if a.StatusCode < 400 || a.StatusCode >= 500 || json.Unmarshal([]byte(a.body), &refused) != nil || !slices.Contains(codes, refused.Error) {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	})
}
