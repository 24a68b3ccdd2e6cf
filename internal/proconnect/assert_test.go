package proconnect_test

import (
	"crypto"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"mandat/internal/browse"
	"mandat/internal/desk"
	"mandat/internal/fixture"
	"mandat/internal/franceconnect"
	"mandat/internal/oidc"
	"mandat/internal/proconnect"
	"mandat/internal/twin"
	"mandat/internal/twin/twintest"
	"mandat/internal/upstream"
)

// We say who we are with a key of our own, and the provider, which reads our keys by itself, lets a professional in; also when the next
// key has begun to sign, and not with a key that we do not publish.
func TestTwin_SignsWhoWeAre(t *testing.T) {
	t.Parallel()
	source := fixture.Source()
	key := func() crypto.Signer {
		k, err := source(oidc.ES256)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	one, two, three, unknown := key(), key(), key(), key()
	set := func(k oidc.Keys) *oidc.KeySet {
		s, err := oidc.NewKeySet(k)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	var signs, shows atomic.Pointer[oidc.KeySet]
	use := func(k *oidc.KeySet) { signs.Store(k); shows.Store(k) }
	use(set(oidc.Keys{Current: one, Next: two.Public()}))
	published := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = upstream.ShowKeys(w, shows.Load()) }))
	t.Cleanup(published.Close)

	tw, name := twintest.Shared(t), twintest.Name("mandat")
	d := desk.Open(t, func(address string) (proconnect.Config, franceconnect.Config) {
		c := twin.Client{ID: name, JWKSURI: published.URL, Name: "Mandat", RedirectURIs: []string{address + "/connexion/proconnect/retour"}, PostLogoutRedirectURIs: []string{address + "/"}}
		if err := tw.PutClient(t.Context(), twin.ProConnect, c); err != nil {
			t.Fatal(err)
		}
		return proconnect.Config{Issuer: tw.ProConnect, ClientID: name, Keys: signs.Load}, franceconnect.Config{Issuer: "https://franceconnect.invalid", ClientID: "mandat", ClientSecret: "secret"}
	})
	p := twin.Professional{ID: name, Sub: name + "-sub", GivenName: "Jeanne", UsualName: "Fictif", Email: name + "@exemple.invalid", SIRET: "21750001600019", IDPID: "fia1",
		OrganizationLabel: "Maison", ACR: []string{"eidas1", "eidas1-mfa"}, Clients: []string{name}}
	if err := tw.PutProfessional(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	d.Person(t, tw.ProConnect, p.Sub, d.Here, "aidant")
	arrives := func() bool {
		b := browse.New()
		get(t, b, d.URL+"/ailleurs")
		press(t, b, "ProConnect", nil)
		press(t, b, "login="+p.ID, nil)
		return b.H1() == "ailleurs"
	}
	if !arrives() {
		t.Fatal("refused with the key that signs first")
	}
	use(set(oidc.Keys{Current: two, Next: three.Public(), Old: []crypto.PublicKey{one.Public()}}))
	if !arrives() {
		t.Error("refused with the next key")
	}
	signs.Store(set(oidc.Keys{Current: unknown, Next: three.Public()}))
	if arrives() {
		t.Error("let in with a key that is not ours")
	}
}
