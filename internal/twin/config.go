package twin

import "io"

// Config is what the stand-ins know when they start. All of it but the ports can also be changed while they run.
// The zero value is useful: free ports, the built-in test identities, no client, no professional, no service.
type Config struct {
	FranceConnect FranceConnectConfig `json:"franceconnect"`
	ProConnect    ProConnectConfig    `json:"proconnect"`
	Service       ServiceConfig       `json:"service"`
	Direct        DirectConfig        `json:"direct"`

	// Log receives what the program writes to its standard error. Nil: only the last part is kept, for Start's error.
	Log io.Writer `json:"-"`
}

// FranceConnectConfig is what FranceConnect knows: the services it identifies citizens for (Mandat is one), the identity
// providers it offers (Mandat is one again), and citizens besides the built-in ones.
type FranceConnectConfig struct {
	Port      int        `json:"port"` // on 127.0.0.2; 0: any free one
	Clients   []Client   `json:"clients,omitempty"`
	Providers []Provider `json:"providers,omitempty"`
	Citizens  []Citizen  `json:"citizens,omitempty"`

	// CodesInErrors adds the Y-code to error_description. The real FranceConnect shows the code to the person only.
	CodesInErrors bool `json:"codes_in_errors,omitempty"`
}

// ProConnectConfig is what ProConnect knows. It has no built-in professionals.
type ProConnectConfig struct {
	Port          int            `json:"port"` // on 127.0.0.3; 0: any free one
	Clients       []Client       `json:"clients,omitempty"`
	Professionals []Professional `json:"professionals,omitempty"`
}

// ServiceConfig is the public service: each of Services is one procedure on its home page.
type ServiceConfig struct {
	Port     int       `json:"port"` // on 127.0.0.4; 0: any free one
	Services []Service `json:"services,omitempty"`
}

// Role says which of the two providers a client or a fault belongs to.
type Role string

// The two OpenID providers.
const (
	FranceConnect Role = "franceconnect"
	ProConnect    Role = "proconnect"
)

// Client is a relying party of FranceConnect or ProConnect. It authenticates with client_secret_post, or with private_key_jwt if it
// has a JWKSURI and no Secret.
type Client struct {
	ID                     string   `json:"client_id"`
	Secret                 string   `json:"client_secret,omitempty"`
	JWKSURI                string   `json:"jwks_uri,omitempty"`
	Name                   string   `json:"name,omitempty"` // shown to people; default: ID
	RedirectURIs           []string `json:"redirect_uris"`
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris,omitempty"`

	// Scope is what the client may ask for, space separated. Default: all that needs no entitlement (FranceConnect: not
	// idp_id, not amr).
	Scope string `json:"scope,omitempty"`

	// IDTokenAlg and UserinfoAlg are ES256 or RS256 (default: ES256 at FranceConnect, RS256 at ProConnect, where HS256 is
	// possible too). ProConnect gives plain JSON for UserinfoAlg "none".
	IDTokenAlg  string `json:"id_token_alg,omitempty"`
	UserinfoAlg string `json:"userinfo_alg,omitempty"`

	// Entity groups clients that see the same sub. Default: ID.
	Entity string `json:"entity,omitempty"`

	// Perimeters (FranceConnect) is the list asked for as essential rep_scope when this service is opened through an
	// identity provider of representatives. Most services have none.
	Perimeters []string `json:"perimeters,omitempty"`

	// Providers (FranceConnect) limits which identity providers the service offers. Nil: all.
	Providers []string `json:"providers,omitempty"`

	TTL Lifetimes `json:"ttl,omitzero"`
}

// Lifetimes override, in seconds, those of one client; 0 keeps the role's own. At FranceConnect the grant (30 s) ends before
// the access token (60 s), so a longer token wants a longer Grant too.
type Lifetimes struct {
	Code        int `json:"code,omitempty"`
	AccessToken int `json:"access_token,omitempty"`
	IDToken     int `json:"id_token,omitempty"`
	Grant       int `json:"grant,omitempty"`
}

// Provider is an identity provider that FranceConnect offers, such as Mandat.
type Provider struct {
	UID   string `json:"uid"`   // the value of its button
	Title string `json:"title"` // the text of its button

	// Issuer is where discovery is read, anew for each use. Without it Endpoints are used.
	Issuer    string     `json:"issuer,omitempty"`
	Endpoints *Endpoints `json:"endpoints,omitempty"`

	ClientID string `json:"client_id"`
	Secret   string `json:"client_secret"`

	// IDTokenAlg is ES256 (default), RS256 or HS256. UserinfoAlg likewise, or empty for plain JSON.
	IDTokenAlg  string `json:"id_token_alg,omitempty"`
	UserinfoAlg string `json:"userinfo_alg,omitempty"`

	// UserinfoKeyAlg is ECDH-ES or RSA-OAEP-256 for userinfo that is encrypted, with A256GCM, after it was signed. The keys are
	// at EncryptionKeys.
	UserinfoKeyAlg string `json:"userinfo_key_alg,omitempty"`

	// AMR is what FranceConnect attaches to logins through this provider. Default: fc, pwd, mail.
	AMR []string `json:"amr,omitempty"`

	// AidantsConnect turns on the rep_scope request and check.
	AidantsConnect bool `json:"aidants_connect,omitempty"`
}

