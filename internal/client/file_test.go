package client_test

import (
	"slices"
	"strings"
	"testing"

	"mandat/internal/client"
)

func TestRead(t *testing.T) {
	t.Parallel()
	const good = `[{"client_id":"a","client_name":"A","client_secret":"0123456789abcdef0123456789abcdef","kind":"franceconnect","token_endpoint_auth_method":"client_secret_post","redirect_uris":["https://a.test/cb","http://127.0.0.2:1/cb"]}]`
	clients, err := client.Read(strings.NewReader(good))
	if err != nil || len(clients) != 1 || clients[0].Secret.String() != "[redacted]" {
		t.Fatalf("%v %v", clients, err)
	}
	for name, c := range map[string][2]string{
		"short secret":    {`0123456789abcdef0123456789abcdef`, `short`},
		"bad hash":        {`0123456789abcdef0123456789abcdef`, `sha256:xyz`},
		"no secret":       {`"client_secret":"0123456789abcdef0123456789abcdef",`, ``},
		"no method":       {`client_secret_post`, `none`},
		"unknown setting": {`"client_name"`, `"nom"`},
		"http":            {`https://a.test/cb`, `http://a.test/cb`},
		"fragment":        {`https://a.test/cb`, `https://a.test/cb#x`},
		"user":            {`https://a.test/cb`, `https://u@a.test/cb`},
		"no address":      {`["https://a.test/cb","http://127.0.0.2:1/cb"]`, `[]`},
		"relative":        {`https://a.test/cb`, `/cb`},
		"no id":           {`"client_id":"a"`, `"client_id":""`},
		"unknown scope":   {`"client_name":"A"`, `"scope":"openid phone"`},
		"list of scopes":  {`"client_name":"A"`, `"scope":["openid"]`},
		"tokens of FC":    {`"client_name":"A"`, `"tokens_since":"2026-11-23T00:00:00Z"`},
		"not a list":      {`[{`, `{`},
	} {
		if _, err := client.Read(strings.NewReader(strings.Replace(good, c[0], c[1], 1))); err == nil {
			t.Errorf("%s is accepted", name)
		} else if strings.Contains(err.Error(), "0123456789abcdef") {
			t.Errorf("%s: the error quotes the secret", name)
		}
	}
}

// Deny by default: a service whose registration names no scopes is told nothing of a citizen but a name of its own for them.
func TestAllowedClaims_OfWhoNamesNoScopes(t *testing.T) {
	t.Parallel()
	if c := (client.Client{Kind: client.Service}); len(c.AllowedClaims()) != 0 || !slices.Equal(c.AllowedScopes(), []string{"openid"}) {
		t.Errorf("a service may see %v", c.AllowedClaims())
	}
	if c := (client.Client{Kind: client.FranceConnect}); !slices.Contains(c.AllowedClaims(), "birthplace") || !slices.Contains(c.AllowedClaims(), "family_name") {
		t.Errorf("FranceConnect may see %v", c.AllowedClaims())
	}
}
