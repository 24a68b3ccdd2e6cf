package idp_test

import (
	"crypto"
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
	source := fixture.Source()
	current, err1 := source(oidc.ES256)
	next, err2 := source(oidc.ES256)
	later, err3 := source(oidc.ES256)
	before, err4 := oidc.NewKeySet(oidc.Keys{Current: current, Next: next.Public()})
	after, err5 := oidc.NewKeySet(oidc.Keys{Current: next, Next: later.Public(), Old: []crypto.PublicKey{current.Public()}})
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
