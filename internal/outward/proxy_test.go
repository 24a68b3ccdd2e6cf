package outward_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"mandat/internal/outward"
)

// TestNew_BehindAProxy runs itself again where the environment names a proxy: net/http reads that once in a process. The proxy is asked
// for what is outside, and not for an address that is inside: it would call whom we must not.
func TestNew_BehindAProxy(t *testing.T) {
	const child = "MANDAT_TEST_BEHIND_A_PROXY"
	if os.Getenv(child) != "" {
		behindAProxy(t)
		return
	}
	t.Parallel()
	var mu sync.Mutex
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.URL.String())
		_, _ = io.WriteString(w, "by proxy")
	}))
	t.Cleanup(proxy.Close)
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNew_BehindAProxy$")
	c.Env = append(os.Environ(), child+"=1", "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=")
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if want := []string{"http://service.exemple.invalid/", "http://8.8.8.8/", "http://10.0.0.1/anywhere"}; !slices.Equal(asked, want) {
		t.Errorf("the proxy was asked for %q, want %q", asked, want)
	}
}

func behindAProxy(t *testing.T) {
	t.Helper()
	for _, address := range []string{"http://10.0.0.1/", "http://[fd00::1]/", "http://169.254.169.254/"} {
		if _, err := get(t, outward.New(false), address); !errors.Is(err, outward.ErrInside) {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"http://service.exemple.invalid/", "http://8.8.8.8/"} {
		if text, err := get(t, outward.New(false), address); err != nil || text != "200 by proxy" {
			t.Errorf("%s: %q %v", address, text, err)
		}
	}
	if text, err := get(t, outward.New(true), "http://10.0.0.1/anywhere"); err != nil || text != "200 by proxy" {
		t.Errorf("%q %v", text, err)
	}
}
