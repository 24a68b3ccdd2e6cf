package idp_test

import (
	"net/url"
	"strings"
	"testing"

	"mandat/internal/fixture"
	"mandat/internal/oidc"
)

// The program is started anew with rotated keys while a login is under way. FranceConnect, which has read our keys before, goes
// on; and the sign-out with a token of the old key ends where it should.
func TestTwin_KeysRotateInTheMiddle(t *testing.T) {
	t.Parallel()
	c := newCounter(t, false)
	c.Sign(t, c.Jeanne, fixture.Angela(), fixture.Tax)
	current, err1 := oidc.GenerateKey()
	next, err2 := oidc.GenerateKey()
	later, err3 := oidc.GenerateKey()
	before, err4 := oidc.NewKeySet(current, next)
	after, err5 := oidc.NewKeySet(next, later, &current.PublicKey)
	for _, err := range []error{err1, err2, err3, err4, err5} {
		c.must(err)
	}
	use := func(rotate func()) {
		c.open()
		c.find("dubois")
		rotate()
		c.must(c.Press("Continuer vers FranceConnect", url.Values{"demarche": {fixture.Tax}}))
		c.must(c.Press("continue=1", nil))
		if !strings.HasPrefix(c.TextByID("greeting"), "Bonjour Angela") {
			t.Fatalf("at %s: %s; %+v", c.URL(), c.Text(), c.events("FC_IDP_FAILED"))
		}
	}
	leave := func() {
		c.must(c.Press("logout="+c.service, nil))
		if !strings.Contains(c.URL().String(), "/client/logout-callback?state=") {
			t.Fatalf("FranceConnect did not get the browser back: at %s: %s", c.URL(), c.Text())
		}
		c.must(c.Press("Continuer", nil))
	}
	*c.keys = *before
	use(func() { *c.keys = *after })
	leave()
	*c.keys = *before
	use(func() {})
	*c.keys = *after
	leave() // id_token_hint is signed by the old key
}
