package franceconnect

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/draft"
	"mandat/internal/oidc"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/session"
	"mandat/internal/throttle"
	"mandat/internal/upstream"
)

// Config is how we are registered at FranceConnect.
type Config struct {
	Issuer       string // FranceConnect's issuer, exactly: "https://…/api/v2"
	ClientID     string
	ClientSecret string              // "" is private_key_jwt, with Keys
	Keys         func() *oidc.KeySet // nil is client_secret_post
	RedirectURL  string              // BASE_URL + /connexion/franceconnect/retour
	EndURL       string              // BASE_URL + /connexion/franceconnect/fin, registered as post_logout_redirect_uri
	Algorithm    string              // ES256 (default) or RS256

	// PlainBirthdate leaves the scope idp_birthdate out, for a client that is not entitled to it. A presumed day or month
	// of birth then arrives as 01 and cannot be told from a real one.
	PlainBirthdate bool

	Timeout time.Duration // of one call to FranceConnect; 0 is 10 s
	Logger  *slog.Logger  // nil is slog.Default
}

// Parts is what the relying party works with.
type Parts struct {
	DB        *db.DB
	Sessions  *session.Sessions
	Drafts    *draft.Register
	Catalogue *procedure.Catalogue
	Pages     *page.Pages
	Clock     *clock.Clock
}

// RP is the relying party.
type RP struct {
	provider  *upstream.Provider
	endURL    string
	origin    string // of this site ("https://…")
	secure    bool   // it is served over HTTPS
	db        *db.DB
	limits    *throttle.Throttle
	sessions  *session.Sessions
	drafts    *draft.Register
	catalogue *procedure.Catalogue
	pages     *page.Pages
	clock     *clock.Clock
	logger    *slog.Logger
}

// New returns a relying party. It asks FranceConnect nothing yet: a FranceConnect that is down stops no program.
func New(c Config, p Parts) (*RP, error) {
	if c.Algorithm == "" {
		c.Algorithm = "ES256"
	}
	scopes := strings.Fields("openid identite_pivot preferred_username email idp_birthdate")
	if c.PlainBirthdate {
		scopes = scopes[:len(scopes)-1]
	}
	provider, err := upstream.New(upstream.Config{Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret, Keys: c.Keys, RedirectURL: c.RedirectURL,
		Algorithm: c.Algorithm, Scopes: scopes, Timeout: c.Timeout})
	if err != nil {
		return nil, fmt.Errorf("franceconnect: %w", err)
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	here, err := url.Parse(c.RedirectURL)
	if err != nil {
		return nil, errors.New("franceconnect: the address for answers is none")
	}
	return &RP{provider: provider, endURL: c.EndURL, origin: here.Scheme + "://" + here.Host, secure: here.Scheme == "https", db: p.DB, limits: throttle.New(p.DB, p.Clock),
		sessions: p.Sessions, drafts: p.Drafts, catalogue: p.Catalogue, pages: p.Pages, clock: p.Clock, logger: c.Logger}, nil
}

// Mount declares the routes. Those that FranceConnect sends the browser to are for anybody: a session that ended in the
// meantime gets an explanation, and the code in the address is never kept as a page to come back to.
func (rp *RP) Mount(r *page.Router) {
	r.Post("/brouillons/{draft}/identite", page.Aidant, rp.Start)
	r.Post("/brouillons/{draft}/identite/telephone", page.Aidant, rp.doMakeLink)
	r.Get("/brouillons/{draft}/identite/telephone", page.Aidant, rp.showWaiting)
	r.Get("/brouillons/{draft}/identite/telephone/etat", page.Aidant, rp.sayState)
	r.Post("/brouillons/{draft}/identite/telephone/annulation", page.Aidant, rp.doCancelLink)
	r.Get("/i/{token}", page.Browser, rp.showLink)
	r.Post("/i/{token}", page.Browser, rp.doLeave)
	r.Get(endPath, page.Browser, rp.showEnd)
	r.Get("/connexion/franceconnect/retour", page.Browser, rp.Callback)
	r.Get("/connexion/franceconnect/fin", page.Browser, rp.LoggedOut)
}

// Origin is FranceConnect's origin, for the form-action of the page whose form leads there.
func (rp *RP) Origin() string { return rp.provider.Origin() }

func identityPage(draft uuid.UUID) string { return "/brouillons/" + draft.String() + "/identite" }
func recapPage(draft uuid.UUID) string    { return "/brouillons/" + draft.String() + "/recapitulatif" }
