package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"mandat/internal/client"
	"mandat/internal/db"
	"mandat/internal/oidc"
	"mandat/internal/org"
	"mandat/internal/page"
	"mandat/internal/procedure"
	"mandat/internal/session"
	"mandat/internal/site/staff"
	"mandat/internal/token"
)

// serviceForm is admin/service_form.html. Its fields are named after the members of a registration.
type serviceForm struct {
	page.Common
	New          string // what tells this form from another, and is the id of the service; "" changes one that is there
	Version      string // of the registration that is changed
	Action, Back string
	MaxKeys      int
	Themes       []staff.Theme
	Data         []string                  // kinds of data to tick
	Lists        map[string][]staff.Choice // Text is a key
}

// The lists to choose from: values of members, in the order in which they stand.
var serviceLists = map[string][]string{
	"token_endpoint_auth_method":        {client.PrivateKeyJWT, client.SecretBasic, client.SecretPost},
	"token_endpoint_auth_signing_alg":   {oidc.ES256, oidc.RS256},
	"id_token_signed_response_alg":      {oidc.ES256, oidc.RS256},
	"userinfo_signed_response_alg":      {"", oidc.ES256, oidc.RS256},
	"userinfo_encrypted_response_alg":   {"", oidc.ECDHES, oidc.RSAOAEP256},
	"introspection_signed_response_alg": {"", oidc.ES256, oidc.RS256},
	"identity_level":                    {string(procedure.FranceConnect), string(procedure.Witnessed), string(procedure.Known)},
}

// serviceFields are the fields that can be wrong, in the order of the page.
var serviceFields = []string{"client_name", "procedures", "identity_level", "scope", "redirect_uris", "post_logout_redirect_uris", "backchannel_logout_uri", "token_endpoint_auth_method",
	"token_endpoint_auth_signing_alg", "jwks_uri", "jwks", "id_token_signed_response_alg", "userinfo_signed_response_alg", "userinfo_encrypted_response_alg", "introspection_signed_response_alg"}

// maxKeysTyped is how many letters of keys a form takes: larger sets stand at an address.
const maxKeysTyped = 20_000

// sees lists the kinds of data that a client may see, as scopes.
func sees(c *client.Client) []string {
	return slices.DeleteFunc(slices.Clone(c.AllowedScopes()), func(scope string) bool { return scope == oidc.ScopeOpenID })
}

// service finds the client of the path.
func (s *Site) service(r *http.Request) (*session.Session, client.Registered, error) {
	at, err := staff.SignedIn(r)
	if err != nil {
		return nil, client.Registered{}, err
	}
	c, err := s.Clients.Look(r.Context(), at.Actor(), r.PathValue("client"))
	if err != nil {
		return nil, c, refusal(err)
	}
	return at, c, nil
}

// newService is the form of a new service: with the number that form has, if it was shown before.
func newService(form *page.Form) *serviceForm {
	number, err := uuid.Parse(form.Value("form"))
	if err != nil {
		number = token.ID()
	}
	return &serviceForm{Common: page.Common{Title: "admin.service.new", Trail: []page.Link{home, services}}, New: number.String(), Action: services.Href, Back: services.Href}
}

func changedService(c client.Registered) *serviceForm {
	path := servicePath(c.ID)
	return &serviceForm{Common: page.Common{Title: "admin.service.change", Trail: []page.Link{home, services, {Href: path, Text: "admin.service.title"}}},
		Version: c.Version, Action: path + "/modification", Back: path}
}

func (s *Site) renderService(w http.ResponseWriter, r *http.Request, p *serviceForm, form *page.Form, status int) error {
	s.fill(p, form, page.Lang(r))
	return s.Pages.Render(w, r, status, "admin/service_form.html", p)
}

