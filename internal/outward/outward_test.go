package outward_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"mandat/internal/outward"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"127.0.0.1": false, "::1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "0.1.2.3": false,
		"224.0.0.1": false, "255.255.255.255": false, "::": false, "fe80::1": false, "fd00::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "::127.0.0.1": false, "::7f00:1": false, "2001:2::1": false, "2001:10::1": false, "3fff::1": false, "5f00::1": false,
		"ff02::1": false, "198.18.0.1": false, "240.0.0.1": false, "8.8.8.8": true, "2a01:e0a::1": true, "172.32.0.1": true, "::ffff:8.8.8.8": true,
	} {
		if got := outward.Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: public is %t", address, got)
		}
	}
}

// A number that is not public is not called, however it is written; a name is looked at when it leads somewhere.
func TestCallable(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{"service.exemple.test": true, "service.exemple.test.": true, "xn--srvice-bva.test": true, "1.service": true, "8.8.8.8": true, "2a01:e0a::1": true, "0xservice": true,
		"127.0.0.1": false, "::1": false, "::ffff:10.0.0.1": false, "127.1": false, "127.1.": false, "2130706433": false, "0x7f000001": false, "0177.0.0.1": false, "0x7f.0.0.0x1": false, "": false,
		"99999999999999999999999999": false, "service.1": false} {
		if got := outward.Callable(host); got != want {
			t.Errorf("%q: callable is %t", host, got)
		}
	}
}

// Whoever is not the operator does not reach this machine, by number or by name, and nobody is led elsewhere or reads more than the limit.
func TestNew(t *testing.T) {
	t.Parallel()
	reached := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached++
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "/large", http.StatusFound)
		case "/large":
			_, _ = io.WriteString(w, strings.Repeat("x", outward.MaxBody+1))
		default:
			_, _ = io.WriteString(w, "hello")
		}
	}))
	t.Cleanup(server.Close)
	byName := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	for _, address := range []string{server.URL, byName} {
		if _, err := get(t, outward.New(false), address); !errors.Is(err, outward.ErrInside) || reached != 0 {
			t.Errorf("%s: %v, reached %d times", address, err, reached)
		}
	}
	open := outward.New(true)
	if text, err := get(t, open, server.URL); err != nil || text != "200 hello" {
		t.Errorf("%q %v", text, err)
	}
	if text, err := get(t, open, server.URL+"/away"); err != nil || !strings.HasPrefix(text, "302 ") {
		t.Errorf("%q %v", text, err)
	}
	if _, err := get(t, open, server.URL+"/large"); err == nil {
		t.Error("more than the limit was read")
	}
}

func get(t *testing.T, c *http.Client, address string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return res.Status[:4] + string(text), err
}
