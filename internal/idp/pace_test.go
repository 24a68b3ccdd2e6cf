package idp_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mandat/internal/fixture"
)

// from sends a request as it comes from an address that is not this machine's.
func (s *site) from(address, method, path, header, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = address
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if header != "" {
		r.Header.Set("Authorization", header)
	}
	out := httptest.NewRecorder()
	(*s.handler.Load()).ServeHTTP(out, r)
	return out
}

// Who makes tokens up is told to wait, and who has one is answered all the same, from the same address too.
func TestUserInfo_SlowsDownWhoMakesTokensUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, m := s.angela(t)
	access, _ := s.token(t, v.code(m, fixture.Tax))["access_token"].(string)
	count := map[int]int{}
	var last *httptest.ResponseRecorder
	for range 60 {
		last = s.from("198.51.100.7:1", http.MethodGet, "/idp/userinfo", "Bearer "+strings.Repeat("A", 64), "")
		count[last.Code]++
	}
	if count[http.StatusUnauthorized] < 30 || count[http.StatusTooManyRequests] < 5 || last.Header().Get("Retry-After") == "" {
		t.Errorf("%v, then %v", count, last.Header())
	}
	if a := s.from("198.51.100.8:1", http.MethodGet, "/idp/userinfo", "Bearer "+strings.Repeat("A", 64), ""); a.Code != http.StatusUnauthorized {
		t.Errorf("another address: %d", a.Code)
	}
	if a := s.from("198.51.100.7:1", http.MethodGet, "/idp/userinfo", "Bearer "+access, ""); a.Code != http.StatusOK {
		t.Errorf("a token that is good: %d %s", a.Code, a.Body)
	}
}

// An address that begins logins without end is told to wait, and no other is.
func TestAuthorize_SlowsDownAnAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	count := map[int]int{}
	var last *httptest.ResponseRecorder
	for range 400 {
		last = s.from("198.51.100.7:1", http.MethodGet, "/idp/authorize?"+request().Encode(), "", "")
		count[last.Code]++
	}
	if count[http.StatusTooManyRequests] < 20 || len(count) != 2 {
		t.Errorf("%v", count)
	}
	if a := s.from("198.51.100.8:1", http.MethodGet, "/idp/authorize?"+request().Encode(), "", ""); a.Code == http.StatusTooManyRequests {
		t.Error("another address is slowed down")
	}
}