// fill puts into the form what is to be chosen from.
func (s *Site) fill(p *serviceForm, form *page.Form, lang string) {
	if version := form.Value("version"); version != "" {
		p.Version = version // of what the person saw
	}
	p.Current, p.Form, p.MaxKeys, p.Themes, p.Lists = home.Href, form, maxKeysTyped, s.limiting().Themes(lang, form, nil), map[string][]staff.Choice{}
	for member, values := range serviceLists {
		for _, value := range values {
			key := "admin.service.value." + member + "."
			if value == "" {
				key += "none"
			} else {
				key += strings.ToLower(strings.ReplaceAll(value, "-", "_"))
			}
			p.Lists[member] = append(p.Lists[member], staff.Choice{Value: value, Text: key})
		}
	}
	p.Data = slices.DeleteFunc(oidc.Scopes(), func(scope string) bool { return scope == oidc.ScopeOpenID })
}

// registrationOf reads the form. What is wrong with it the rules say.
func (s *Site) registrationOf(form *page.Form) client.Client {
	c := client.Client{Kind: client.Service, Name: form.Text("client_name", 200), Auth: form.Value("token_endpoint_auth_method"),
		RedirectURIs: lines(form.Value("redirect_uris")), PostLogoutRedirectURIs: lines(form.Value("post_logout_redirect_uris")),
		BackchannelLogoutURI: strings.TrimSpace(form.Value("backchannel_logout_uri")), BackchannelSession: form.Ticked("backchannel_logout_session_required"),
		JWKSURI: strings.TrimSpace(form.Value("jwks_uri")), IDTokenAlg: form.Value("id_token_signed_response_alg"), UserInfoAlg: form.Value("userinfo_signed_response_alg"),
		UserInfoKeyAlg: form.Value("userinfo_encrypted_response_alg"), IntrospectionAlg: form.Value("introspection_signed_response_alg"),
		IdentityLevel: procedure.Assurance(form.Value("identity_level")), PushedOnly: form.Ticked("require_pushed_authorization_requests"),
		DPoP: form.Ticked("dpop_bound_access_tokens"), Decision: form.Ticked("decision"), Scopes: []string{oidc.ScopeOpenID}, Procedures: s.limiting().Ticked(form, nil)}
	if c.UserInfoKeyAlg != "" {
		c.UserInfoEnc = oidc.A256GCM
	}
	if c.Auth == client.PrivateKeyJWT {
		c.AuthAlg = form.Value("token_endpoint_auth_signing_alg")
	}
	c.Scopes = append(c.Scopes, form.Values("scope")...)
	if keys := strings.TrimSpace(form.Value("jwks")); keys != "" {
		c.JWKS = json.RawMessage(keys)
		if len(keys) > maxKeysTyped || !json.Valid(c.JWKS) {
			c.JWKS = nil
			form.Fail("jwks", "admin.service.wrong.jwks")
		}
	}
	return c
}

// lines are the lines of a field that has one address in each.
func lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// filledWithService is the form of a service.
func filledWithService(c *client.Client) *page.Form {
	v := url.Values{"client_name": {c.Name}, "redirect_uris": {strings.Join(c.RedirectURIs, "\n")}, "post_logout_redirect_uris": {strings.Join(c.PostLogoutRedirectURIs, "\n")},
		"token_endpoint_auth_method": {c.Auth}, "token_endpoint_auth_signing_alg": {c.AuthAlg}, "jwks": {string(c.JWKS)}, "jwks_uri": {c.JWKSURI}, "backchannel_logout_uri": {c.BackchannelLogoutURI},
		"id_token_signed_response_alg": {c.SigningAlg()}, "userinfo_signed_response_alg": {c.UserInfoAlg}, "userinfo_encrypted_response_alg": {c.UserInfoKeyAlg},
		"introspection_signed_response_alg": {c.IntrospectionAlg}, "identity_level": {string(c.Level())}, "scope": c.Scopes, "procedures": c.Procedures}
	for name, on := range map[string]bool{"backchannel_logout_session_required": c.BackchannelSession, "require_pushed_authorization_requests": c.PushedOnly,
		"dpop_bound_access_tokens": c.DPoP, "decision": c.Decision} {
		if on {
			v.Set(name, "on")
		}
	}
	return page.FilledForm(v)
}

