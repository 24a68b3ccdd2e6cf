package idp

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"mandat/internal/client"
	"mandat/internal/idp/details"
	"mandat/internal/oidc"
)

// Limits of what an authorization request may bring, in bytes. FranceConnect sends 64 for state and nonce.
const (
	maxState   = 1024
	maxNonce   = 256
	maxList    = 512  // scope, acr_values, prompt, each
	maxRequest = 1900 // all that we understand, encoded: it has to fit into the path that a sign-in comes back to
	maxPushed  = 8192 // the same of a request that was pushed
)

// errUntrusted says that client or return address are not known to belong together: there is nobody to send an error to.
var errUntrusted = errors.New("unknown client or return address")

// authRequest is what an authorization request asks of us, checked.
type authRequest struct {
	Client      *client.Client
	RedirectURI string
	State       string
	Nonce       string
	Challenge   string   // PKCE S256, "" without
	Scopes      []string // those we grant, in the order asked
	Claims      oidc.ClaimsRequest
	None, Login bool           // prompt
	MaxAge      *time.Duration // nil: not asked
	Details     *details.Asked // authorization_details, nil: not asked
	KeyHash     string         // dpop_jkt, the thumbprint of the key that the code is for (RFC 9449 §10), "" without
	AskedAt     *time.Time     // when the browser first brought it, nil for now
	pushed      bool           // it waited on this side, and is not in the browser's address
	issuer      string
	known       url.Values // the parameters we understood, to come back with after sign-in
}

// heeded are the parameters of OpenID Connect Core §3.1.2.1, RFC 7636, RFC 9396 and RFC 9449 that we understand. All others are ignored, as
// they must be: hints about who the person is (login_hint, id_token_hint) because the aidant chooses, display and
// ui_locales because the aidant's own language counts.
var heeded = []string{"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "acr_values", "claims", "prompt", "max_age",
	"response_mode", "code_challenge", "code_challenge_method", "authorization_details", "dpop_jkt", "request", "request_uri"}

// parser is parseAuthRequest or parsePushed.
type parser func(find func(id string) *client.Client, issuer string, values url.Values) (authRequest, error)

// parseAuthRequest checks an authorization request that a browser brings. It is a pure function of the registered clients, our
// issuer and the parameters.
//
// An *oidc.Error goes to the client: then Client, RedirectURI and State of the result are set. errUntrusted does not.
func parseAuthRequest(find func(id string) *client.Client, issuer string, values url.Values) (authRequest, error) {
	return authRequest{issuer: issuer}.parse(find, values)
}

// parsePushed checks one that its client pushed to us, or that was put aside.
func parsePushed(find func(id string) *client.Client, issuer string, values url.Values) (authRequest, error) {
	return authRequest{issuer: issuer, pushed: true}.parse(find, values)
}

func (req authRequest) parse(find func(id string) *client.Client, values url.Values) (authRequest, error) {
	req.known = url.Values{}
	for _, name := range heeded {
		if sent := values[name]; len(sent) == 1 && sent[0] != "" { // sent without a value is not sent (RFC 6749 §3.1)
			req.known.Set(name, sent[0])
		}
	}
	from := find(req.known.Get("client_id"))
	if from == nil || !slices.Contains(from.RedirectURIs, req.known.Get("redirect_uri")) {
		return req, errUntrusted
	}
	req.Client, req.RedirectURI, req.State = from, req.known.Get("redirect_uri"), req.known.Get("state")
	for _, check := range []func(*authRequest, url.Values) *oidc.Error{checkForm, checkResponse, checkScope, checkProof, checkPrompt, checkLevel, checkDetails} {
		if refusal := check(&req, values); refusal != nil {
			return req, refusal
		}
	}
	return req, nil
}

// checkForm refuses repeated parameters and what could not be stored or echoed.
func checkForm(req *authRequest, values url.Values) *oidc.Error {
	for _, name := range heeded {
		if len(values[name]) > 1 {
			return oidc.Refuse(oidc.InvalidRequest, name+" was sent more than once")
		}
		limit := maxList
		switch name {
		case "redirect_uri", "client_id", "request", "request_uri", "claims", "authorization_details":
			continue // known values, refused whatever they are, or limited where they are read
		case "state":
			limit = maxState
		case "nonce":
			limit = maxNonce
		}
		if v := req.known.Get(name); len(v) > limit || !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			return oidc.Refuse(oidc.InvalidRequest, name+" is too long or not text")
		}
	}
	limit := maxRequest
	if req.pushed {
		limit = maxPushed
	}
	if len(req.known.Encode()) > limit {
		return oidc.Refuse(oidc.InvalidRequest, "the request is too long")
	}
	return nil
}

// checkResponse wants the code flow, answered in the query. Request objects have errors of their own (OpenID Connect
// Core §6, §3.1.2.6), and a client that promised to push its requests is held to it (RFC 9126 §5).
func checkResponse(req *authRequest, _ url.Values) *oidc.Error {
	switch p := req.known; {
	case req.Client.PushedOnly && !req.pushed:
		return oidc.Refuse(oidc.InvalidRequest, "this client has to push its requests")
	case p.Has("request"):
		return oidc.Refuse(oidc.RequestNotSupported, "request objects are not supported")
	case p.Has("request_uri"):
		return oidc.Refuse(oidc.RequestURINotSupported, "request_uri is not supported")
	case !p.Has("response_type"):
		return oidc.Refuse(oidc.InvalidRequest, "response_type is missing")
	case p.Get("response_type") != "code":
		return oidc.Refuse(oidc.UnsupportedResponseType, "only code is supported")
	case p.Has("response_mode") && p.Get("response_mode") != "query":
		return oidc.Refuse(oidc.InvalidRequest, "only the response mode query is supported")
	}
	return nil
}

