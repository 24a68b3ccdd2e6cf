package staff

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"mandat/internal/page"
)

// A route that was given to the wrong audience shows nothing.
func TestSignedIn_OrForbidden(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if at, err := SignedIn(r); at != nil || !errors.Is(err, page.ErrForbidden) {
		t.Errorf("%v, %v", at, err)
	}
	if at, _, err := WithID(r, "person"); at != nil || !errors.Is(err, page.ErrForbidden) {
		t.Errorf("with an identifier: %v, %v", at, err)
	}
}
