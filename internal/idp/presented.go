package idp

import (
	"net/http"
	"strings"

	"mandat/internal/oidc"
)

// presented is an access token as it came.
type presented struct {
	token string
	bound bool // as one that is bound to a key (RFC 9449 §7.1), else as a bearer's
}

// shown returns the access token of a request: in the header, or as a bearer's in the body of a form (RFC 6750 §2). Not in the query.
func shown(r *http.Request) (presented, *oidc.Error) {
	header := r.Header.Get("Authorization")
	scheme, value, _ := strings.Cut(header, " ")
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			return presented{}, oidc.Refuse(oidc.InvalidRequest, "the body is not a form")
		}
	}
	inBody := r.PostForm["access_token"]
	switch {
	case len(inBody) > 1 || len(inBody) == 1 && header != "" || len(r.Header.Values("Authorization")) > 1:
		return presented{}, oidc.Refuse(oidc.InvalidRequest, "the token was sent more than once")
	case len(inBody) == 1:
		return presented{token: inBody[0]}, nil
	case strings.EqualFold(scheme, "Bearer"):
		return presented{token: value}, nil
	case strings.EqualFold(scheme, "DPoP"):
		return presented{value, true}, nil
	}
	return presented{}, nil
}
