package app

import (
	"net/http"

	"mandat/internal/config"
	"mandat/internal/oidc"
	"mandat/internal/signingkey"
	"mandat/internal/upstream"
)

// signing returns the keys of a use, as they are when they are needed.
func (a *App) signing(use signingkey.Use) func() *oidc.KeySet {
	return func() *oidc.KeySet { return a.ring.Of(use) }
}

// asserting returns the keys that say who we are at a provider, nil where a secret does.
func (a *App) asserting(auth string) func() *oidc.KeySet {
	if auth != config.PrivateKeyJWT {
		return nil
	}
	return a.signing(signingkey.Assertion)
}

// showAssertionKeys serves the public halves of the keys that say who we are.
func (a *App) showAssertionKeys(w http.ResponseWriter, _ *http.Request) error {
	return upstream.ShowKeys(w, a.ring.Of(signingkey.Assertion))
}