func (s *Site) showNewService(w http.ResponseWriter, r *http.Request) error {
	at, err := staff.SignedIn(r)
	if err != nil {
		return err
	}
	return s.acts().Begin(w, r, at, newServicePath, nil, func(form *page.Form, status int) error { return s.renderService(w, r, newService(form), form, status) })
}

// doRegisterService registers the service. A form that is sent twice registers one.
func (s *Site) doRegisterService(w http.ResponseWriter, r *http.Request) error {
	at, form, err := staff.Sent(r)
	if err != nil {
		return err
	}
	p, c := newService(form), s.registrationOf(form)
	if form.Failed() {
		return s.wrongService(w, r, p, form, s.Clients.Wrong(c))
	}
	secret, err := s.Clients.Register(r.Context(), at.Actor(), uuid.MustParse(p.New), c)
	switch wrong, is := errors.AsType[client.Wrong](err); {
	case is:
		return s.wrongService(w, r, p, form, wrong)
	case errors.Is(err, db.ErrConflict): // this form was sent before
		page.Redirect(w, r, servicePath(p.New))
		return nil
	case err != nil:
		return s.refusedService(w, r, newServicePath, form, err)
	case secret != "":
		return s.tell(w, r, &secretPage{Name: c.Name, ID: p.New, Secret: secret})
	}
	return s.acts().Finish(w, r, at, servicePath(p.New), "admin.service.registered")
}

func (s *Site) showChangeService(w http.ResponseWriter, r *http.Request) error {
	at, c, err := s.service(r)
	if err != nil {
		return err
	}
	if c.Filed || c.State != client.Open {
		return page.NewProblem(http.StatusConflict, "admin.problem.filed", servicePath(c.ID))
	}
	if ok, err := s.acts().Confirmed(w, r, at); !ok {
		return err
	}
	p := changedService(c)
	form, err := s.acts().Kept(r, p.Action, filledWithService(&c.Client))
	if err != nil {
		return err
	}
	return s.renderService(w, r, p, form, http.StatusOK)
}

func (s *Site) doChangeService(w http.ResponseWriter, r *http.Request) error {
	at, was, err := s.service(r)
	if err != nil {
		return err
	}
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	p, c := changedService(was), s.registrationOf(form)
	if form.Failed() {
		return s.wrongService(w, r, p, form, s.Clients.Wrong(c))
	}
	secret, err := s.Clients.Change(r.Context(), at.Actor(), was.ID, form.Value("version"), c)
	switch wrong, is := errors.AsType[client.Wrong](err); {
	case is:
		return s.wrongService(w, r, p, form, wrong)
	case err != nil:
		return s.refusedService(w, r, p.Action, form, err)
	case secret != "":
		return s.tell(w, r, &secretPage{Name: c.Name, ID: was.ID, Secret: secret})
	}
	return s.acts().Finish(w, r, at, servicePath(was.ID), "admin.service.changed")
}

// wrongService shows the form again with everything that is wrong with it, each thing at its field.
func (s *Site) wrongService(w http.ResponseWriter, r *http.Request, p *serviceForm, form *page.Form, wrong client.Wrong) error {
	slices.SortStableFunc(wrong, func(a, b client.Fault) int {
		return slices.Index(serviceFields, a.Member) - slices.Index(serviceFields, b.Member)
	})
	for _, f := range wrong {
		if form.Mistake(f.Member) == "" {
			form.Fail(f.Member, "admin.service.wrong."+f.Member)
		}
	}
	return s.renderService(w, r, p, form, http.StatusUnprocessableEntity)
}

// refusedService answers an act on a service that the rules refuse.
func (s *Site) refusedService(w http.ResponseWriter, r *http.Request, path string, form *page.Form, err error) error {
	switch {
	case errors.Is(err, org.ErrFactorTooOld):
		return s.acts().Later(w, r, path, form)
	case errors.Is(err, client.ErrFiled):
		return page.NewProblem(http.StatusConflict, "admin.problem.filed", services.Href)
	case errors.Is(err, db.ErrConflict):
		return page.NewProblem(http.StatusConflict, "admin.problem.service_changed", services.Href)
	}
	return refusal(err)
}
