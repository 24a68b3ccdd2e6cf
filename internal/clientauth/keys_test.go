package clientauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mandat/internal/client"
	"mandat/internal/clientauth"
	"mandat/internal/clock"
)

// publisher is an address at which a client publishes its keys.
type publisher struct {
	*httptest.Server
	keys  atomic.Value // json.RawMessage; empty answers 500
	asked atomic.Int32
}

func newPublisher(t *testing.T, keys json.RawMessage) *publisher {
	t.Helper()
	p := &publisher{}
	p.keys.Store(keys)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.asked.Add(1)
		keys, _ := p.keys.Load().(json.RawMessage)
		if len(keys) == 0 {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = w.Write(keys)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) client() client.Client {
	c := service("remote", client.PrivateKeyJWT)
	c.AuthAlg, c.JWKSURI = "ES256", p.URL
	return c
}

// A client changes its key without telling us: the new one is asked for, once; strangers' signatures do not make us ask again and again.
func TestKeys_OfAnAddress(t *testing.T) {
	t.Parallel()
	first, second := newSigner(t, "1"), newSigner(t, "2")
	p := newPublisher(t, jwks(t, first))
	w := newWorld(t, p.client())
	try := func(k signer, jti string) string {
		return w.answer(t, posted(asserting(k.sign(t, w.claims("remote", jti)))))
	}
	if got := try(first, "a"); got != "remote" || p.asked.Load() != 1 {
		t.Errorf("%s, asked %d times", got, p.asked.Load())
	}
	if got := try(first, "b"); got != "remote" || p.asked.Load() != 1 {
		t.Errorf("again: %s, asked %d times", got, p.asked.Load())
	}
	p.keys.Store(jwks(t, second))
	if got := try(second, "c"); got != "remote" || p.asked.Load() != 2 {
		t.Errorf("new key: %s, asked %d times", got, p.asked.Load())
	}
	if got := try(first, "d"); got != "invalid_client" {
		t.Errorf("a key that is not published any more: %s", got)
	}
	for range 5 {
		if got := try(newSigner(t, "3"), "e"); got != "invalid_client" {
			t.Errorf("a stranger's key: %s", got)
		}
	}
	if p.asked.Load() != 2 {
		t.Errorf("asked %d times", p.asked.Load())
	}
}

// Keys that cannot be had prove nothing, and the address is not asked at each try.
func TestKeys_AddressFails(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "1")
	p := newPublisher(t, nil)
	w := newWorld(t, p.client())
	for range 3 {
		if got := w.answer(t, posted(asserting(key.sign(t, w.claims("remote", "a"))))); got != "temporarily_unavailable" || p.asked.Load() != 1 {
			t.Errorf("%s, asked %d times", got, p.asked.Load())
		}
	}
	for name, body := range map[string]string{"no set": `{}`, "no key of use": `{"keys":[{"kty":"oct","k":"eHh4"}]}`, "too large": `{"keys":[` + strings.Repeat(" ", client.MaxJWKS) + `]}`} {
		p := newPublisher(t, json.RawMessage(body))
		if got := newWorld(t, p.client()).answer(t, posted(asserting(key.sign(t, w.claims("remote", "a"))))); got != "temporarily_unavailable" || p.asked.Load() != 1 {
			t.Errorf("%s: %s, asked %d times", name, got, p.asked.Load())
		}
	}
}

// A service that an administrator registered does not lead us into our own network; the operator may.
func TestKeys_InsideIsTheOperators(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, jwks(t, newSigner(t, "1")))
	c, keys := p.client(), clientauth.NewKeys(nil)
	if _, err := keys.Fetch(t.Context(), &c); err == nil || p.asked.Load() != 0 {
		t.Errorf("%v, asked %d times", err, p.asked.Load())
	}
	c.Filed = true
	if _, known := keys.Known(&c); known {
		t.Error("known before they were fetched")
	}
	if set, err := keys.Fetch(t.Context(), &c); err != nil || len(set.Keys) != 1 {
		t.Errorf("%v %v", set, err)
	}
	if set, known := keys.Known(&c); !known || len(set.Keys) != 1 {
		t.Errorf("%v %t", set, known)
	}
}

// A redirect is not followed: what was registered is where the keys are.
func TestKeys_NoRedirect(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, jwks(t, newSigner(t, "1")))
	away := httptest.NewServer(http.RedirectHandler(p.URL, http.StatusFound))
	t.Cleanup(away.Close)
	c := p.client()
	c.JWKSURI, c.Filed = away.URL, true
	if _, err := clientauth.NewKeys(nil).Fetch(t.Context(), &c); err == nil || p.asked.Load() != 0 {
		t.Errorf("%v, asked %d times", err, p.asked.Load())
	}
}

