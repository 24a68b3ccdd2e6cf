package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Answer is what a provider said of somebody, after every check.
type Answer struct {
	Subject  string
	ACR      string
	AuthTime time.Time // zero when the provider does not tell
	IDToken  string    // raw, for id_token_hint; never kept, never logged
	userinfo json.RawMessage
}

// Userinfo reads the claims of the signed userinfo into a struct.
func (a Answer) Userinfo(into any) error {
	if err := json.Unmarshal(a.userinfo, into); err != nil {
		return fault("userinfo: not readable")
	}
	return nil
}

// Exchange turns a code into an Answer. verifier is PKCE's, "" without. The code is sent once, whatever happens. The
// error is a Fault or ErrUnavailable; IDToken is set as soon as there is one, also with an error, so that the person can
// be signed out over there.
func (p *Provider) Exchange(ctx context.Context, code, nonce, verifier string) (Answer, error) {
	var out Answer
	e, err := p.endpoints(ctx)
	if err != nil {
		return out, err
	}
	ctx = oidc.ClientContext(ctx, p.http)
	var options []oauth2.AuthCodeOption
	if verifier != "" {
		options = append(options, oauth2.VerifierOption(verifier))
	}
	signed, err := p.assertion(time.Now())
	if err != nil {
		return out, err
	}
	tokens, err := e.oauth.Exchange(ctx, code, append(options, signed...)...)
	if err != nil {
		return out, tokenFault(err)
	}
	out.IDToken, _ = tokens.Extra("id_token").(string)
	if !strings.EqualFold(tokens.Type(), "Bearer") || out.IDToken == "" {
		return out, fault("token: no id_token or not Bearer")
	}
	token, err := e.verify(ctx, "id_token", out.IDToken)
	if err != nil {
		return out, err
	}
	claims, err := checkIDToken(token, p.config.ClientID, nonce, tokens.AccessToken, time.Now())
	if err != nil {
		return out, err
	}
	out.Subject, out.ACR = token.Subject, claims.ACR
	if claims.AuthTime > 0 {
		out.AuthTime = time.Unix(claims.AuthTime, 0)
	} else if p.config.AuthTime {
		return out, fault("id_token: no auth_time")
	}
	out.userinfo, err = p.userinfo(ctx, e, tokens.AccessToken, token.Subject)
	return out, err
}

// userinfo asks for the claims. They must come as a JWT signed like the ID token, for us, from the same issuer, about the
// same person: plain JSON would be an answer that anybody on the way could have written.
func (p *Provider) userinfo(ctx context.Context, e *endpoints, accessToken, subject string) (json.RawMessage, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.userinfo, nil)
	if err != nil {
		return nil, fmt.Errorf("userinfo: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+accessToken)
	req.Header.Set("Accept", "application/jwt")
	res, err := p.http.Do(req)
	if err != nil {
		return nil, unavailable("userinfo")
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, byStatus("userinfo", res.StatusCode)
	}
	if kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type")); err != nil || kind != "application/jwt" {
		return nil, fault("userinfo: not signed")
	}
	raw, err := io.ReadAll(res.Body)
	if errors.Is(err, errTooLarge) {
		return nil, fault("userinfo: size")
	}
	if err != nil {
		return nil, unavailable("userinfo")
	}
	told, err := e.verify(ctx, "userinfo", strings.TrimSpace(string(raw)))
	if err != nil {
		return nil, err
	}
	if told.Subject != subject {
		return nil, fault("userinfo: sub")
	}
	if !told.Expiry.IsZero() && !time.Now().Add(-skew).Before(told.Expiry) {
		return nil, fault("userinfo: exp")
	}
	var out json.RawMessage
	if err := told.Claims(&out); err != nil {
		return nil, fault("userinfo: not readable")
	}
	return out, nil
}

// tokenFault says what became of the code, without the body that was answered.
func tokenFault(err error) error {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response != nil && refused.Response.StatusCode != http.StatusOK {
		return byStatus("token", refused.Response.StatusCode)
	}
	if errors.Is(err, errTooLarge) || strings.HasPrefix(err.Error(), "oauth2: cannot parse") || strings.HasPrefix(err.Error(), "oauth2: server response") {
		return fault("token: not readable")
	}
	return unavailable("token")
}

func byStatus(what string, status int) error {
	if status >= 500 || status == http.StatusTooManyRequests {
		return unavailable(what)
	}
	return fault(fmt.Sprintf("%s: status %d", what, status))
}

func unavailable(what string) error { return fmt.Errorf("%s: %w", what, ErrUnavailable) }

// Once returns a parameter with which a provider sends a browser back, "" unless it is there exactly once (RFC 6749 §3.1).
func Once(q url.Values, name string) string {
	if v := q[name]; len(v) == 1 {
		return v[0]
	}
	return ""
}
