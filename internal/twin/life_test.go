package twin_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
)

// parentEnv makes this test binary play the parent that TestEndsWithItsParent kills.
const parentEnv = "MANDAT_TWIN_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentEnv) == "" {
		os.Exit(m.Run())
	}
	dir, err := twintest.Dir()
	if err != nil {
		panic(err)
	}
	tw, err := twin.Start(context.Background(), dir, twin.Config{})
	if err != nil {
		panic(err)
	}
	println(tw.FranceConnect)
	select {}
}

func TestEndsWithItsParent(t *testing.T) {
	t.Parallel()
	twintest.Shared(t) // it is installed
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = append(os.Environ(), parentEnv+"=1")
	stderr, err := parent.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	issuer, err := bufio.NewReader(stderr).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	discovery := strings.TrimSpace(issuer) + "/.well-known/openid-configuration"
	if !answers(t, discovery) {
		t.Fatalf("%s does not answer", discovery)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	deadline := time.Now().Add(30 * time.Second)
	for answers(t, discovery) {
		if time.Now().After(deadline) {
			t.Fatal("the stand-ins outlive their parent")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func answers(t *testing.T, address string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func TestStop(t *testing.T) {
	t.Parallel()
	twintest.Shared(t)
	dir, err := twintest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	tw, err := twin.Start(t.Context(), dir, twin.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := tw.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-tw.Ended():
	default:
		t.Error("Ended is still open")
	}
	if !twin.EndedByItself(tw) {
		t.Error("it had to be killed")
	}
	if answers(t, tw.FranceConnect+"/.well-known/openid-configuration") {
		t.Error("still answering")
	}
}

func TestStartSaysWhy(t *testing.T) {
	t.Parallel()
	shared := twintest.Shared(t)
	dir, err := twintest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	port := portOf(t, shared.FranceConnect)
	if _, err := twin.Start(t.Context(), dir, twin.Config{FranceConnect: twin.FranceConnectConfig{Port: port}}); err == nil || !strings.Contains(err.Error(), "EADDRINUSE") {
		t.Errorf("taken port: %v", err)
	}
	if _, err := twin.Start(t.Context(), t.TempDir(), twin.Config{}); err == nil || !strings.Contains(err.Error(), "nothing installed") {
		t.Errorf("not installed: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := twin.Start(ctx, dir, twin.Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	bad := twin.Config{FranceConnect: twin.FranceConnectConfig{Clients: []twin.Client{{ID: "x", Secret: "y"}}}}
	if _, err := twin.Start(t.Context(), dir, bad); err == nil || !strings.Contains(err.Error(), "redirect_uris") {
		t.Errorf("client without redirect_uris: %v", err)
	}
}

func TestInstallByTwoAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if err := twin.Install(t.Context(), dir, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	tw, err := twin.Start(t.Context(), dir, twin.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := tw.Stop(); err != nil {
		t.Error(err)
	}
	var said strings.Builder
	if err := twin.Install(t.Context(), dir, &said); err != nil || said.Len() > 0 {
		t.Errorf("second install: %v, said %q", err, said.String())
	}
}

func TestInstallWithoutNode(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if err := twin.Install(t.Context(), t.TempDir(), nil); !errors.Is(err, twin.ErrNode) {
		t.Errorf("%v", err)
	}
}

func TestAdminWantsItsSecret(t *testing.T) {
	t.Parallel()
	tw := twintest.Shared(t)
	if status := twin.AdminStatus(t, tw, "Bearer wrong"); status != http.StatusUnauthorized {
		t.Errorf("wrong secret: %d", status)
	}
	if err := tw.PutClient(t.Context(), twin.FranceConnect, twin.Client{ID: "incomplete"}); err == nil {
		t.Error("a client without redirect_uris is taken")
	}
}
