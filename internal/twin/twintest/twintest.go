// Package twintest gives tests the stand-ins of FranceConnect, ProConnect and the public service.
//
// One process serves a whole test binary: registering a client takes a millisecond, starting a process takes a second. So
// tests name what they register with Name, and use faults for their own client; a test that needs a role to be down for
// everybody takes one of its own with Own.
package twintest

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mandat/internal/twin"
)

// startWait bounds installing and starting together: the first run on a machine fetches packages.
const startWait = 3 * time.Minute

var shared = sync.OnceValues(func() (*twin.Twin, error) { return start(twin.Config{}) })

// Shared returns the stand-ins of this test binary, which end with it.
func Shared(t testing.TB) *twin.Twin {
	t.Helper()
	tw, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return tw
}

// Own starts stand-ins for one test, which end with the test.
func Own(t testing.TB, cfg twin.Config) *twin.Twin {
	t.Helper()
	tw, err := start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tw.Stop(); err != nil {
			t.Error(err)
		}
	})
	return tw
}

// Name makes a name that no other test uses, of small letters and digits.
func Name(prefix string) string { return prefix + "-" + strings.ToLower(rand.Text()[:10]) }

// Dir is where tests and the demonstration install the stand-ins: .data/twin of the repository.
func Dir() (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return filepath.Join(at, ".data", "twin"), nil
		}
		up := filepath.Dir(at)
		if up == at {
			return "", os.ErrNotExist
		}
		at = up
	}
}

func start(cfg twin.Config) (*twin.Twin, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWait)
	defer cancel()
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	if err := twin.Install(ctx, dir, os.Stderr); err != nil {
		return nil, err
	}
	return twin.Start(ctx, dir, cfg)
}
