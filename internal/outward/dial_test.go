package outward

import (
	"errors"
	"testing"
)

// TestCheckDialled looks at what the dialer is about to call: no test may count on reaching the open internet.
func TestCheckDialled(t *testing.T) {
	t.Parallel()
	for address, inside := range map[string]bool{"8.8.8.8:443": false, "[2a01:e0a::1]:443": false, "10.0.0.1:443": true, "[::1]:80": true, "service.exemple.invalid:443": true, "": true} {
		if err := checkDialled(address); errors.Is(err, ErrInside) != inside || !inside && err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}
