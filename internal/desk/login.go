package desk

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"mandat/internal/browse"
	"mandat/internal/client"
	"mandat/internal/clientauth"
	"mandat/internal/fixture"
	"mandat/internal/idp"
	"mandat/internal/oidc"
)

// service is the client of our provider: FranceConnect, as far as it sees.
const service = "https://service.exemple.test/retour"

func (d *Desk) provider(t testing.TB) *idp.Provider {
	t.Helper()
	keys := fixture.KeySet(t)
	clients, err := client.New([]client.Client{{ID: "service", Name: "FranceConnect", Kind: client.FranceConnect, Secret: client.NewSecret("a-secret-of-at-least-thirty-two-characters"),
		Auth: client.SecretPost, RedirectURIs: []string{service}, UserInfoAlg: "ES256"}})
	must(t, err)
	gate, err := clientauth.New(clientauth.Config{Issuer: d.URL + "/idp", Clients: clients}, d.DB, d.Clock)
	must(t, err)
	p, err := idp.New(idp.Config{Issuer: d.URL + "/idp", Clients: clients, Keys: func() *oidc.KeySet { return keys }, Gate: gate, Names: d.Keys}, d.DB, d.Journal, d.Sessions, d.Mandates, d.Citizens, d.Catalogue, d.Clock, d.Pages)
	must(t, err)
	return p
}

// Login begins a login in a browser, and chooses the citizen. It returns the path of its pages.
func (d *Desk) Login(t testing.TB, b *browse.Browser, citizen uuid.UUID) string {
	t.Helper()
	b.StopAt(service)
	q := url.Values{"response_type": {"code"}, "client_id": {"service"}, "redirect_uri": {service}, "scope": {"openid profile birth"}, "state": {"a-state-of-more-than-thirty-two-characters"},
		"nonce": {"a-nonce-of-more-than-thirty-two-characters"}, "acr_values": {"eidas1"}, "prompt": {"login"}}
	must(t, b.Get(d.URL+"/idp/authorize?"+q.Encode()))
	path, found := strings.CutSuffix(b.URL().Path, "/usager")
	if !found {
		t.Fatalf("no login began: %d %v %s", b.Status(), b.URL(), b.Text())
	}
	d.Choose(t, b, path, citizen)
	return path
}

// Choose says for which citizen a login is.
func (d *Desk) Choose(t testing.TB, b *browse.Browser, path string, citizen uuid.UUID) {
	t.Helper()
	must(t, b.Get(d.URL+path+"/usager"))
	must(t, b.Post(path+"/usager", url.Values{"usager": {citizen.String()}}))
	if b.URL().Path != path+"/demarche" {
		t.Fatalf("not chosen: %d %v %s", b.Status(), b.URL(), b.Text())
	}
}
