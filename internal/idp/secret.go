package idp

import (
	"encoding/base64"
	"hash/maphash"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"mandat/internal/client"
	"mandat/internal/oidc"
	"mandat/internal/token"
)

// authenticate finds out which client is asking at the token endpoint (RFC 6749 §2.3, OpenID Connect Core §9). A client
// has one way of doing it, and no other is tried. An unknown client and a wrong secret get the same answer after the same
// work.
func (p *Provider) authenticate(r *http.Request) (*client.Client, *oidc.Error) {
	id, secret, way := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret"), client.SecretPost
	if r.Header.Get("Authorization") != "" {
		if secret != "" {
			return nil, oidc.Refuse(oidc.InvalidRequest, "more than one way of client authentication")
		}
		basicID, basicSecret, ok := basic(r)
		if id != "" && id != basicID {
			ok = false
		}
		if id, secret, way = basicID, basicSecret, client.SecretBasic; !ok {
			id = ""
		}
	}
	caller, err := p.clients.Find(r.Context(), id)
	known := err == nil
	if !known {
		caller = nobody
	}
	if matches := caller.Secret.Matches(secret); !matches || !known || caller.Auth != way {
		if !p.failures.allow(id, p.clock.Now()) {
			return nil, oidc.Refuse(oidc.SlowDown, "too many failed authentications")
		}
		return nil, oidc.Refuse(oidc.InvalidClient, "client authentication failed")
	}
	return caller, nil
}

// nobody stands for every unknown client, so that they cost what a known one costs.
var nobody = &client.Client{Secret: client.NewSecret("\x00")}

// basic reads the Authorization header; both parts are form-encoded inside it (RFC 6749 §2.3.1).
func basic(r *http.Request) (id, secret string, ok bool) {
	if id, secret, ok = r.BasicAuth(); !ok {
		return "", "", false
	}
	id, err1 := url.QueryUnescape(id)
	secret, err2 := url.QueryUnescape(secret)
	return id, secret, err1 == nil && err2 == nil
}

// failures limits how often a client may fail to authenticate. It only limits failures: a right secret always passes, so
// nobody can lock FranceConnect out by failing in its name. Secrets cannot be guessed at any rate; this keeps a client
// that is misconfigured, or whoever tries, from filling the logs.
//
// Clients share 256 allowances by a hash of the id that they presented, known or not.
type failures struct {
	seed  maphash.Seed
	mu    sync.Mutex
	rates [256]*rate.Limiter
}

const (
	failuresPerSecond = 1
	failuresAtOnce    = 10
)

func newFailures() *failures { return &failures{seed: maphash.MakeSeed()} }

func (f *failures) allow(id string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	place := &f.rates[maphash.String(f.seed, id)%uint64(len(f.rates))]
	if *place == nil {
		*place = rate.NewLimiter(failuresPerSecond, failuresAtOnce)
	}
	return (*place).AllowN(now, 1)
}

// bearer returns the access token of a request: in the header, or in the body of a form (RFC 6750 §2). Not in the query.
func bearer(r *http.Request) (string, *oidc.Error) {
	header := r.Header.Get("Authorization")
	scheme, value, _ := strings.Cut(header, " ")
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			return "", oidc.Refuse(oidc.InvalidRequest, "the body is not a form")
		}
	}
	inBody := r.PostForm["access_token"]
	switch {
	case len(inBody) > 1 || len(inBody) == 1 && header != "":
		return "", oidc.Refuse(oidc.InvalidRequest, "the token was sent more than once")
	case len(inBody) == 1:
		return inBody[0], nil
	case strings.EqualFold(scheme, "Bearer"):
		return value, nil
	}
	return "", nil
}

// newSubject makes the name of a citizen towards a sector: 32 random bytes, so that nothing can be computed from it.
func newSubject() string { return base64.RawURLEncoding.EncodeToString(token.Bytes(32)) }
