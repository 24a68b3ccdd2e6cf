package twin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
)

func TestFaultForOneClient(t *testing.T) {
	t.Parallel()
	tw := twintest.Shared(t)
	down, up := newRP(t, tw, twin.FranceConnect, nil), newRP(t, tw, twin.FranceConnect, nil)
	name := twintest.Name("fault")
	down.must(tw.SetFault(t.Context(), name, twin.Fault{Role: twin.FranceConnect, Client: down.client.ID, Endpoint: "authorization", Status: http.StatusServiceUnavailable}))
	down.open(eidas1)
	if down.Status() != http.StatusServiceUnavailable {
		t.Errorf("%d %s", down.Status(), down.Text())
	}
	up.citizen("test")
	up.finish()
	down.must(tw.ClearFault(t.Context(), name))
	down.citizen("test")
	down.finish()
}

func TestFaultAtTheTokenAndUserinfoEndpoints(t *testing.T) {
	t.Parallel()
	tw := twintest.Shared(t)
	r := newRP(t, tw, twin.FranceConnect, nil)
	r.must(tw.SetFault(t.Context(), twintest.Name("fault"), twin.Fault{Role: twin.FranceConnect, Client: r.client.ID, Endpoint: "token", Status: http.StatusServiceUnavailable, Times: 1}))
	r.citizen("test")
	code, _, _ := r.back()
	if _, err := r.conf.Exchange(t.Context(), code); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("token: %v", err)
	}
	a := r.finish() // once was enough, and the code had not been used
	r.must(tw.SetFault(t.Context(), twintest.Name("fault"), twin.Fault{Role: twin.FranceConnect, Client: r.client.ID, Endpoint: "userinfo", DelayMS: 300}))
	begun := time.Now()
	if err := r.userinfo(a); err != nil || time.Since(begun) < 290*time.Millisecond { // Node may be a little early
		t.Errorf("after %v: %v", time.Since(begun), err)
	}
}

func TestFaultForEverybody(t *testing.T) {
	t.Parallel()
	tw := twintest.Own(t, twin.Config{})
	if err := tw.SetFault(t.Context(), "down", twin.Fault{Role: twin.ProConnect, Status: http.StatusServiceUnavailable}); err != nil {
		t.Fatal(err)
	}
	for issuer, want := range map[string]int{tw.ProConnect: http.StatusServiceUnavailable, tw.FranceConnect: http.StatusOK} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, issuer+"/.well-known/openid-configuration", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", issuer, resp.StatusCode, want)
		}
	}
}
