package client

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"mandat/internal/oidc"
	"mandat/internal/outward"
)

// Wrong says what is wrong with a registration.
type Wrong []Fault

// Error says the first.
func (w Wrong) Error() string { return "registration: " + w[0].Error() }

// Wrong says what is wrong with a registration that an administrator fills in, nil for nothing: for a page that says all of it at once.
func (r *Registry) Wrong(c Client) Wrong { return r.table.wrong(&c) }

// encode returns the text of a registration that an administrator may make, or Wrong.
func (t *table) encode(c *Client) ([]byte, error) {
	if wrong := t.wrong(c); len(wrong) > 0 {
		return nil, wrong
	}
	text, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode registration: %w", err)
	}
	return text, nil
}

// wrong puts a registration in order, and says what an administrator must not register: what is the operator's (another kind, a sector), and
// addresses that only we can reach.
func (t *table) wrong(c *Client) Wrong {
	c.ID, c.Secret, c.Name, c.Filed, c.TokensSince = "", Secret{}, strings.TrimSpace(c.Name), false, time.Time{}
	if !slices.Contains(c.Scopes, oidc.ScopeOpenID) {
		c.Scopes = append([]string{oidc.ScopeOpenID}, c.Scopes...)
	}
	with := *c
	if c.Auth != PrivateKeyJWT {
		with.Secret = Secret{hash: make([]byte, sha256.Size)} // it is made once the rest is right
	}
	f := faults(with.Faults())
	f.add(c.Name == "", "client_name", "missing")
	f.add(impersonates(c.Name), "client_name", "the name of those who sign people in")
	f.add(c.Kind != Service, "kind", "administrators register services")
	f.add(c.Sector != "", "sector", "the operator's to give")
	for _, key := range c.Procedures {
		_, ok := t.catalogue.Find(key)
		f.add(!ok, "procedures", "not in the catalogue")
	}
	f.add(isInside(c.JWKSURI), "jwks_uri", "an address that is not public")
	f.add(isInside(c.BackchannelLogoutURI), "backchannel_logout_uri", "an address that is not public")
	return Wrong(f)
}

// impersonates reports whether a service is called as those are with whom people sign in: an aidant would take it for them.
func impersonates(name string) bool {
	plain := strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
	return strings.Contains(plain, "franceconnect") || strings.Contains(plain, "proconnect")
}

// isInside reports whether an address is written as one that is not public. What a name leads to is looked at when it is called.
func isInside(address string) bool {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return false
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	return !outward.Callable(host) || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// changed names the members that differ between two registrations.
func changed(was, is *Client) []string {
	before, after := members(was), members(is)
	var out []string
	for _, m := range []map[string]json.RawMessage{before, after} {
		for name := range m {
			if !bytes.Equal(before[name], after[name]) && name != "client_id" && name != "client_secret" {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func members(c *Client) map[string]json.RawMessage {
	plain := *c
	plain.ID, plain.Secret, plain.TokensSince = "", Secret{}, time.Time{}
	out := map[string]json.RawMessage{}
	text, err := json.Marshal(&plain)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		return nil // a registration that was read can be written
	}
	return out
}
