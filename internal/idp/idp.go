package idp

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"mandat/internal/apitoken"
	"mandat/internal/citizen"
	"mandat/internal/client"
	"mandat/internal/clientauth"
	"mandat/internal/clock"
	"mandat/internal/db"
	"mandat/internal/dpop"
	"mandat/internal/envelope"
	"mandat/internal/idp/details"
	"mandat/internal/journal"
	"mandat/internal/mandate"
	"mandat/internal/oidc"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/receipt"
	"mandat/internal/session"
)

// How long things live. FranceConnect redeems a code and reads userinfo within a second of getting them.
const (
	LoginLife  = 10 * time.Minute // from the request to the code
	CodeLife   = time.Minute
	TokenLife  = time.Minute      // of the access token and of the ID token
	FactorLife = 15 * time.Minute // prompt=login: how fresh the aidant's second factor must be
	// FactorPause is what a shorter max_age leaves whoever gave the factor for this very request, to choose the citizen and the procedure.
	FactorPause = 5 * time.Minute
)

// Config says who we are and who our clients are.
type Config struct {
	Issuer  string // the base URL and "/idp"
	Clients *client.Registry
	Keys    func() *oidc.KeySet // those that sign now
	Contact Contact             // for the pages

	Gate     *clientauth.Gate  // finds out which client calls
	Names    *envelope.Keys    // of mandates, towards sectors of clients
	Receipts *receipt.Register // nil gives none
}

// Provider is the OpenID provider.
type Provider struct {
	issuer    string
	clients   *client.Registry
	keys      func() *oidc.KeySet
	discovery []byte
	schema    []byte // of our type of authorization_details
	contact   Contact

	gate      *clientauth.Gate
	proofs    *dpop.Checker
	apiTokens *apitoken.Tokens
	names     *envelope.Keys
	receipts  *receipt.Register

	db        *db.DB
	journal   *journal.Journal
	sessions  *session.Sessions
	mandates  *mandate.Register
	citizens  *citizen.Register
	catalogue *procedure.Catalogue
	clock     *clock.Clock
	pages     *page.Pages
	tell      func(tx *db.Tx, now time.Time, m org.Message) error // nil tells nobody
}

// Telling returns the same provider, which lets citizens be told of each use, in the transaction of the use (notify.Queue).
func (p *Provider) Telling(queue func(tx *db.Tx, now time.Time, m org.Message) error) *Provider {
	telling := *p
	telling.tell = queue
	return &telling
}

// New returns a provider, or what is wrong with its configuration. It tells nobody anything (see Telling).
func New(c Config, d *db.DB, j *journal.Journal, s *session.Sessions, m *mandate.Register, r *citizen.Register, catalogue *procedure.Catalogue,
	k *clock.Clock, pages *page.Pages) (*Provider, error) {
	p := &Provider{issuer: c.Issuer, clients: c.Clients, keys: c.Keys, contact: c.Contact, gate: c.Gate, names: c.Names, receipts: c.Receipts, proofs: dpop.New(d, k),
		db: d, journal: j, sessions: s, mandates: m, citizens: r, catalogue: catalogue, clock: k, pages: pages}
	if c.Keys == nil || c.Clients == nil || c.Gate == nil || c.Names == nil || !strings.HasSuffix(c.Issuer, "/idp") {
		return nil, fmt.Errorf("identity provider: needs clients, what finds them out, keys, and an issuer that ends with /idp")
	}
	p.apiTokens = apitoken.New(d, c.Clients, p.proofs, k, strings.TrimSuffix(c.Issuer, "/idp"))
	var err error
	if p.discovery, err = p.metadata(); err != nil {
		return nil, fmt.Errorf("identity provider: %w", err)
	}
	if p.schema, err = details.Schema(p.issuer); err != nil {
		return nil, fmt.Errorf("identity provider: %w", err)
	}
	return p, nil
}

// CrossOrigin lists the routes to which other sites may send a form, as OpenID Connect requires. The first changes nothing: it asks
// again by GET. The second ends at most the use of a service whose ID token the form brings.
func CrossOrigin() []string { return []string{"POST /idp/authorize", "POST /idp/end_session"} }

// Organised is what the paths begin with of the pages that may stand under an organisation's address: those of logins.
func Organised() []string { return []string{"/idp/logins/"} }

// Mount declares the provider's routes. The pages of a login are for anybody with a browser, not for aidants only,
// because somebody whose session has ended must be told where to begin again, and not be led to another page.
func (p *Provider) Mount(r *page.Router) {
	r.Get("/idp/.well-known/openid-configuration", page.Public, p.showMetadata)
	r.Get("/.well-known/oauth-authorization-server/idp", page.Public, p.showMetadata) // RFC 8414 §3.1
	r.Get("/idp/jwks", page.Public, p.showKeys)
	r.HandleLate(http.MethodGet, "/idp/authorize", page.Browser, p.authorize)
	r.Post("/idp/authorize", page.Browser, p.receiveAuthorize)
	r.Outage("GET /idp/authorize", p.unavailable)
	r.Get("/idp/aide", page.Public, p.showHelp)
	r.Get("/idp/annuler", page.Browser, p.leave)
	r.Post("/idp/par", page.Client, p.push)
	r.Get("/idp"+details.Path, page.Public, p.showType)
	r.HandleLate(http.MethodGet, "/idp/logins/{login}/usager", page.Browser, p.showSearch)
	r.HandleLate(http.MethodPost, "/idp/logins/{login}/usager", page.Browser, p.searchOrChoose)
	r.HandleLate(http.MethodGet, "/idp/logins/{login}/demarche", page.Browser, p.showProcedures)
	r.HandleLate(http.MethodPost, "/idp/logins/{login}/demarche", page.Browser, p.chooseProcedure)
	r.Post("/idp/logins/{login}/confirmation", page.Browser, p.confirm)
	r.Post("/idp/logins/{login}/structure", page.Browser, p.moveLogin)
	r.Post("/idp/logins/{login}/annuler", page.Browser, p.cancel)
	r.Post("/idp/token", page.Client, p.giveToken)
	r.Post("/idp/introspect", page.Client, p.introspect)
	r.Post("/idp/revoke", page.Client, p.revoke)
	r.Get("/idp/userinfo", page.Client, p.releaseIdentity)
	r.Post("/idp/userinfo", page.Client, p.releaseIdentity)
	r.Get("/idp/end_session", page.Browser, p.endSession)
	r.Post("/idp/end_session", page.Browser, p.endSession)
}

// actor returns who acts in this request, false when nobody is signed in.
func actor(r *http.Request) (journal.Actor, bool) {
	s := session.From(r.Context())
	if s == nil {
		return journal.Actor{}, false
	}
	return s.Actor(), true
}