// checkScope grants the scopes that we and the client know. Those nobody knows are ignored, as OpenID Connect Core
// §3.1.2.1 wants; one that we know and this client was not given is refused, so that a registration that forgot it shows
// at once and not as claims that are missing.
func checkScope(req *authRequest, _ url.Values) *oidc.Error {
	for scope := range strings.FieldsSeq(req.known.Get("scope")) {
		switch {
		case slices.Contains(req.Client.AllowedScopes(), scope):
			if !slices.Contains(req.Scopes, scope) {
				req.Scopes = append(req.Scopes, scope)
			}
		case slices.Contains(oidc.Scopes(), scope):
			return oidc.Refuse(oidc.InvalidScope, "a scope is not open to this client")
		}
	}
	if !slices.Contains(req.Scopes, oidc.ScopeOpenID) {
		return oidc.Refuse(oidc.InvalidScope, "the scope openid is missing")
	}
	var err error
	if req.Claims, err = oidc.ParseClaims(req.known.Get("claims")); err != nil {
		return oidc.Refuse(oidc.InvalidRequest, err.Error())
	}
	return nil
}

// checkProof wants what binds the code to whoever asked: an S256 challenge (RFC 7636; plain is refused), and from a
// client that is exempt from it a nonce (RFC 9700 §2.1.1).
func checkProof(req *authRequest, _ url.Values) *oidc.Error {
	req.Nonce, req.Challenge = req.known.Get("nonce"), req.known.Get("code_challenge")
	switch {
	case req.Challenge == "" && req.known.Has("code_challenge_method"):
		return oidc.Refuse(oidc.InvalidRequest, "code_challenge is missing")
	case req.Challenge == "" && req.Client.Direct():
		return oidc.Refuse(oidc.InvalidRequest, "PKCE is required: code_challenge is missing")
	case req.Challenge == "" && req.Nonce == "":
		return oidc.Refuse(oidc.InvalidRequest, "nonce is required without PKCE")
	case req.Challenge != "" && (req.known.Get("code_challenge_method") != "S256" || !oidc.IsChallenge(req.Challenge)):
		return oidc.Refuse(oidc.InvalidRequest, "only a code_challenge of method S256 is supported")
	}
	return nil
}

// checkPrompt reads prompt and max_age. A choice of account is always offered and consent is the mandate's, so the other
// prompts ask for nothing more.
func checkPrompt(req *authRequest, _ url.Values) *oidc.Error {
	for prompt := range strings.FieldsSeq(req.known.Get("prompt")) {
		switch prompt {
		case "none":
			req.None = true
		case "login":
			req.Login = true
		case "consent", "select_account":
		default:
			return oidc.Refuse(oidc.InvalidRequest, "prompt has an unknown value")
		}
	}
	if req.None && len(strings.Fields(req.known.Get("prompt"))) > 1 {
		return oidc.Refuse(oidc.InvalidRequest, "prompt none stands alone")
	}
	if !req.known.Has("max_age") {
		return nil
	}
	seconds, err := strconv.ParseUint(req.known.Get("max_age"), 10, 31)
	if err != nil {
		return oidc.Refuse(oidc.InvalidRequest, "max_age is not a number of seconds")
	}
	age := time.Duration(seconds) * time.Second
	req.MaxAge = &age
	return nil
}

// checkDetails reads what a service asks about the mandate itself. It is refused what it does not serve, so that a registration that
// forgot a procedure shows at once; FranceConnect does not tell which procedure it is, and cannot ask for one.
func checkDetails(req *authRequest, _ url.Values) *oidc.Error {
	if key := req.known.Get("dpop_jkt"); key != "" {
		if !req.Client.Direct() { // its tokens are bound to nothing, and it must not believe that they are
			return oidc.Refuse(oidc.InvalidRequest, "dpop_jkt is not for this client")
		}
		if !oidc.IsChallenge(key) { // of the same form: a SHA-256 in base64url
			return oidc.Refuse(oidc.InvalidRequest, "dpop_jkt is not a thumbprint")
		}
		req.KeyHash = key
	}
	raw := req.known.Get("authorization_details")
	if raw == "" {
		return nil
	}
	if !req.Client.Direct() {
		return oidc.Refuse(oidc.InvalidAuthorizationDetails, "authorization_details are for services that are registered with us themselves")
	}
	asked, err := details.Parse(req.issuer, raw)
	if err != nil {
		return oidc.Refuse(oidc.InvalidAuthorizationDetails, err.Error())
	}
	for _, action := range asked.Actions {
		if !slices.Contains(req.Client.Procedures, action) {
			return oidc.Refuse(oidc.InvalidAuthorizationDetails, "an action is not one of the procedures that this client serves")
		}
	}
	req.Details = &asked
	return nil
}

// checkLevel refuses at once what would be refused in the end: levels above the one at which citizens were identified.
func checkLevel(req *authRequest, _ url.Values) *oidc.Error {
	asked := strings.Fields(req.known.Get("acr_values"))
	if len(asked) > 0 && !slices.Contains(asked, oidc.ACR) || len(req.Claims.ACR) > 0 && !slices.Contains(req.Claims.ACR, oidc.ACR) {
		return oidc.Refuse(oidc.UnmetAuthentication, "only eidas1 can be asserted")
	}
	return nil
}

// releases lists the userinfo claims this request asks for, by scope and by name, within what the client may have.
func (req *authRequest) releases() []string {
	out := []string{}
	for _, scope := range req.Scopes {
		out = append(out, oidc.ScopeClaims(scope)...)
	}
	for _, claim := range req.Client.AllowedClaims() {
		if slices.Contains(req.Claims.UserInfo, claim) {
			out = append(out, claim)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
