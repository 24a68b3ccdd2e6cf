package clientauth

import (
	"net/http"
	"net/url"
	"strings"

	"mandat/internal/client"
	"mandat/internal/oidc"
)

// assertionType is the client_assertion_type of a JWT (RFC 7523 §2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// proof is what a request presents: who it says that it is, and by which way it proves that.
type proof struct {
	id        string // "" is nobody: it could not be read
	way       string // as client.Client.Auth
	secret    string
	assertion assertion
}

// readProof reads the proof of a request whose form was parsed. It refuses more than one way at once, which is a way around each.
func readProof(r *http.Request) (proof, *oidc.Error) {
	id, secret, assertion := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret"), r.PostForm.Get("client_assertion")
	headers := r.Header.Values("Authorization")
	ways := len(headers)
	for _, sent := range []string{secret, assertion} {
		if sent != "" {
			ways++
		}
	}
	switch {
	case ways > 1:
		return proof{}, oidc.Refuse(oidc.InvalidRequest, "more than one way of client authentication")
	case len(headers) == 1:
		return fromHeader(r, id), nil
	case assertion != "":
		return fromAssertion(assertion, r.PostForm.Get("client_assertion_type"), id)
	}
	return proof{id: id, way: client.SecretPost, secret: secret}, nil
}

// fromHeader reads the Authorization header; both parts are form-encoded inside it (RFC 6749 §2.3.1).
func fromHeader(r *http.Request, id string) proof {
	p := proof{way: client.SecretBasic}
	basicID, secret, ok := r.BasicAuth()
	if !ok {
		return p
	}
	basicID, err1 := url.QueryUnescape(basicID)
	secret, err2 := url.QueryUnescape(secret)
	if err1 != nil || err2 != nil || id != "" && id != basicID {
		return p
	}
	p.id, p.secret = basicID, secret
	return p
}

// fromAssertion reads an assertion. One that is none proves nothing, and is nobody's.
func fromAssertion(raw, kind, id string) (proof, *oidc.Error) {
	if kind != assertionType {
		return proof{}, oidc.Refuse(oidc.InvalidRequest, "client_assertion_type is not that of a JWT")
	}
	p := proof{way: client.PrivateKeyJWT}
	a, err := parseAssertion(raw)
	if err != nil || id != "" && id != a.Client {
		return p, nil
	}
	p.id, p.assertion = a.Client, a
	return p, nil
}

// triedBasic reports whether a request carries what RFC 6749 §5.2 wants answered by a challenge.
func triedBasic(r *http.Request) bool {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Basic")
}
