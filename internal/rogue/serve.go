package rogue

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{
		"issuer": p.Issuer, "authorization_endpoint": p.Issuer + Authorize, "token_endpoint": p.Issuer + Token, "userinfo_endpoint": p.Issuer + Userinfo,
		"jwks_uri": p.Issuer + JWKS, "end_session_endpoint": p.Issuer + EndSession, "id_token_signing_alg_values_supported": []string{p.algorithm, "HS256", "none"},
	})
}

func (p *Provider) jwks(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	set := jose.JSONWebKeySet{}
	for _, k := range p.public {
		set.Keys = append(set.Keys, k.public())
	}
	answer(w, set)
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := r.URL.Query()
	p.asked = q
	back := url.Values{"state": {q.Get("state")}, "iss": {p.Issuer},
		"code": {p.grant(grant{q.Get("nonce"), q.Get("code_challenge"), q.Get("redirect_uri")})}}
	if p.plan.Callback != nil {
		p.plan.Callback(back)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusSeeOther)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.take(r.PostFormValue("code"))
	verifier := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || r.PostFormValue("client_id") != p.client.ID || r.PostFormValue("client_secret") != p.client.Secret || r.PostFormValue("redirect_uri") != g.redirect ||
		g.challenge != "" && g.challenge != base64.RawURLEncoding.EncodeToString(verifier[:]) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	access := p.grant(g)
	hash := sha256.Sum256([]byte(access))
	now := time.Now()
	claims := map[string]any{"iss": p.Issuer, "sub": p.plan.Subject, "aud": p.client.ID, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "nonce": g.nonce, "auth_time": now.Unix(),
		"acr": p.plan.ACR, "at_hash": base64.RawURLEncoding.EncodeToString(hash[:16])}
	if p.plan.IDToken != nil {
		p.plan.IDToken(claims)
	}
	answer(w, map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": p.sign(claims, p.plan.SignIDToken)})
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.take(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")); !ok {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	now := time.Now()
	claims := map[string]any{"iss": p.Issuer, "aud": p.client.ID, "sub": p.plan.Subject, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
	maps.Copy(claims, p.plan.Info)
	if p.plan.Userinfo != nil {
		p.plan.Userinfo(claims)
	}
	if p.plan.PlainUserinfo {
		answer(w, claims)
		return
	}
	w.Header().Set("Content-Type", cmp.Or(p.plan.UserinfoType, "application/jwt"))
	_, _ = w.Write([]byte(p.sign(claims, p.plan.SignUserinfo)))
}

func (p *Provider) endSession(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := r.URL.Query()
	p.left = q
	http.Redirect(w, r, q.Get("post_logout_redirect_uri")+"?state="+url.QueryEscape(q.Get("state")), http.StatusSeeOther)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
