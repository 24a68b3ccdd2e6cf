package app_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"mandat/internal/apptest"
	"mandat/internal/journal/format"
	"mandat/internal/journal/verify"
)

// follower keeps every checkpoint that servers show, as somebody does who does not trust them.
type follower struct {
	policy *verify.Policy

	mu   sync.Mutex
	seen map[string]format.Checkpoint // by their notes
}

func newFollower(t *testing.T) *follower {
	t.Helper()
	policy, err := verify.ParsePolicy([]byte(apptest.LogPolicy(t)))
	must(t, err)
	return &follower{policy: policy, seen: map[string]format.Checkpoint{}}
}

// follow asks a server again and again, until the test ends.
func (f *follower) follow(t *testing.T, p *apptest.Process) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		for ctx.Err() == nil {
			if status, note, err := p.Fetch(ctx, "/journal/checkpoint"); err == nil && status == http.StatusOK {
				f.keep(t, note)
			}
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Millisecond):
			}
		}
	})
	t.Cleanup(func() { stop(); done.Wait() })
}

func (f *follower) keep(t *testing.T, note []byte) {
	c, err := format.OpenCheckpoint(note, f.policy.Keys())
	if err != nil {
		t.Errorf("a checkpoint was shown that is not signed: %v", err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen[string(note)] = c
}

// check asks a server for its checkpoint, and for the hashes that show that it continues each that was ever shown by any.
func (f *follower) check(t *testing.T, p *apptest.Process) {
	t.Helper()
	status, note, err := p.Fetch(t.Context(), "/journal/checkpoint")
	if err != nil || status != http.StatusOK {
		t.Fatalf("the checkpoint: %d, %v", status, err)
	}
	last, err := format.OpenCheckpoint(note, f.policy.Keys())
	must(t, err)
	tiles := format.TileReader(func(path format.TilePath) ([]byte, error) {
		status, b, err := p.Fetch(t.Context(), "/journal/"+path.String())
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("status %d", status)
		}
		return b, err
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.seen {
		if c.Size > last.Size {
			t.Errorf("a checkpoint of %d entries was shown, and now one of %d", c.Size, last.Size)
			continue
		}
		if err := format.Extends(tiles, c, last); err != nil {
			t.Errorf("a checkpoint of %d entries was shown that the one of %d does not continue: %v", c.Size, last.Size, err)
		}
	}
}

func (f *follower) checkpoints() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.seen)
}
