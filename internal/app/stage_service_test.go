package app_test

import (
	"net/url"
	"strings"

	"mandat/internal/client"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/token"
)

// service is a complete form of a public service that is a client of ours.
var service = url.Values{"client_name": {"Service d’essai"}, "procedures": {fixture.Tax}, "identity_level": {"witnessed"}, "scope": {"profile"}, "redirect_uris": {"https://service.exemple.invalid/retour"},
	"token_endpoint_auth_method": {client.SecretBasic}, "id_token_signed_response_alg": {"ES256"}, "decision": {"on"}}

// registry is what registers services, beside the program's own.
func (s *stage) registry() *client.Registry {
	file, err := client.New(nil)
	must(s.t, err)
	r, err := file.On(s.site.DB, s.site.Journal, s.site.Catalogue, s.site.Clock)
	must(s.t, err)
	return r
}

func (s *stage) client() string {
	id, r := token.ID(), s.registry()
	_, err := r.Register(s.ctx(), journal.Program(), id, client.Client{Name: "Service", Kind: client.Service, Auth: client.SecretPost, Procedures: []string{fixture.Tax}, RedirectURIs: []string{"https://service.exemple.invalid/"}})
	must(s.t, err)
	if strings.HasSuffix(s.route.Pattern, "}/reouverture") {
		must(s.t, r.Close(s.ctx(), journal.Program(), id.String()))
	}
	return id.String()
}

// clientVersion is that of the registration of the stage's service.
func (s *stage) clientVersion() string {
	c, err := s.registry().Look(s.ctx(), s.site.Adele, s.fill("{client}"))
	must(s.t, err)
	return c.Version
}
