package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"mandat/internal/apptest"
	"mandat/internal/client"
	"mandat/internal/clock"
	"mandat/internal/fixture"
	"mandat/internal/journal"
	"mandat/internal/oidc"
	"mandat/internal/signingkey"
)

// rotations is how often all keys take their turn while they are used.
const rotations = 20

// signedClient is a client that gets everything signed with one algorithm.
func signedClient(alg string) map[string]any {
	return map[string]any{"client_id": "relais-" + alg, "client_name": "Relais " + alg, "kind": client.FranceConnect, "client_secret": apptest.ClientSecret, "token_endpoint_auth_method": client.SecretPost,
		"id_token_signed_response_alg": alg, "userinfo_signed_response_alg": alg, "redirect_uris": []string{apptest.ClientCallback}, "post_logout_redirect_uris": []string{apptest.ClientCallback}}
}

func keyed(o *apptest.Options) {
	o.Keyed = true
	o.Clients = []map[string]any{signedClient(oidc.ES256), signedClient(oidc.RS256)}
}

// operator is a program beside the running one, on the same database: it rotates keys, a day later each time.
type operator struct {
	ring  *signingkey.Ring
	clock *clock.Clock
}

func newOperator(site *apptest.Site) *operator {
	o := &operator{clock: &clock.Clock{}}
	o.clock.Advance(site.Clock.Shift())
	o.ring = signingkey.New(site.DB, journal.New(site.DB, o.clock), site.Keys, o.clock, site.Source)
	return o
}

func (o *operator) rotate(ctx context.Context, why signingkey.Why) error {
	o.clock.Advance(signingkey.NextLife)
	return o.ring.Rotate(ctx, journal.Program(), why, signingkey.Uses()...)
}

// relay is a client that keeps our key set, and reads it again for a key that it does not know: as clients are told to.
type relay struct {
	site *apptest.Site
	out  *apptest.Visitor // without a session
	alg  string
	keys jose.JSONWebKeySet
	read int // how often
}

func newRelay(t *testing.T, site *apptest.Site, alg string) *relay {
	return &relay{site: site, out: site.Stranger(t), alg: alg}
}

// believes checks the signature of a token.
func (r *relay) believes(ctx context.Context, raw string) error {
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(r.alg)})
	if err != nil {
		return err
	}
	if len(r.keys.Key(token.Headers[0].KeyID)) == 0 {
		a, err := r.out.Do(ctx, http.MethodGet, "/idp/jwks", nil)
		if err != nil {
			return err
		}
		r.read++
		if err := json.Unmarshal([]byte(a.Body), &r.keys); err != nil {
			return err
		}
	}
	var claims map[string]any
	return token.Claims(&r.keys, &claims)
}

// use is one whole use, and returns the ID token.
func (r *relay) use(ctx context.Context, u *use) (string, error) {
	id := "relais-" + r.alg
	code, err := u.v.Code(ctx, u.mandate.Citizen, fixture.Tax, "client_id", id)
	if err != nil {
		return "", err
	}
	a, err := r.site.Redeem(ctx, code, "client_id", id)
	if err != nil {
		return "", err
	}
	var tokens struct {
		ID     string `json:"id_token"`
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(a.Body), &tokens); err != nil || a.Status != http.StatusOK {
		return "", fmt.Errorf("token: %d %s", a.Status, a.Body)
	}
	told, err := r.site.UserInfo(ctx, tokens.Access)
	if err != nil {
		return "", err
	}
	if told.Status != http.StatusOK {
		return "", fmt.Errorf("userinfo: %d %s", told.Status, told.Body)
	}
	return tokens.ID, errors.Join(r.believes(ctx, tokens.ID), r.believes(ctx, told.Body))
}

// leaves tells whether a logout with this ID token as hint is believed.
func (r *relay) leaves(hint string) bool {
	a := r.out.Get("/idp/end_session?" + url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {apptest.ClientCallback}}.Encode())
	return a.Status == http.StatusSeeOther
}

