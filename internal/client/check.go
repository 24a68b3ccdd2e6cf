package client

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"mandat/internal/oidc"
	"mandat/internal/procedure"
)

// Fault is something wrong with a registration. It never quotes a secret or a key.
type Fault struct {
	Member string // as in JSON
	What   string
}

// Error says both.
func (f Fault) Error() string { return f.Member + ": " + f.What }

// Check reports what is wrong with a registration.
func (c *Client) Check() error {
	if c.ID == "" || len(c.ID) > MaxID {
		return errors.New("a client without client_id, or with one that is too long")
	}
	if faults := c.Faults(); len(faults) > 0 {
		return fmt.Errorf("client %s: %w", c.ID, faults[0])
	}
	return nil
}

// Faults lists everything that is wrong with a registration, its client_id apart.
func (c *Client) Faults() []Fault {
	var f faults
	f.kind(c)
	f.authentication(c)
	f.algorithms(c)
	f.encryption(c)
	f.keys(c)
	f.addresses(c)
	slices.SortStableFunc(f, func(a, b Fault) int { return cmp.Compare(a.Member, b.Member) })
	return f
}

// faults are those found so far.
type faults []Fault

func (f *faults) add(wrong bool, member, what string) {
	if wrong {
		*f = append(*f, Fault{member, what})
	}
}

func (f *faults) kind(c *Client) {
	for _, scope := range c.Scopes {
		f.add(!slices.Contains(oidc.Scopes(), scope), "scope", "unknown scope")
	}
	f.add(len(c.Scopes) > 0 && !slices.Contains(c.Scopes, oidc.ScopeOpenID), "scope", "openid is missing: every request would be refused")
	f.add(utf8.RuneCountInString(c.Name) > maxName, "client_name", "too long")
	f.add(!utf8.ValidString(c.Name) || strings.ContainsFunc(c.Name, unseen), "client_name", "characters that do not show")
	f.add(len(c.Sector) > MaxID, "sector", "too long")
	f.add(c.Kind != FranceConnect && c.Kind != Service, "kind", "neither franceconnect nor service")
	f.add(len(c.Procedures) > maxProcedures, "procedures", "too many")
	f.add(!slices.Contains(procedure.Assurances(), c.Level()), "identity_level", "unknown")
	f.add(c.Kind == Service && len(c.Procedures) == 0, "procedures", "a service says which it serves")
	f.add(c.Kind == FranceConnect && c.Level() != procedure.FranceConnect, "identity_level", "FranceConnect is told of nobody whom it did not identify")
	f.add(c.Kind == FranceConnect && len(c.Procedures) > 0, "procedures", "they are for a service")
	f.add(c.Kind == FranceConnect && c.Decision, "decision", "it is for a service")
	f.add(c.Kind == FranceConnect && !c.TokensSince.IsZero(), "tokens_since", "it is for a service")
}

// unseen reports whether a character does not show: it would let one name look like another, or turn what stands behind it.
func unseen(r rune) bool { return !unicode.IsGraphic(r) }

func (f *faults) authentication(c *Client) {
	switch c.Auth {
	case SecretPost, SecretBasic:
		f.add(c.Secret.hash == nil, "client_secret", "missing")
	case PrivateKeyJWT:
		f.add(c.AuthAlg != oidc.ES256 && c.AuthAlg != oidc.RS256, "token_endpoint_auth_signing_alg", "neither ES256 nor RS256")
		f.add(c.Secret.hash != nil, "client_secret", "private_key_jwt has none")
	default:
		f.add(true, "token_endpoint_auth_method", "none of client_secret_post, client_secret_basic, private_key_jwt")
	}
}

func (f *faults) algorithms(c *Client) {
	// HS256 is keyed with the client's secret, which then must be known in clear: only the operator's file has one.
	shared := c.Kind == FranceConnect && c.Secret.clear != nil
	for member, may := range map[string]struct {
		alg          string
		none, shared bool
	}{
		"id_token_signed_response_alg":      {c.SigningAlg(), false, shared},
		"userinfo_signed_response_alg":      {c.UserInfoAlg, true, shared},
		"introspection_signed_response_alg": {c.IntrospectionAlg, true, false},
	} {
		ok := may.alg == oidc.ES256 || may.alg == oidc.RS256 || may.alg == "" && may.none || may.alg == oidc.HS256 && may.shared
		f.add(!ok, member, "not one that this client can have")
	}
}

func (f *faults) encryption(c *Client) {
	if c.UserInfoKeyAlg == "" && c.UserInfoEnc == "" {
		return
	}
	f.add(c.UserInfoKeyAlg != oidc.ECDHES && c.UserInfoKeyAlg != oidc.RSAOAEP256, "userinfo_encrypted_response_alg", "neither ECDH-ES nor RSA-OAEP-256")
	f.add(c.UserInfoEnc != oidc.A256GCM, "userinfo_encrypted_response_enc", "not A256GCM")
	f.add(c.UserInfoAlg == "", "userinfo_signed_response_alg", "what is encrypted is signed too")
}

func (f *faults) keys(c *Client) {
	needs := c.Auth == PrivateKeyJWT || c.UserInfoKeyAlg != ""
	f.add(needs && len(c.JWKS) == 0 && c.JWKSURI == "", "jwks", "keys are needed, or jwks_uri")
	f.add(len(c.JWKS) > 0 && c.JWKSURI != "", "jwks_uri", "not beside jwks")
	if len(c.JWKS) == 0 {
		return
	}
	if err := c.checkKeys(); err != nil {
		f.add(true, "jwks", err.Error())
	}
}

func (f *faults) addresses(c *Client) {
	f.add(len(c.RedirectURIs) == 0, "redirect_uris", "missing")
	for member, all := range map[string][]string{"redirect_uris": c.RedirectURIs, "post_logout_redirect_uris": c.PostLogoutRedirectURIs,
		"backchannel_logout_uri": {c.BackchannelLogoutURI}, "jwks_uri": {c.JWKSURI}} {
		f.add(len(all) > maxList, member, "too many")
		for _, address := range all {
			if address == "" && (member == "backchannel_logout_uri" || member == "jwks_uri") {
				continue
			}
			if err := checkAddress(address); err != nil {
				f.add(true, member, err.Error())
			}
		}
	}
	f.add(c.BackchannelSession && c.BackchannelLogoutURI == "", "backchannel_logout_uri", "needed for backchannel_logout_session_required")
}