// Endpoints describe an identity provider without discovery.
type Endpoints struct {
	Issuer        string `json:"issuer"`
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	Userinfo      string `json:"userinfo_endpoint"`
	JWKS          string `json:"jwks_uri,omitempty"`
	EndSession    string `json:"end_session_endpoint,omitempty"`
}

// Citizen is an identity that can be chosen at FranceConnect.
type Citizen struct {
	Login             string `json:"login"` // the value of its button
	GivenName         string `json:"given_name"`
	FamilyName        string `json:"family_name"`
	PreferredUsername string `json:"preferred_username,omitempty"`
	Gender            string `json:"gender"`       // male, female or unspecified
	Birthdate         string `json:"birthdate"`    // YYYY-MM-DD, YYYY-MM-00 or YYYY-00-00
	Birthplace        string `json:"birthplace"`   // INSEE code of the commune; empty when born abroad
	BirthCountry      string `json:"birthcountry"` // INSEE code; 99100 is France
	Email             string `json:"email,omitempty"`

	// Refusal is the code of node/refusals.mjs with which FranceConnect refuses this person, e.g. Y010008. It also holds
	// when the same person (same pivot identity) arrives through an identity provider.
	Refusal string `json:"refusal,omitempty"`

	// Clients limits to whom this identity is shown: tests that share a twin do not see each other's. Nil: to all.
	Clients []string `json:"clients,omitempty"`
}

// Professional is someone who can sign in at ProConnect.
type Professional struct {
	ID string `json:"id,omitempty"` // the value of their button; default: Email

	// Sub is what every client is told. Without it, it is derived from IDPID, UID and the client's Entity.
	Sub               string   `json:"sub,omitempty"`
	GivenName         string   `json:"given_name"`
	UsualName         string   `json:"usual_name"`
	Email             string   `json:"email"`
	UID               string   `json:"uid,omitempty"`
	SIRET             string   `json:"siret"`
	IDPID             string   `json:"idp_id"`
	OrganizationLabel string   `json:"organization_label,omitempty"`
	Phone             string   `json:"phone_number,omitempty"`
	Roles             []string `json:"roles,omitempty"`
	ACR               []string `json:"acr"`           // what they can reach, weakest first
	AMR               []string `json:"amr,omitempty"` // default: pwd; otp and mfa are added with a strong acr

	Clients []string `json:"clients,omitempty"` // as Citizen.Clients
}

// Service is one procedure of the public service, a client of FranceConnect of its own (with the id "service-" + ID).
type Service struct {
	ID         string   `json:"id"`   // part of its addresses: letters, digits, hyphens
	Name       string   `json:"name"` // e.g. "Impôts de démonstration"
	Perimeters []string `json:"perimeters,omitempty"`
	Providers  []string `json:"providers,omitempty"`
	Hidden     bool     `json:"hidden,omitempty"` // not on the home page; its own page /ID works

	// SSO leaves out prompt=login, as many real services do: while FranceConnect's session lasts (30 minutes, in one
	// browser) it then lets the same person in without asking anybody, Mandat included.
	SSO bool `json:"sso,omitempty"`
}

// Fault makes a role fail. The most specific use is for one client, so that tests sharing a twin do not disturb each other:
// authorize, token, userinfo and logout know their client, discovery and jwks do not.
type Fault struct {
	Role     Role   `json:"role"`
	Client   string `json:"client,omitempty"`   // empty: everybody
	Endpoint string `json:"endpoint,omitempty"` // discovery, jwks, authorization, token, userinfo, end_session, interaction; empty: all
	Status   int    `json:"status,omitempty"`   // e.g. 503; 0: only the delay
	DelayMS  int    `json:"delay_ms,omitempty"`
	Times    int    `json:"times,omitempty"` // how often; 0: until cleared
}

// Event is something that happened at a stand-in. Events name clients, providers and codes, never a person.
type Event struct {
	N          int64    `json:"n"` // counts from 1
	At         string   `json:"at"`
	What       string   `json:"what"` // FC_… or PC_…, as in README.md
	Client     string   `json:"client"`
	IDP        string   `json:"idp"`
	Code       string   `json:"code"`      // Y-code
	Error      string   `json:"error"`     // what the service hears
	Parameter  string   `json:"parameter"` // which one was refused
	Why        string   `json:"why"`       // the library's words
	Perimeters []string `json:"perimeters"`
	RepScope   []string `json:"rep_scope"`
	ACR        string   `json:"acr"`
}
