package idp_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"mandat/internal/client"
	"mandat/internal/fixture"
	"mandat/internal/idp"
)

// What a service was given before it was closed, or lost its credentials, is worth nothing for ever; what it is given afterwards is.
func TestDirect_WhatWasGivenBeforeIsWorthNothing(t *testing.T) {
	t.Parallel()
	asks := func(c *client.Client) { c.Decision = true }
	s := newSite(t, publicService("again", asks), publicService("beside", asks))
	p := s.prover(t)
	v, m := s.angela(t)
	own := func(id string) any {
		return s.call(t, id, "/idp/token", url.Values{"grant_type": {"client_credentials"}}, "DPoP", p.proof(t, "POST", "/idp/token", "")).json(t)["access_token"]
	}
	tokens, apiTokens, codes := map[string]any{}, map[string]any{}, map[string]string{}
	for _, id := range []string{"again", "beside"} {
		tokens[id], apiTokens[id] = s.traded(t, id, v.codeFor(id, m, fixture.Tax))["access_token"], own(id)
		codes[id] = v.codeFor(id, m, fixture.Tax)
	}
	s.Clock.Advance(idp.CodeLife / 2)
	s.register(t, publicService("again", func(c *client.Client) { c.Decision, c.TokensSince = true, s.Clock.Now() }), publicService("beside", func(c *client.Client) { c.Decision, c.TokensSince = true, s.Clock.Now().Add(-idp.CodeLife) }))
	s.Clock.Advance(time.Second)
	for id, counts := range map[string]bool{"again": false, "beside": true} {
		if a := s.userinfo(t, tokens[id]); (a.StatusCode == http.StatusOK) != counts {
			t.Errorf("%s: userinfo %d %s", id, a.StatusCode, a.body)
		}
		for what, token := range map[string]any{"token": tokens[id], "token of its own": apiTokens[id]} {
			if told := s.introspect(t, id, token); told["active"] != counts {
				t.Errorf("%s: introspection of a %s %v", id, what, told)
			}
		}
		if a := s.trade(t, id, codes[id]); (a.StatusCode == http.StatusOK) != counts || !counts && a.json(t)["error"] != "invalid_grant" {
			t.Errorf("%s: code %d %s", id, a.StatusCode, a.body)
		}
	}
	refused := 0
	for _, e := range s.entries(t) {
		if e.Action == "power.refused" {
			refused++
			if e.Step != "token" || e.Reason != "wrong_client" {
				t.Errorf("refused %+v", e)
			}
		}
	}
	if refused != 1 {
		t.Errorf("%d refusals", refused)
	}
	if a := s.userinfo(t, s.traded(t, "again", v.codeFor("again", m, fixture.Tax))["access_token"]); a.StatusCode != http.StatusOK {
		t.Errorf("what is given now: %d %s", a.StatusCode, a.body)
	}
	if told := s.introspect(t, "again", own("again")); told["active"] != true {
		t.Errorf("a token of its own given now: %v", told)
	}
}