// takenUp waits until the program signs with the keys that the operator has made.
func (o *operator) takenUp(t *testing.T, site *apptest.Site) {
	t.Helper()
	first := func(raw []byte) string {
		var set jose.JSONWebKeySet
		must(t, json.Unmarshal(raw, &set))
		return set.Keys[0].KeyID
	}
	want := first(o.ring.Of(signingkey.IDToken).JWKS())
	for end := time.Now().Add(time.Minute); first([]byte(site.Stranger(t).Get("/idp/jwks").Body)) != want; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the program does not take the new keys up")
		}
	}
}

// signsWith is the kid of a token's key.
func signsWith(t *testing.T, raw string) string {
	t.Helper()
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	must(t, err)
	return token.Headers[0].KeyID
}

// Eight aidants use mandates, one use after the other, while all keys take their turn again and again: every use goes through, every token
// is believed, and the first of them still at the end, as the hint of a logout.
func TestRotate_LosesNoLogin(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, keyed)
	by := newOperator(site)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	const aidants = 8
	relays, uses, first, last := [aidants]*relay{}, [aidants]*use{}, [aidants]string{}, [aidants]string{}
	errs, done := make([]error, aidants), make([]int, aidants)
	for i := range aidants {
		relays[i], uses[i] = newRelay(t, site, []string{oidc.ES256, oidc.RS256}[i%2]), newUse(t, site, i)
	}
	var wait sync.WaitGroup
	for i := range aidants {
		wait.Go(func() {
			for ; ctx.Err() == nil && errs[i] == nil; done[i]++ {
				last[i], errs[i] = relays[i].use(t.Context(), uses[i])
				if done[i] == 0 {
					first[i] = last[i]
				}
			}
		})
	}
	for range rotations {
		must(t, by.rotate(t.Context(), signingkey.Command))
		time.Sleep(signingkey.Every / 4) // the program looks now and then, the turns do not wait for it
	}
	by.takenUp(t, site)
	stop()
	wait.Wait()
	must(t, errors.Join(errs...))
	kids := map[string]bool{}
	for i, r := range relays {
		kids[signsWith(t, first[i])], kids[signsWith(t, last[i])] = true, true
		if done[i] < 2 || r.read > 2*done[i] || !r.leaves(first[i]) {
			t.Errorf("aidant %d: %d uses, the keys were read %d times, or the first token leads nowhere", i, done[i], r.read)
		}
	}
	if len(kids) < 4 {
		t.Errorf("signed with %d keys in all", len(kids))
	}
	// And with keys of an age that nobody has read before, we get in where we are a client.
	_, err := site.Walker(t, site.Jeanne).DrawUp("test", fixture.Tax)
	must(t, err)
}

// Keys that were stolen sign nothing any more that is believed, seconds later; what is lost is what they signed before.
func TestRotate_Stolen(t *testing.T) {
	t.Parallel()
	site := apptest.Start(t, keyed)
	by := newOperator(site)
	for i, alg := range []string{oidc.ES256, oidc.RS256} {
		r, u := newRelay(t, site, alg), newUse(t, site, i)
		before, err := r.use(t.Context(), u)
		must(t, err)
		if !r.leaves(before) {
			t.Fatal("the logout leads nowhere")
		}
		must(t, by.ring.Rotate(t.Context(), journal.Program(), signingkey.Stolen, signingkey.Uses()...))
		by.takenUp(t, site)
		if r.leaves(before) {
			t.Errorf("%s: a token of the stolen key is believed", alg)
		}
		after, err := r.use(t.Context(), u)
		must(t, err)
		if old, now := signsWith(t, before), signsWith(t, after); old == now || slices.ContainsFunc(r.keys.Keys, func(k jose.JSONWebKey) bool { return k.KeyID == old }) || !r.leaves(after) {
			t.Errorf("%s: signed with %s before and %s after", alg, old, now)
		}
	}
}
