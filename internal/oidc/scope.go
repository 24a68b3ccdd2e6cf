package oidc

import "slices"

// The scopes our provider knows. FranceConnect asks for all four.
const (
	ScopeOpenID  = "openid"
	ScopeProfile = "profile"
	ScopeEmail   = "email"
	ScopeBirth   = "birth" // FranceConnect's own
)

// Scopes lists them, as published.
func Scopes() []string { return []string{ScopeOpenID, ScopeProfile, ScopeEmail, ScopeBirth} }

// ScopeClaims returns the userinfo claims that a scope asks for, none for openid and for a scope we do not know.
func ScopeClaims(scope string) []string {
	switch scope {
	case ScopeProfile:
		return []string{"given_name", "family_name", "preferred_username", "birthdate", "gender"}
	case ScopeEmail:
		return []string{"email"}
	case ScopeBirth:
		return []string{"birthplace", "birthcountry"}
	default:
		return nil
	}
}

// Claims lists every userinfo claim but sub, as published.
func Claims() []string {
	var all []string
	for _, s := range Scopes() {
		all = append(all, ScopeClaims(s)...)
	}
	slices.Sort(all)
	return all
}
