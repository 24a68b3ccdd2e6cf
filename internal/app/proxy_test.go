package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestBehindProxies_BelievesOnlyThem(t *testing.T) {
	t.Parallel()
	trusted, err := proxies([]string{"10.0.0.0/8", "::1/128"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		peer, forwarded, want string
	}{
		"no proxy":                {"192.0.2.7:1234", "", "192.0.2.7:1234"},
		"a client that lies":      {"192.0.2.7:1234", "203.0.113.9", "192.0.2.7:1234"},
		"a proxy":                 {"10.1.2.3:1234", "203.0.113.9", "203.0.113.9:0"},
		"two proxies":             {"10.1.2.3:1234", "203.0.113.9, 10.9.9.9", "203.0.113.9:0"},
		"a lie before the proxy":  {"10.1.2.3:1234", "198.51.100.1, 203.0.113.9", "203.0.113.9:0"},
		"a proxy that says none":  {"10.1.2.3:1234", "", "10.1.2.3:1234"},
		"a proxy that is broken":  {"10.1.2.3:1234", "203.0.113.9, garbage", "10.1.2.3:1234"},
		"IPv6, and mapped":        {"[::1]:1234", "::ffff:203.0.113.9", "203.0.113.9:0"},
		"only proxies in the way": {"10.1.2.3:1234", "10.4.4.4", "10.1.2.3:1234"},
	} {
		var got string
		h := behindProxies(trusted, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if _, err := proxies([]string{"10.0.0.1"}); err == nil {
		t.Error("an address without its length was taken")
	}
}
