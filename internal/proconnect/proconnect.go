package proconnect

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"mandat/internal/clock"
	"mandat/internal/credential"
	"mandat/internal/invitation"
	"mandat/internal/journal"
	"mandat/internal/oidc"
	"mandat/internal/org"
	"mandat/internal/session"
	"mandat/internal/signin"
	"mandat/internal/upstream"
)

// defaultACR is what counts as a sign-in with a second factor: identity at least weak, MFA. eidas0-mfa is left out,
// because nobody has looked at such a person's identity or organisation.
var defaultACR = []string{"eidas1-mfa", "eidas2", "eidas3"}

// Config is how we are registered at ProConnect.
type Config struct {
	Issuer       string // ProConnect's issuer, exactly: "https://…/api/v2"
	ClientID     string
	ClientSecret string              // "" is private_key_jwt, with Keys
	Keys         func() *oidc.KeySet // nil is client_secret_post
	RedirectURL  string              // BASE_URL + /connexion/proconnect/retour
	HomeURL      string              // BASE_URL + /, registered as post_logout_redirect_uri
	Algorithm    string              // RS256 (default) or ES256
	ACR          []string
	Timeout      time.Duration // of one call to ProConnect; 0 is 10 s
}

// RP is the relying party.
type RP struct {
	provider  *upstream.Provider
	acr       []string
	claims    string
	clientID  string
	homeURL   string
	directory *org.Directory
	sessions  *session.Sessions
	door      *signin.Door
	factors   *credential.Register
	clock     *clock.Clock

	journal     *journal.Journal
	invitations *invitation.Register
}

// Parts are what a relying party works with.
type Parts struct {
	Directory   *org.Directory
	Sessions    *session.Sessions
	Door        *signin.Door
	Factors     *credential.Register
	Invitations *invitation.Register
	Journal     *journal.Journal
	Clock       *clock.Clock
}

// New returns a relying party. It asks ProConnect nothing yet: a ProConnect that is down stops no program.
func New(c Config, p Parts) (*RP, error) {
	if c.Algorithm == "" {
		c.Algorithm = "RS256"
	}
	if len(c.ACR) == 0 {
		c.ACR = defaultACR
	}
	provider, err := upstream.New(upstream.Config{Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret, Keys: c.Keys, RedirectURL: c.RedirectURL,
		Algorithm: c.Algorithm, Scopes: []string{"openid", "email", "siret", "idp_id"}, AuthTime: true, Timeout: c.Timeout})
	if err != nil {
		return nil, fmt.Errorf("proconnect: %w", err)
	}
	type asked struct {
		Essential bool     `json:"essential"`
		Values    []string `json:"values,omitempty"`
	}
	claims, err := json.Marshal(map[string]map[string]asked{"id_token": {"acr": {true, c.ACR}, "auth_time": {Essential: true}}})
	if err != nil {
		return nil, fmt.Errorf("proconnect: %w", err)
	}
	return &RP{provider: provider, acr: slices.Clone(c.ACR), claims: string(claims), clientID: c.ClientID, homeURL: c.HomeURL,
		directory: p.Directory, sessions: p.Sessions, door: p.Door, factors: p.Factors, invitations: p.Invitations, journal: p.Journal, clock: p.Clock}, nil
}

// Origin is ProConnect's origin, for the form-action of pages whose forms lead there.
func (rp *RP) Origin() string { return rp.provider.Origin() }

// factorAt is when the second factor was given: what ProConnect says (auth_time, OpenID Connect Core §2), which it must, and
// never later than now. Tests move our clock and not ProConnect's, so its time is moved too.
func (rp *RP) factorAt(a upstream.Answer) time.Time {
	now := rp.clock.Now()
	if told := a.AuthTime.Add(rp.clock.Shift()); told.Before(now) {
		return told.UTC()
	}
	return now
}
