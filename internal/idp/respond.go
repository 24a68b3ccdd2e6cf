package idp

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"mandat/internal/client"
	"mandat/internal/oidc"
)

// refuseRequest answers an authorization request with an error, at the client's return address.
func (p *Provider) refuseRequest(w http.ResponseWriter, r *http.Request, req authRequest, refusal *oidc.Error) {
	http.Redirect(w, r, p.errorURL(req.RedirectURI, req.State, refusal), http.StatusSeeOther)
}

// leadBack sends the browser of a login under way back to its client. An address that has been taken out of the registration since the login
// began may be somebody else's by now: nobody is sent there.
func (p *Provider) leadBack(w http.ResponseWriter, r *http.Request, id, redirectURI, to string) error {
	of, err := p.clients.Find(r.Context(), id)
	if errors.Is(err, client.ErrUnknown) || err == nil && !slices.Contains(of.RedirectURIs, redirectURI) {
		return untrusted()
	}
	if err != nil {
		return fmt.Errorf("lead back to client: %w", err)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (p *Provider) errorURL(redirectURI, state string, refusal *oidc.Error) string {
	return p.answerURL(redirectURI, state, "error", string(refusal.Code), "error_description", refusal.Description)
}

func (p *Provider) codeURL(redirectURI, state, code string) string {
	return p.answerURL(redirectURI, state, "code", code)
}

// answerURL is where an authorization response leads: the return address with what we answer, the client's state, and
// who answers (RFC 9207). The query that the client registered stays.
func (p *Provider) answerURL(redirectURI, state string, answer ...string) string {
	u, err := url.Parse(redirectURI)
	if err != nil {
		return "/" // registered addresses parse: client.Client.Check
	}
	q := u.Query()
	for i := 0; i < len(answer); i += 2 {
		if answer[i+1] != "" {
			q.Set(answer[i], answer[i+1])
		}
	}
	if state != "" {
		q.Set("state", state)
	}
	q.Set("iss", p.issuer)
	u.RawQuery = q.Encode()
	return u.String()
}

// answerJSON writes an answer of the token or userinfo endpoint. The router has set Cache-Control: no-store.
func answerJSON(w http.ResponseWriter, status int, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Pragma", "no-cache") // RFC 6749 §5.1
	w.WriteHeader(status)
	_, _ = w.Write(b) // an error here is a client that has gone
	return nil
}
