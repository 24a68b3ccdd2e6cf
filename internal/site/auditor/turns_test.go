package auditor

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"mandat/internal/page"
)

// Of long work so much is done at once, and another piece begins when one has ended.
func TestBegin(t *testing.T) {
	t.Parallel()
	var sort atomic.Int32
	var ends []func()
	for range 2 {
		end, err := begin(&sort, 2, "/audit")
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	for range 3 {
		_, err := begin(&sort, 2, "/audit")
		if p, ok := errors.AsType[*page.Problem](err); !ok || p.Status != http.StatusServiceUnavailable {
			t.Errorf("a third one: %v", err)
		}
	}
	ends[0]()
	if _, err := begin(&sort, 2, "/audit"); err != nil {
		t.Errorf("when one has ended: %v", err)
	}
}
