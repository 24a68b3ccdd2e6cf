package clientauth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"mandat/internal/client"
	"mandat/internal/clientauth"
	"mandat/internal/oidc"
)

func TestAuthenticate_Secrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, service("post", client.SecretPost), service("basic", client.SecretBasic), service("a b:c", client.SecretBasic), keyed(t, "key", newSigner(t, "1")))
	basic := func(id, secret string) string {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
		return r.Header.Get("Authorization")
	}
	form := func(pairs ...string) url.Values {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		return v
	}
	for name, c := range map[string]struct {
		want string
		r    *http.Request
	}{
		"post":                  {"post", posted(form("client_id", "post", "client_secret", secret+"post"))},
		"basic":                 {"basic", posted(nil, "Authorization", basic("basic", secret+"basic"))},
		"basic, same id twice":  {"basic", posted(form("client_id", "basic"), "Authorization", basic("basic", secret+"basic"))},
		"encoded":               {"a b:c", posted(nil, "Authorization", basic("a b:c", secret+"a b:c"))},
		"nothing":               {"invalid_client", posted(nil)},
		"wrong secret":          {"invalid_client", posted(form("client_id", "post", "client_secret", secret+"x"))},
		"no secret":             {"invalid_client", posted(form("client_id", "post"))},
		"another's secret":      {"invalid_client", posted(form("client_id", "post", "client_secret", secret+"basic"))},
		"unknown":               {"invalid_client", posted(form("client_id", "x", "client_secret", secret+"x"))},
		"nobody's own secret":   {"invalid_client", posted(form("client_id", "x", "client_secret", "\x00"))},
		"id too long":           {"invalid_client", posted(form("client_id", strings.Repeat("x", 200), "client_secret", secret))},
		"basic for post":        {"invalid_client", posted(nil, "Authorization", basic("post", secret+"post"))},
		"post for basic":        {"invalid_client", posted(form("client_id", "basic", "client_secret", secret+"basic"))},
		"secret for key":        {"invalid_client", posted(form("client_id", "key", "client_secret", ""))},
		"basic, wrong secret":   {"invalid_client", posted(nil, "Authorization", basic("basic", "x"))},
		"basic, other id":       {"invalid_client", posted(form("client_id", "post"), "Authorization", basic("basic", secret+"basic"))},
		"basic, not encoded":    {"invalid_client", posted(nil, "Authorization", "Basic JTp4")}, // "%:x"
		"basic, not base64":     {"invalid_client", posted(nil, "Authorization", "Basic ?")},
		"another scheme":        {"invalid_client", posted(form("client_id", "post"), "Authorization", "Bearer x")},
		"two ways":              {"invalid_request", posted(form("client_id", "post", "client_secret", secret+"post"), "Authorization", basic("basic", secret+"basic"))},
		"two headers":           {"invalid_request", posted(nil, "Authorization", basic("basic", secret+"basic"), "Authorization", basic("basic", secret+"basic"))},
		"secret and assertion":  {"invalid_request", posted(form("client_id", "post", "client_secret", secret+"post", "client_assertion", "x"))},
		"two secrets":           {"invalid_request", posted(form("client_id", "post", "client_secret", secret+"post", "client_secret", "x"))},
		"two ids":               {"invalid_request", posted(form("client_id", "x", "client_id", "post", "client_secret", secret+"post"))},
		"anything twice":        {"invalid_request", posted(form("client_id", "post", "client_secret", secret+"post", "x", "1", "x", "2"))},
		"assertion of no kind":  {"invalid_request", posted(form("client_assertion", "x"))},
		"assertion that is not": {"invalid_client", posted(asserting("x"))},
	} {
		if got := w.answer(t, c.r); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
		w.clock.Advance(2 * time.Minute) // so that failures are not too many
	}
}

// Whoever asks learns nothing of whether a client is known: an unknown one and a wrong proof have the same answer.
func TestRefuse_IsTheSameForUnknownAndWrong(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "1")
	w := newWorld(t, service("post", client.SecretPost), keyed(t, "key", key))
	answers := map[string]bool{}
	for _, form := range []url.Values{
		{"client_id": {"post"}, "client_secret": {"wrong"}}, {"client_id": {"unknown"}, "client_secret": {"wrong"}},
		asserting(newSigner(t, "1").sign(t, w.claims("key", "1"))), asserting(key.sign(t, w.claims("unknown", "1"))), asserting(key.sign(t, w.claims("post", "1"))),
	} {
		r := posted(form)
		_, err := w.Authenticate(r)
		refusal, ok := errors.AsType[*oidc.Error](err)
		if !ok {
			t.Fatal(err)
		}
		out := httptest.NewRecorder()
		if err := clientauth.Refuse(out, r, refusal); err != nil {
			t.Fatal(err)
		}
		answers[out.Result().Status+out.Body.String()+out.Header().Get("WWW-Authenticate")] = true
	}
	if len(answers) != 1 || !answers[`401 Unauthorized{"error":"invalid_client","error_description":"client authentication failed"}`] {
		t.Errorf("%v", answers)
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refusal          *oidc.Error
		status           int
		challenge, after string
	}{
		"basic":  {oidc.Refuse(oidc.InvalidClient, "x"), 401, `Basic realm="Mandat"`, ""},
		"other":  {oidc.Refuse(oidc.InvalidRequest, "x"), 400, "", ""},
		"slow":   {&oidc.Error{Code: oidc.SlowDown, RetryAfter: 1500 * time.Millisecond}, 429, "", "2"},
		"at all": {&oidc.Error{Code: oidc.SlowDown}, 429, "", "1"},
		"away":   {oidc.Refuse(oidc.TemporarilyUnavailable, "x"), 503, "", "10"},
	} {
		out := httptest.NewRecorder()
		if err := clientauth.Refuse(out, posted(nil, "Authorization", "basic eA=="), c.refusal); err != nil {
			t.Fatal(err)
		}
		h := out.Header()
		if out.Code != c.status || h.Get("WWW-Authenticate") != c.challenge || h.Get("Retry-After") != c.after || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", name, out.Code, h)
		}
	}
}

// A body that is too large is the router's to answer.
func TestAuthenticate_BodyTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := posted(url.Values{"client_id": {strings.Repeat("x", 1000)}})
	r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, 100)
	_, err := w.Authenticate(r)
	if _, ok := errors.AsType[*http.MaxBytesError](err); !ok {
		t.Error(err)
	}
	r = posted(nil)
	r.Body = http.NoBody
	r.URL.RawQuery = "client_id=post;x"
	if got := w.answer(t, r); got != "invalid_request" {
		t.Error(got)
	}
}