// An address that never answers costs as long as the limit, and no longer.
func TestKeys_NoAnswer(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-gone:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(gone); silent.Close() })
	c := service("remote", client.PrivateKeyJWT)
	c.AuthAlg, c.JWKSURI, c.Filed = "ES256", silent.URL, true
	start := time.Now()
	if _, err := clientauth.NewKeys(nil).Fetch(t.Context(), &c); err == nil || time.Since(start) > time.Minute {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

// While an address does not answer, a few requests wait for it, and the others are told so at once: nobody holds the places of all services by it. Those that
// wait are served by the one answer.
func TestKeys_AFewWait(t *testing.T) {
	t.Parallel()
	set, begun, release := jwks(t, newSigner(t, "1")), make(chan struct{}, 2), make(chan struct{})
	var asked, over atomic.Int32
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		begun <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
			over.Add(1)
		}
		_, _ = w.Write(set)
	}))
	t.Cleanup(slow.Close)
	c := service("remote", client.PrivateKeyJWT)
	c.AuthAlg, c.JWKSURI, c.Filed = "ES256", slow.URL, true
	keys, results := clientauth.NewKeys(&clock.Clock{}), make(chan error)
	const waiting, all = 9, 40
	for round, get := range []func(*clientauth.Keys, context.Context, *client.Client) (jose.JSONWebKeySet, error){(*clientauth.Keys).Fetch, clientauth.Again} {
		one := func() {
			_, err := get(keys, context.WithoutCancel(t.Context()), &c)
			results <- err
		}
		go one()
		<-begun
		if round == 1 {
			if set, err := keys.Fetch(t.Context(), &c); err != nil || len(set.Keys) != 1 || over.Load() != 0 {
				t.Errorf("who needs nothing new waits for it: %v", err)
			}
		}
		for range all - 1 {
			go one()
		}
		for range all - waiting {
			if err := <-results; !errors.Is(err, clientauth.ErrKeys) {
				t.Errorf("round %d, one too many: %v", round, err)
			}
		}
		if over.Load() != 0 {
			t.Errorf("round %d: all waited until the end", round)
		}
		if _, known := keys.Known(&c); known != (round == 1) {
			t.Errorf("round %d: known is %t", round, known)
		}
		release <- struct{}{}
		for range waiting {
			if err := <-results; err != nil {
				t.Errorf("round %d, one that waited: %v", round, err)
			}
		}
		if int(asked.Load()) != round+1 {
			t.Errorf("asked %d times", asked.Load())
		}
	}
}

// Keys that stand in a registration are at hand, unless they cannot be read.
func TestKeys_OfARegistration(t *testing.T) {
	t.Parallel()
	keys, c := clientauth.NewKeys(nil), keyed(t, "key", newSigner(t, "1"))
	if set, known := keys.Known(&c); !known || len(set.Keys) != 1 {
		t.Errorf("%v %t", set, known)
	}
	if set, err := keys.Fetch(t.Context(), &c); err != nil || len(set.Keys) != 1 {
		t.Errorf("%v %v", set, err)
	}
	c.JWKS = json.RawMessage(`{"keys":[]}`)
	if _, known := keys.Known(&c); known {
		t.Error("no keys are known")
	}
	if _, err := keys.Fetch(t.Context(), &c); !errors.Is(err, clientauth.ErrKeys) {
		t.Error(err)
	}
}

// A key that a client has taken away counts for ten minutes at most; while its address does not answer, for an hour; then not any more, and
// as soon as it answers again, at once.
func TestKeys_AreBelievedForAWhile(t *testing.T) {
	t.Parallel()
	first, second := newSigner(t, "1"), newSigner(t, "2")
	p := newPublisher(t, jwks(t, first))
	w, tries := newWorld(t, p.client()), 0
	try := func(k signer) string {
		tries++
		return w.answer(t, posted(asserting(k.sign(t, w.claims("remote", fmt.Sprint(tries))))))
	}
	if got := try(first); got != "remote" {
		t.Fatal(got)
	}
	p.keys.Store(jwks(t, second))
	w.clock.Advance(9 * time.Minute)
	if got := try(first); got != "remote" {
		t.Errorf("after nine minutes: %s", got)
	}
	w.clock.Advance(2 * time.Minute)
	if got := try(first); got != "invalid_client" {
		t.Errorf("a key that was taken away: %s", got)
	}
	p.keys.Store(json.RawMessage(nil))
	w.clock.Advance(50 * time.Minute)
	if got := try(second); got != "remote" {
		t.Errorf("while the address does not answer: %s", got)
	}
	w.clock.Advance(11 * time.Minute)
	if got := try(second); got != "temporarily_unavailable" {
		t.Errorf("for more than an hour: %s", got)
	}
	p.keys.Store(jwks(t, second))
	w.clock.Advance(11 * time.Second)
	if got := try(second); got != "remote" {
		t.Errorf("when it answers again: %s", got)
	}
}

// An unknown key is asked for again after a minute.
func TestKeys_UnknownIsAskedForAgain(t *testing.T) {
	t.Parallel()
	first, second, third := newSigner(t, "1"), newSigner(t, "2"), newSigner(t, "3")
	p := newPublisher(t, jwks(t, first))
	w := newWorld(t, p.client())
	try := func(k signer, jti string) string {
		return w.answer(t, posted(asserting(k.sign(t, w.claims("remote", jti)))))
	}
	p.keys.Store(jwks(t, first, second))
	if got := try(second, "a"); got != "remote" {
		t.Fatal(got)
	}
	if got := try(third, "b"); got != "invalid_client" {
		t.Fatal(got)
	}
	p.keys.Store(jwks(t, first, second, third))
	if got := try(third, "c"); got != "invalid_client" {
		t.Errorf("within the minute: %s", got)
	}
	w.clock.Advance(61 * time.Second)
	if got := try(third, "d"); got != "remote" {
		t.Errorf("after a minute: %s", got)
	}
}
