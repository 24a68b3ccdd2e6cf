package decision

import (
	"errors"
	"net/http"

	"mandat/internal/apitoken"
	"mandat/internal/client"
	"mandat/internal/clientauth"
	"mandat/internal/oidc"
)

// Callers returns how it is found out which client asks: by its token and the proof that goes with it. It takes from the client's allowance, and counts
// what proves nothing against the address.
func Callers(tokens *apitoken.Tokens, gate *clientauth.Gate) func(*http.Request) (*client.Client, error) {
	return func(r *http.Request) (*client.Client, error) {
		caller, err := tokens.Check(r, apitoken.Decision)
		if refusal, ok := errors.AsType[*oidc.Error](err); ok {
			return nil, gate.Refused(r, "", refusal)
		}
		if err != nil {
			return nil, err
		}
		if refusal := gate.Spend(caller); refusal != nil {
			return nil, refusal
		}
		return caller, nil
	}
}
