package idp

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"mandat/internal/client"
	"mandat/internal/idp/pushed"
	"mandat/internal/oidc"
)

// pushAnswer is RFC 9126 §2.2.
type pushAnswer struct {
	RequestURI string `json:"request_uri"`
	ExpiresIn  int    `json:"expires_in"` // seconds
}

// push takes an authorization request from its client itself: POST /idp/par. What is wrong with it is said at once, and to the client.
func (p *Provider) push(w http.ResponseWriter, r *http.Request) error {
	return p.forClient(w, r, func(caller *client.Client) error {
		req, err := parsePush(caller, p.issuer, r.PostForm)
		if err != nil {
			return err
		}
		if err := p.bind(r, caller, &req); err != nil {
			return err
		}
		now := p.clock.Now()
		uri, err := pushed.Put(r.Context(), p.db, caller.ID, pushed.Request{Values: req.known}, now, now.Add(pushed.Life))
		if err != nil {
			return err
		}
		return answerJSON(w, http.StatusCreated, pushAnswer{uri, int(pushed.Life / time.Second)})
	})
}

// bind binds the code to the key of a DPoP proof that comes with the request, as if the request had named it (RFC 9449 §10.1).
func (p *Provider) bind(r *http.Request, caller *client.Client, req *authRequest) error {
	if len(r.Header.Values("DPoP")) == 0 {
		return nil
	}
	thumbprint, err := p.proved(r, caller, "/par", "")
	if err != nil {
		return err
	}
	if req.KeyHash != "" && req.KeyHash != thumbprint {
		return oidc.Refuse(oidc.InvalidDPoPProof, "dpop_jkt names another key")
	}
	req.KeyHash = thumbprint
	req.known.Set("dpop_jkt", thumbprint)
	return nil
}

// parsePush checks the request that an authenticated client pushes. Its own client_id may be left out where the client proved who it is
// elsewhere than in the form, and a request_uri must not be in it (RFC 9126 §2.1).
//
// What is wrong is an *oidc.Error.
func parsePush(caller *client.Client, issuer string, form url.Values) (authRequest, error) {
	values := url.Values{}
	for name, sent := range form {
		values[name] = sent
	}
	switch id := values.Get("client_id"); {
	case values.Get("request_uri") != "":
		return authRequest{}, oidc.Refuse(oidc.InvalidRequest, "request_uri cannot be pushed")
	case id == "":
		values.Set("client_id", caller.ID)
	case id != caller.ID:
		return authRequest{}, oidc.Refuse(oidc.InvalidRequest, "client_id is not that of the caller")
	}
	req, err := parsePushed(func(string) *client.Client { return caller }, issuer, values)
	if errors.Is(err, errUntrusted) {
		return req, oidc.Refuse(oidc.InvalidRequest, "redirect_uri is not registered for this client")
	}
	return req, err
}

// waiting returns the request_uri of a request that waits on this side. Any other is one that we do not fetch.
func waiting(values url.Values) (string, bool) {
	sent := values["request_uri"]
	if len(sent) != 1 || len(values["client_id"]) != 1 || !pushed.Is(sent[0]) {
		return "", false
	}
	return sent[0], true
}

// resume takes the request that waits under a reference. Its client is the one that the address names, and it is checked again: the
// registration may have changed since.
func (p *Provider) resume(r *http.Request, values url.Values, reference string) (authRequest, error) {
	now := p.clock.Now()
	waited, err := pushed.Take(r.Context(), p.db, values.Get("client_id"), reference, now)
	if err != nil {
		return authRequest{}, err
	}
	req, err := p.parse(r, waited.Values, parsePushed)
	if req.AskedAt = waited.AskedAt; req.AskedAt == nil {
		req.AskedAt = &now
	}
	return req, err
}

// aside returns where a request goes on whose aidant has something to do first: to sign in, or to give a second factor. One that must
// not stand in an address, and one that counts the time since it was brought, wait on this side under a new reference.
func (p *Provider) aside(r *http.Request, req authRequest) (string, error) {
	if !req.pushed && req.MaxAge == nil {
		return again(req), nil
	}
	now := p.clock.Now()
	if req.AskedAt == nil {
		req.AskedAt = &now
	}
	uri, err := pushed.Put(r.Context(), p.db, req.Client.ID, pushed.Request{Values: req.known, AskedAt: req.AskedAt}, now, req.AskedAt.Add(LoginLife))
	return resumed(req.Client.ID, uri), err
}

// resumed is the path of a request that waits.
func resumed(client, uri string) string {
	return "/idp/authorize?" + url.Values{"client_id": {client}, "request_uri": {uri}}.Encode()
}
