package credential_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"mandat/internal/credential"
)

// winners runs f many times at once and counts those that succeed; the others have to be refused as wrong.
func winners(t testing.TB, n int, f func() error) int {
	t.Helper()
	var won atomic.Int64
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			switch err := f(); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, credential.ErrWrong):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	return int(won.Load())
}
