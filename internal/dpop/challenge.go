package dpop

import (
	"net/http"
	"strings"

	"mandat/internal/oidc"
)

// Challenge sets the header that goes with the refusal of a token or of its proof, and returns the status (RFC 9449 §7.1).
func Challenge(h http.Header, refusal *oidc.Error) int {
	h.Set("WWW-Authenticate", `DPoP error="`+string(refusal.Code)+`", error_description="`+refusal.Description+`", algs="`+strings.Join(Algorithms(), " ")+`"`)
	if refusal.Code == oidc.InsufficientScope {
		return http.StatusForbidden
	}
	return http.StatusUnauthorized
}
